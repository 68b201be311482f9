#include "simulation/faults/fault.hpp"

namespace lockstep::sim {
namespace {

using namespace std::chrono_literals;

bool is_up(Node& node) { return node.is_up(); }
bool is_alive(Node& node) { return node.is_up() || node.state() == Node::State::kStarting; }

}  // namespace

// The operator starts again what is down.

bool lose_power(World& world) {
  Node* node = world.any_node_that(is_alive);
  if (node != nullptr) world.crash(*node, false);
  return node != nullptr;
}

/// At one of the next calls of its disk.
bool lose_power_in_a_write(World& world) {
  Node* node = world.any_node_that([](Node& n) { return is_alive(n) && !n.power_cut_at; });
  if (node == nullptr) return false;
  node->power_cut_at = node->disk().calls() + 1 + world.below(12);
  node->disk().cut_power_at(*node->power_cut_at);
  node->may_fail = true;
  return true;
}

bool kill_process(World& world) {
  Node* node = world.any_node_that(is_alive);
  if (node != nullptr) world.crash(*node, true);
  return node != nullptr;
}

bool stop_in_order(World& world) {
  Node* node = world.any_node_that([](Node& n) { return is_up(n) && !n.machine().is_paused(); });
  if (node == nullptr) return false;
  world.note("-- " + node->id().str() + " is stopped");
  node->stop();
  return true;
}

}  // namespace lockstep::sim
