#include "simulation/run/operator.hpp"

#include <algorithm>

namespace lockstep::sim {
namespace {

using namespace std::chrono_literals;

}  // namespace

bool Operator::found() {
  for (const auto& node : world_.nodes()) world_.start(*node);
  world_.run_for(1s);
  const bool all_up = std::ranges::all_of(
      world_.nodes(), [](const auto& node) { return node->is_up() && !node->trouble(); });
  if (!all_up) return false;
  std::optional<Error> outcome;
  std::vector<NodeId> founders = world_.ids();
  founders.resize(world_.settings().nodes);
  world_.nodes().front()->manager().bootstrap(founders,
                                              [&](Error error) { outcome = std::move(error); });
  for (int i = 0; i < 100 && !outcome; ++i) world_.run_for(100ms);
  return outcome && !*outcome;
}

void Operator::begin() {
  world_.after(world_.between(200ms, 600ms), [this] {
    if (!world_.operator_goes_on) return;
    act();
    begin();
  });
}

void Operator::act() {
  for (const auto& node : world_.nodes()) look_after(*node);
  if (world_.settings().replica.leadership == Leadership::kAssigned) name_leader();
}

void Operator::look_after(Node& node) {
  if (node.is_down()) {
    if (!node.stays_down && starting_[node.id()] <= node.life()) start_later(node);
    return;
  }
  if (node.is_up() && !node.machine().is_paused()) check_health(node);
}

/// A replica may stop taking part only if its disk has failed.
void Operator::check_health(Node& node) {
  std::optional<Error> trouble = node.trouble();
  if (!trouble) trouble = node.manager().status().failure;
  if (!trouble) return;
  if (!node.may_fail && !node.lost_data) {
    return world_.verdict().violated("a replica goes on while its disk is well",
                                     node.id().str() + ": " + trouble->message);
  }
  world_.count("replicas failed and replaced");
  world_.note("-- " + node.id().str() + " has failed: " + trouble->message);
  world_.crash(node, world_.one_in(2));
}

void Operator::start_later(Node& node) {
  starting_[node.id()] = node.life() + 1;
  const auto pause = world_.faults_go_on ? world_.between(100ms, 6s) : world_.between(50ms, 500ms);
  world_.after(pause, [this, &node] {
    const bool wanted = world_.operator_goes_on && !node.stays_down;
    if (wanted && node.is_down()) world_.start(node);
  });
}

void Operator::name_leader() {
  if (world_.leader() != nullptr && !world_.one_in(40)) return;
  Node* node = world_.any_node_that([](Node& n) { return n.is_up() && !n.machine().is_paused(); });
  if (node == nullptr) return;
  world_.note("-- " + node->id().str() + " is to lead");
  node->manager().set_role(Role::kLeader, [this](const Error& error) {
    world_.count(error ? "leaders named in vain" : "leaders named");
  });
}

}  // namespace lockstep::sim
