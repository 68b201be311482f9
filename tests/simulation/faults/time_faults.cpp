#include "simulation/faults/fault.hpp"

namespace lockstep::sim {
namespace {

using namespace std::chrono_literals;

bool is_up(Node& node) { return node.is_up() && !node.machine().is_paused(); }

}  // namespace

/// For 0.5 to 5 times an election time-out of the default's.
bool pause_node(World& world) {
  Node* node = world.leader();
  if (node == nullptr || world.one_in(2)) node = world.any_node_that(is_up);
  if (node == nullptr || !is_up(*node)) return false;
  world.note("-- " + node->id().str() + " is paused");
  node->machine().pause();
  world.after(world.between(500ms, 7s), [&world, node, life = node->life()] {
    if (node->life() != life || node->is_down()) return;
    world.note("-- " + node->id().str() + " goes on");
    node->machine().resume();
  });
  return true;
}

bool jump_clock(World& world) {
  Node* node = world.any_node_that(is_up);
  if (node == nullptr) return false;
  node->machine().jump_clock(world.one_in(4) ? world.between(1s, 1h) : world.between(10ms, 3s));
  return true;
}

bool jump_wall_clock(World& world) {
  Node* node = world.any_node_that(is_up);
  if (node == nullptr) return false;
  const auto by = std::chrono::milliseconds(1 + world.below(100'000'000));
  node->machine().jump_wall_clock(world.one_in(2) ? by : -by);
  return true;
}

/// By up to a fifth.
bool let_clock_drift(World& world) {
  Node* node = world.any_node_that(is_up);
  if (node == nullptr) return false;
  node->machine().set_clock_rate(static_cast<std::int64_t>(world.below(400'001)) - 200'000);
  return true;
}

}  // namespace lockstep::sim
