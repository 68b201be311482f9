#include <algorithm>
#include <memory>

#include "simulation/changes/change.hpp"

namespace lockstep::sim {
namespace {

using Call = std::function<void(WALReplicationManager&, OperationId, std::function<void(Error)>)>;

OperationId draw_operation(World& world) {
  OperationId::Bytes bytes;
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(world.below(256));
  return OperationId(bytes);
}

/// At whoever leads; now and then once more under the same id, which must do no harm.
bool ask_leader(World& world, const char* name, const Call& call) {
  Node* leader = world.leader();
  if (leader == nullptr) return false;
  const OperationId operation = draw_operation(world);
  const auto ended = std::make_shared<bool>(false);
  world.overlaps().change_begins([ended, leader, life = leader->life()] {
    return !*ended && leader->life() == life && !leader->is_down();
  });
  call(leader->manager(), operation, [&world, name, call, operation, ended](Error error) {
    *ended = true;
    const bool again = error ? world.one_in(2) : world.one_in(5);
    counted(world, name)(error);
    if (!again) return;
    world.after(world.between(std::chrono::seconds(0), std::chrono::seconds(5)),
                [&world, call, operation] {
                  Node* now_leads = world.leader();
                  if (now_leads == nullptr) return;
                  call(now_leads->manager(), operation, counted(world, "change asked for again"));
                });
  });
  return true;
}

/// Null: there is none.
const NodeId* any_of(World& world, const std::vector<NodeId>& nodes) {
  return nodes.empty() ? nullptr : &nodes[world.below(nodes.size())];
}

bool has(const std::vector<Member>& members, const NodeId& node) {
  return std::ranges::any_of(members, [&](const Member& member) { return member.node == node; });
}

}  // namespace

bool add_learner(World& world, const char* name) {
  if (!world.settings().members_change) return false;
  Node* leader = world.leader();
  if (leader == nullptr) return false;
  const Configuration configuration = leader->manager().status().configuration;
  std::vector<NodeId> outside;
  for (const NodeId& id : world.ids()) {
    if (!has(configuration.voters, id) && !has(configuration.learners, id)) outside.push_back(id);
  }
  const NodeId* chosen = any_of(world, outside);
  if (chosen == nullptr) return false;
  world.note("-- " + chosen->str() + " is to become a learner");
  return ask_leader(world, name, [node = *chosen](auto& manager, OperationId id, auto done) {
    manager.add_learner(node, id, std::move(done));
  });
}

bool promote(World& world, const char* name) {
  if (!world.settings().members_change) return false;
  Node* leader = world.leader();
  if (leader == nullptr) return false;
  std::vector<NodeId> learners;
  for (const Member& member : leader->manager().status().configuration.learners) {
    learners.push_back(member.node);
  }
  const NodeId* chosen = any_of(world, learners);
  if (chosen == nullptr) return false;
  world.note("-- " + chosen->str() + " is to become a voter");
  return ask_leader(world, name, [node = *chosen](auto& manager, OperationId id, auto done) {
    manager.promote(node, id, std::move(done));
  });
}

/// Three voters always stay, so that one may lose its data.
bool remove_member(World& world, const char* name) {
  if (!world.settings().members_change) return false;
  Node* leader = world.leader();
  if (leader == nullptr) return false;
  const Configuration configuration = leader->manager().status().configuration;
  std::vector<NodeId> members;
  for (const Member& member : configuration.learners) members.push_back(member.node);
  if (configuration.voters.size() > 3 && !configuration.is_joint()) {
    for (const Member& member : configuration.voters) members.push_back(member.node);
  }
  const NodeId* chosen = any_of(world, members);
  if (chosen == nullptr) return false;
  world.note("-- " + chosen->str() + " is to be removed");
  return ask_leader(world, name, [node = *chosen](auto& manager, OperationId id, auto done) {
    const std::vector<Member> voters = manager.status().configuration.voters;
    if (has(voters, node) && voters.size() <= 3) return done(Errc::kWrongState);
    manager.remove(node, id, std::move(done));
  });
}

/// Whose disk was emptied.
bool readmit_stranger(World& world, const char* name) {
  if (!world.settings().members_change) return false;
  Node* stranger = world.any_node_that([](Node& node) { return node.is_up() && node.is_stranger; });
  if (stranger == nullptr) return false;
  world.note("-- " + stranger->id().str() + " is to come back");
  return ask_leader(world, name, [node = stranger->id()](auto& manager, OperationId id, auto done) {
    manager.add_learner(node, id, std::move(done));
  });
}

}  // namespace lockstep::sim
