#include "simulation/changes/change.hpp"

namespace lockstep::sim {

bool transfer_leadership(World& world, const char* name) {
  Node* leader = world.leader();
  if (leader == nullptr) return false;
  const NodeId to = world.any_node().id();
  world.note("-- " + leader->id().str() + " is to hand over to " + to.str());
  leader->manager().transfer_leadership(to, counted(world, name));
  return true;
}

bool step_down(World& world, const char* name) {
  Node* leader = world.leader();
  if (leader == nullptr) return false;
  leader->manager().step_down(counted(world, name));
  return true;
}

bool name_leader(World& world, const char* name) {
  Node* node = world.any_node_that([](Node& n) { return n.is_up(); });
  if (node == nullptr) return false;
  node->manager().set_role(Role::kLeader, counted(world, name));
  return true;
}

}  // namespace lockstep::sim
