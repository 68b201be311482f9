#include <memory>

#include "simulation/faults/fault.hpp"

namespace lockstep::sim {
namespace {

using namespace std::chrono_literals;
using Time = World::Time;

/// Two of them, or the same twice where there is one only.
std::pair<NodeId, NodeId> any_two(World& world) {
  const auto& ids = world.ids();
  const std::size_t first = world.below(ids.size());
  const std::size_t second = (first + 1 + world.below(ids.size() - 1)) % ids.size();
  return {ids[first], ids[second]};
}
bool is_alone(const World& world) { return world.settings().nodes == 1; }

void cut_for(World& world, const NodeId& from, const NodeId& to, Time time) {
  world.network().cut(from, to);
  world.after(time, [&world, from, to] { world.network().heal(from, to); });
}
Time some_time(World& world) {
  return world.one_in(3) ? world.between(2s, 15s) : world.between(100ms, 4s);
}

void set_for(World& world, const LinkFaults& faults, Time time) {
  const auto [from, to] = any_two(world);
  (void)world.network().set_faults(from, to, faults);
  world.after(time, [&world, from = from, to = to] {
    (void)world.network().set_faults(from, to, world.settings().links);
  });
}

}  // namespace

bool reset_connection(World& world) {
  if (is_alone(world)) return false;
  const auto [a, b] = any_two(world);
  world.note("-- " + a.str() + " and " + b.str() + " lose their connection");
  world.network().drop_connection(a, b);
  return true;
}

/// Up to 30 % of all, each quarter of a second.
bool reset_connections_often(World& world) {
  if (is_alone(world)) return false;
  const std::uint64_t percent = 1 + world.below(30);
  for (Time at = 0s; at < 5s; at += 250ms) {
    world.after(at, [&world, percent] {
      if (!world.faults_go_on) return;
      for (const NodeId& a : world.ids()) {
        for (const NodeId& b : world.ids()) {
          if (a < b && world.percent(percent)) world.network().drop_connection(a, b);
        }
      }
    });
  }
  return true;
}

bool cut_one_direction(World& world) {
  if (is_alone(world)) return false;
  const auto [from, to] = any_two(world);
  world.note("-- from " + from.str() + " to " + to.str() + " nothing gets through");
  cut_for(world, from, to, some_time(world));
  return true;
}

/// From all others, in one direction or both; often the leader.
bool isolate_node(World& world) {
  if (is_alone(world)) return false;
  Node* leader = world.leader();
  const NodeId id = leader != nullptr && world.one_in(2) ? leader->id() : world.any_node().id();
  const std::uint64_t directions = world.below(4);
  const Time time = some_time(world);
  world.note("-- " + id.str() + " is isolated" +
             (directions == 0   ? ", hears"
              : directions == 1 ? ", is heard"
                                : ""));
  for (const NodeId& other : world.ids()) {
    if (other == id) continue;
    if (directions != 0) cut_for(world, other, id, time);
    if (directions != 1) cut_for(world, id, other, time);
  }
  return true;
}

/// Whoever leads is cut off at once, with what it has just appended: logs come to differ in several
/// terms.
bool isolate_leaders_in_turn(World& world) {
  if (is_alone(world)) return false;
  world.note("-- leaders are cut off in turn");
  const Time time = 3 * world.settings().replica.election_timeout_max;
  const auto isolated = std::make_shared<Term>();
  for (Time at = 0s; at < 6 * time; at += 50ms) {
    world.after(at, [&world, time, isolated] {
      Node* leader = world.leader();
      if (leader == nullptr || !world.faults_go_on) return;
      const Term term = leader->manager().status().term;
      if (term <= *isolated) return;
      *isolated = term;
      for (const NodeId& other : world.ids()) {
        if (other == leader->id()) continue;
        cut_for(world, other, leader->id(), time);
        cut_for(world, leader->id(), other, time);
      }
    });
  }
  return true;
}

/// In two parts, or along any set of links.
bool partition(World& world) {
  if (is_alone(world)) return false;
  const bool clean = world.one_in(2);
  const Time time = some_time(world);
  const std::uint64_t side = world.below(std::uint64_t{1} << world.ids().size());
  world.note(clean ? "-- the network falls apart" : "-- some links are cut");
  for (std::size_t a = 0; a < world.ids().size(); ++a) {
    for (std::size_t b = 0; b < world.ids().size(); ++b) {
      const bool is_cut = clean ? (side >> a & 1) != (side >> b & 1) : world.one_in(3);
      if (a != b && is_cut) cut_for(world, world.ids()[a], world.ids()[b], time);
    }
  }
  return true;
}

bool flap(World& world) {
  if (is_alone(world)) return false;
  const auto [a, b] = any_two(world);
  Time at = 0s;
  for (int times = 0; times < 8; ++times) {
    const Time down = world.between(50ms, 800ms);
    world.after(at, [&world, a = a, b = b, down] {
      if (!world.faults_go_on) return;
      cut_for(world, a, b, down);
      cut_for(world, b, a, down);
    });
    at += down + world.between(50ms, 800ms);
  }
  return true;
}

bool delay_messages(World& world) {
  if (is_alone(world)) return false;
  LinkFaults faults = world.settings().links;
  faults.delay = world.one_in(3) ? world.between(500ms, 4s) : world.between(5ms, 300ms);
  faults.jitter = world.between(0ms, faults.delay);
  if (world.one_in(3)) faults.bytes_per_second = 2000 + world.below(100000);
  set_for(world, faults, world.between(1s, 8s));
  return true;
}

bool damage_frames(World& world) {
  if (is_alone(world)) return false;
  LinkFaults faults = world.settings().links;
  faults.flipped_per_million = static_cast<std::uint32_t>(1 + world.below(200'000));
  set_for(world, faults, world.between(1s, 6s));
  return true;
}

}  // namespace lockstep::sim
