#include "simulation/changes/change.hpp"

namespace lockstep::sim {

/// Whoever lags then gets a snapshot.
bool release_log(World& world, const char* name) {
  Node* node = world.any_node_that([](Node& n) { return n.is_up(); });
  if (node == nullptr) return false;
  world.note("-- " + node->id().str() + " is to release its log");
  node->manager().trigger_snapshot(counted(world, name));
  return true;
}

}  // namespace lockstep::sim
