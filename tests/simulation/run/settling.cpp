#include "simulation/run/settling.hpp"

#include <algorithm>

namespace lockstep::sim {
namespace {

using namespace std::chrono_literals;

void heal_network(World& world) {
  world.network().clear_all_faults();
  for (const NodeId& from : world.ids()) {
    for (const NodeId& to : world.ids()) {
      if (from != to) (void)world.network().set_faults(from, to, world.settings().links);
    }
  }
}

void heal(World& world, Node& node) {
  node.disk().heal();
  node.disk().mend_reads();
  node.disk().set_capacity(std::nullopt);
  node.power_cut_at.reset();
  if (node.is_down()) return;
  node.machine().resume();
  node.machine().release_workers("wal");
  node.machine().release_workers("lockstep-apply");
  node.machine().slow_workers("wal", 20us, world.settings().slowest_sync);
  node.machine().set_clock_rate(0);
}

/// Not all come back: a quorum is enough.
void leave_some_down(World& world) {
  if (!world.one_in(4)) return;
  Node* node = world.any_node_that([&](Node& n) {
    return !n.lost_data && world.may_lose_data(n) && world.a_quorum_lives_without(n);
  });
  if (node == nullptr) return;
  node->stays_down = true;
  if (!node->is_down()) world.crash(*node, false);
  world.count("nodes that stayed down");
}

bool is_among(const std::vector<Member>& members, const Member& wanted) {
  return std::ranges::find(members, wanted) != members.end();
}

/// A member with the data that it has now, and not left down.
bool is_expected(const World& world, const Node& node, const Configuration& configuration) {
  const auto known = world.checkers().facts().nodes.find(node.id());
  if (node.stays_down || known == world.checkers().facts().nodes.end()) return false;
  const Member member{node.id(), known->second.incarnation};
  return is_among(configuration.voters, member) || is_among(configuration.learners, member);
}

/// Empty: all is well.
std::string what_is_not_level(World& world) {
  Node* leader = world.leader();
  if (leader == nullptr) return "no node leads";
  const ReplicationStatus wanted = leader->manager().status();
  for (const auto& node : world.nodes()) {
    if (!is_expected(world, *node, wanted.configuration)) continue;
    const std::string name = node->id().str();
    if (!node->is_up()) return name + " is not up";
    const ReplicationStatus status = node->manager().status();
    if (status.failure) return name + " has failed: " + status.failure->message;
    if (!status.damaged.empty()) return name + " stays damaged";
    if (status.last_index != wanted.last_index) {
      return name + " has " + to_string(status.last_index) + " entries, the leader " +
             to_string(wanted.last_index);
    }
    if (status.last_applied != wanted.last_index) {
      return name + " has applied " + to_string(status.last_applied) + " of " +
             to_string(wanted.last_index);
    }
  }
  return {};
}

void check_engines(World& world) {
  Node* leader = world.leader();
  if (leader == nullptr) return;
  const Configuration configuration = leader->manager().status().configuration;
  for (const auto& node : world.nodes()) {
    if (!is_expected(world, *node, configuration)) continue;
    if (node->engine().state() == leader->engine().state()) continue;
    world.verdict().violated("all engines end alike",
                             node->id().str() + " differs from " + leader->id().str());
  }
}

void stop_all(World& world) {
  for (const auto& node : world.nodes()) {
    if (node->is_up() || node->state() == Node::State::kStarting) node->stop();
  }
  world.run_for(20s);
  for (const auto& node : world.nodes()) {
    if (!node->is_down()) {
      world.verdict().violated("a replica stops when it is told to", node->id().str());
    }
  }
}

}  // namespace

void settle(World& world, const std::function<std::uint64_t()>& acknowledged) {
  world.note("-- the faults stop");
  heal_network(world);
  for (const auto& node : world.nodes()) heal(world, *node);
  leave_some_down(world);
  const auto limit = world.now() + world.settings().settling_limit;
  const std::uint64_t before = acknowledged();
  while (acknowledged() < before + 3 && world.now() < limit && !world.verdict().broken()) {
    world.run_for(250ms);
  }
  if (world.verdict().broken()) return;
  if (acknowledged() < before + 3) {
    return world.verdict().violated("progress once the faults stop",
                                    "nothing commits; " + what_is_not_level(world));
  }
  world.clients_go_on = false;
  while (!what_is_not_level(world).empty() && world.now() < limit && !world.verdict().broken()) {
    world.run_for(250ms);
  }
  if (world.verdict().broken()) return;
  if (const std::string what = what_is_not_level(world); !what.empty()) {
    return world.verdict().violated("convergence once the faults stop", what);
  }
  check_engines(world);
  world.operator_goes_on = false;
  stop_all(world);
}

}  // namespace lockstep::sim
