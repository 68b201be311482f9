#include "simulation/faults/fault.hpp"

namespace lockstep::sim {

using namespace std::chrono_literals;

/// It applies nothing for a while.
bool hold_engine(World& world) {
  Node* node = world.any_node_that([](Node& n) { return n.is_up(); });
  if (node == nullptr) return false;
  node->machine().hold_workers("lockstep-apply");
  world.after(world.between(200ms, 6s), [node, life = node->life()] {
    if (node->life() == life && !node->is_down()) {
      node->machine().release_workers("lockstep-apply");
    }
  });
  return true;
}

}  // namespace lockstep::sim
