#include "consensus/membership_change.hpp"

#include <algorithm>

#include "consensus/quorum.hpp"

namespace lockstep::consensus {
namespace {

/// As many as anybody may still ask for again.
constexpr std::size_t kOperationsKept = 64;

bool has_node(const std::vector<Member>& members, const NodeId& node) {
  return std::ranges::count(members, node, &Member::node) > 0;
}

void erase_node(std::vector<Member>& members, const NodeId& node) {
  std::erase_if(members, [&](const Member& member) { return member.node == node; });
}

/// From here on both majorities are needed (Raft §6).
Result<> begin_without(Configuration& configuration, const NodeId& voter) {
  if (configuration.voters.size() == 1) {
    return Error(Errc::kInvalidArgument,
                 voter.str() + " is the only voter: promote another member first");
  }
  configuration.outgoing_voters = configuration.voters;
  erase_node(configuration.voters, voter);
  return {};
}

Result<> add_learner(Configuration& configuration, const Member& member) {
  const Member* known = find_member(configuration, member.node);
  if (known != nullptr && is_voter(configuration, member.node)) {
    if (known->incarnation == member.incarnation) {
      return Error(Errc::kWrongState, member.node.str() + " is a voter already");
    }
    if (const auto begun = begin_without(configuration, member.node); !begun) return begun;
  }
  erase_node(configuration.learners, member.node);
  configuration.learners.push_back(member);
  return {};
}

Result<> promote(Configuration& configuration, const NodeId& node) {
  const auto learner = std::ranges::find(configuration.learners, node, &Member::node);
  if (learner == configuration.learners.end()) {
    return Error(Errc::kNotAMember, node.str() + " is no learner of this group: add it first");
  }
  configuration.outgoing_voters = configuration.voters;
  configuration.voters.push_back(*learner);
  configuration.learners.erase(learner);
  return {};
}

Result<> remove(Configuration& configuration, const NodeId& node) {
  if (has_node(configuration.voters, node)) return begin_without(configuration, node);
  if (!has_node(configuration.learners, node)) {
    return Error(Errc::kNotAMember, node.str() + " is no member of this group");
  }
  erase_node(configuration.learners, node);
  return {};
}

}  // namespace

std::string to_string(const MembershipRequest& request) {
  switch (request.kind) {
    case MemberChange::kAddLearner:
      return "the addition of " + request.node.str();
    case MemberChange::kPromote:
      return "the promotion of " + request.node.str();
    case MemberChange::kRemove:
      return "the removal of " + request.node.str();
  }
  return {};
}

Result<Configuration> change(const Configuration& now, const MembershipRequest& request,
                             const Member& member) {
  Configuration next = now;
  Result<> changed;
  switch (request.kind) {
    case MemberChange::kAddLearner:
      changed = add_learner(next, member);
      break;
    case MemberChange::kPromote:
      changed = promote(next, request.node);
      break;
    case MemberChange::kRemove:
      changed = remove(next, request.node);
      break;
  }
  if (!changed) return changed.error();
  if (const Member* before = find_member(now, request.node)) {
    std::erase(next.operations, readmission_of(before->incarnation));
  }
  if (!request.operation.is_none()) next.operations.push_back(request.operation);
  while (next.operations.size() > kOperationsKept) next.operations.erase(next.operations.begin());
  return next;
}

bool is_done(const Configuration& now, const MembershipRequest& request, const Member& member) {
  switch (request.kind) {
    case MemberChange::kAddLearner:
      return std::ranges::count(now.learners, member) > 0;
    case MemberChange::kPromote:
      return has_node(now.voters, request.node);
    case MemberChange::kRemove:
      return false;
  }
  return false;
}

bool has_made(const Configuration& now, OperationId operation) {
  return !operation.is_none() && std::ranges::count(now.operations, operation) > 0;
}

OperationId readmission_of(Incarnation incarnation) { return OperationId(incarnation.bytes()); }

bool is_owed_promotion(const Configuration& now, const Member& learner) {
  return has_made(now, readmission_of(learner.incarnation));
}

Configuration final_of(Configuration joint) {
  joint.outgoing_voters.clear();
  return joint;
}

CatchUp::State CatchUp::look(Index match, std::uint64_t progress, Index leaders_last,
                             MonotonicTime now, std::chrono::nanoseconds election_timeout,
                             std::chrono::nanoseconds patience) {
  if (progress != progress_) {
    progress_ = progress;
    moved_ = now;
  }
  if (match >= end_) {
    if (now - begun_ < election_timeout) return State::kCaughtUp;
    if (round_ == kMaxRounds) return State::kTooSlow;
    ++round_;
    end_ = leaders_last;
    begun_ = now;
  }
  return now - moved_ < patience ? State::kGoesOn : State::kStandsStill;
}

}  // namespace lockstep::consensus
