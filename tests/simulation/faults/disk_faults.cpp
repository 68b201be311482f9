#include <string_view>

#include "simulation/engine/command.hpp"
#include "simulation/faults/fault.hpp"
#include "simulation/faults/proven_bytes.hpp"

namespace lockstep::sim {
namespace {

using namespace std::chrono_literals;

bool is_up(Node& node) { return node.is_up(); }

/// Unless its life has ended meanwhile.
void later_in_this_life(World& world, Node& node, World::Time delay,
                        std::function<void(Node&)> what) {
  world.after(delay, [&node, life = node.life(), what = std::move(what)] {
    if (node.life() == life && !node.is_down()) what(node);
  });
}

}  // namespace

bool hang_disk(World& world) {
  Node* node = world.any_node_that(is_up);
  if (node == nullptr) return false;
  world.note("-- the disk of " + node->id().str() + " hangs");
  node->machine().hold_workers("wal");
  later_in_this_life(world, *node, world.between(200ms, 8s),
                     [](Node& n) { n.machine().release_workers("wal"); });
  return true;
}

bool slow_disk(World& world) {
  Node* node = world.any_node_that(is_up);
  if (node == nullptr) return false;
  node->machine().slow_workers("wal", 5ms, world.between(20ms, 400ms));
  later_in_this_life(world, *node, world.between(1s, 8s), [&world](Node& n) {
    n.machine().slow_workers("wal", 20us, world.settings().slowest_sync);
  });
  return true;
}

bool fill_disk(World& world) {
  Node* node = world.any_node_that(is_up);
  if (node == nullptr) return false;
  world.note("-- the disk of " + node->id().str() + " is full");
  node->disk().set_capacity(node->disk().used_bytes() + world.below(30'000));
  node->may_fail = node->is_full = true;
  world.after(world.between(1s, 10s), [node] {
    node->disk().set_capacity(std::nullopt);
    node->is_full = false;
  });
  return true;
}

/// A write, a sync, a read or the opening of a file.
bool fail_disk_call(World& world) {
  Node* node = world.any_node_that([](Node& n) { return is_up(n) && !n.power_cut_at; });
  if (node == nullptr) return false;
  world.note("-- a call of the disk of " + node->id().str() + " will fail");
  node->disk().fail_call(node->disk().calls() + 1 + world.below(20), Errc::kIo);
  node->may_fail = true;
  return true;
}

/// As a file system after an error.
bool make_disk_read_only(World& world) {
  Node* node = world.any_node_that([](Node& n) { return is_up(n) && !n.power_cut_at; });
  if (node == nullptr) return false;
  world.note("-- the disk of " + node->id().str() + " becomes read-only");
  node->disk().fail_changes_from_call(node->disk().calls() + 1 + world.below(20), Errc::kIo);
  node->may_fail = true;
  return true;
}

/// A part of the log cannot be read, as if it were rotten, until the next life.
bool fail_read(World& world) {
  Node* node = world.any_node_that([&](Node& n) { return world.may_lose_data(n); });
  if (node == nullptr) return false;
  const auto paths = node->disk().paths();
  if (paths.empty()) return false;
  const std::string& path = paths[world.below(paths.size())];
  // Not what was written last: behind a crash nobody could tell it from what never was.
  const std::uint64_t size = proven_bytes(node->disk().contents(path));
  const std::uint64_t bytes = 1 + world.below(3000);
  if (size <= bytes) return false;
  world.note("-- " + node->id().str() + " cannot read a part of " + path);
  node->disk().fail_reads(path, world.below(size - bytes), bytes);
  node->lost_data = node->may_fail = true;
  return true;
}

/// A bit of an entry that was durable long ago.
bool rot(World& world) {
  Node* node = world.any_node_that([&](Node& n) { return world.may_lose_data(n); });
  if (node == nullptr) return false;
  const auto& known = world.checkers().facts().nodes;
  const auto facts = known.find(node->id());
  if (facts == known.end()) return false;
  constexpr std::uint64_t kNewest = 8;
  const LogCopy& log = facts->second.durable;
  if (log.last_index() < Index(kNewest + 2)) return false;
  // Commands carry their number in their text: "|<17>|".
  const std::string wanted =
      "|<" + std::to_string(1 + world.below(world.history().size() + 1)) + ">|";
  for (const std::string& path : node->disk().paths()) {
    const auto bytes = node->disk().contents(path);
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    const std::size_t found = text.find(wanted);
    if (found == std::string_view::npos) continue;
    if (proven_bytes(bytes) <= found) return false;
    world.note("-- rot in the log of " + node->id().str() + " at " + wanted);
    node->disk().flip_bit(path, found + 1, static_cast<unsigned>(world.below(8)));
    node->lost_data = node->may_fail = true;
    return true;
  }
  return false;
}

/// Nobody asks such a node to come back: it is a stranger from now on.
bool take_data_away(World& world) {
  Node* node = world.any_node_that(
      [&](Node& n) { return n.is_down() && !n.is_stranger && world.may_lose_data(n); });
  if (node == nullptr) return false;
  world.take_data_away(*node);
  return true;
}

}  // namespace lockstep::sim
