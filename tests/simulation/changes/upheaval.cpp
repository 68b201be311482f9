#include "simulation/changes/change.hpp"

namespace lockstep::sim {
namespace {

using namespace std::chrono_literals;

void release_everywhere(World& world) {
  for (const auto& node : world.nodes()) {
    if (node->is_up()) node->manager().trigger_snapshot(counted(world, "log released"));
  }
}

void change_members(World& world) {
  if (promote(world, "learner promoted") || remove_member(world, "member removed")) return;
  (void)add_learner(world, "learner added");
}

}  // namespace

/// A member goes down, what it lacks is released meanwhile, and while it comes back and is sent a
/// snapshot, the members change.
bool change_members_around_a_restart(World& world, const char* name) {
  if (!world.settings().members_change) return false;
  Node* node = world.any_node_that([&](Node& n) { return n.is_up() && &n != world.leader(); });
  if (node == nullptr) return false;
  world.count(name);
  world.crash(*node, world.one_in(2));
  const auto down = world.between(500ms, 2s);
  world.after(down, [&world] { release_everywhere(world); });
  world.after(down + 300ms, [&world, node] {
    if (world.operator_goes_on && node->is_down() && !node->stays_down) world.start(*node);
  });
  for (int i = 0; i < 12; ++i) {
    world.after(down + 300ms + i * 120ms, [&world, before = world.overlaps().count()] {
      if (world.faults_go_on && world.overlaps().count() == before) change_members(world);
    });
  }
  return true;
}

}  // namespace lockstep::sim
