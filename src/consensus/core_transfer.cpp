// Leadership transfer (thesis §3.10), by the operator and away from a sick disk (design rules 4, 7
// and 8).
#include <algorithm>

#include "consensus/core.hpp"
#include "consensus/quorum.hpp"

namespace lockstep::consensus {

void Core::transfer_leadership(CallId call, const NodeId& target) {
  if (failed_) return answer(call, Errc::kWrongState);
  const auto* leadership = std::get_if<Leadership>(&state_);
  if (leadership == nullptr) return answer(call, not_leader());
  if (target == identity_.node) return answer(call, {});
  if (transfer_) {
    return answer(call, Error(Errc::kWrongState, "leadership is being handed over to " +
                                                     transfer_->target.str() + " already"));
  }
  const auto follower = leadership->followers.find(target);
  if (follower == leadership->followers.end() || !is_voter(configuration(), target)) {
    return answer(call, Error(Errc::kNotAMember, target.str() + " is not a voter of the group"));
  }
  if (follower->second.stranger) {
    return answer(call,
                  Error(Errc::kStranger, target.str() + " is not the node that was a member"));
  }
  if (!follower->second.disk_is_well) {
    return answer(call, Error(Errc::kStalled, "the disk of " + target.str() +
                                                  " is full or does not answer: choose another"));
  }
  start_transfer(call, target);
  check_invariants();
}

void Core::start_transfer(std::optional<CallId> call, const NodeId& target) {
  transfer_ = {call, target, now_ + options_.transfer_timeout, now_};
  feed(target);
  tell_to_campaign();
}

/// Once the target has everything; again each heartbeat interval.
void Core::tell_to_campaign() {
  const auto& followers = std::get<Leadership>(state_).followers;
  const auto target = followers.find(transfer_->target);
  const bool caught_up =
      target != followers.end() && target->second.progress.match_index() == log_.last_index();
  if (!caught_up || now_ < transfer_->next_request) return;
  transfer_->next_request = now_ + options_.heartbeat_interval;
  send(transfer_->target, TransferLeadership{term()});
}

void Core::tick_transfer() {
  if (!transfer_) return hand_over_if_sick();
  const auto known = leader();
  const bool leads = std::holds_alternative<Leadership>(state_);
  if (!leads && known == transfer_->target) return end_transfer({});
  if (!leads && known) {
    return end_transfer(Error(Errc::kSuperseded, "the leader is now " + known->str()));
  }
  if (now_ >= transfer_->deadline) {
    return end_transfer(Error(
        Errc::kTimedOut, leads ? transfer_->target.str() + " has not taken over; this node goes on"
                               : "this node leads no longer, and knows of no new leader yet"));
  }
  if (leads) tell_to_campaign();
}

void Core::end_transfer(Error error) {
  answer(transfer_->call, std::move(error));
  transfer_.reset();
}

bool Core::is_sick() const {
  return !disk_is_well() || (!log_.damaged().empty() && !is_sole_voter());
}

/// Only an elected leader, only to a caught-up voter with a healthy disk, and only while the others
/// can elect it without this node's disk: else it stays.
void Core::hand_over_if_sick() {
  auto* leadership = std::get_if<Leadership>(&state_);
  if (!options_.elected || leadership == nullptr || !is_sick()) return;
  const auto& followers = leadership->followers;
  const bool can_do_without = is_majority(configuration(), [&](const NodeId& node) {
    return followers.contains(node) && is_heard(followers.at(node));
  });
  if (!can_do_without) return;
  std::optional<NodeId> heir;
  for (const auto& [node, follower] : followers) {
    const bool may_lead = is_voter(configuration(), node) && is_heard(follower) &&
                          follower.disk_is_well &&
                          follower.progress.match_index() == log_.last_index();
    const bool is_next = node > leadership->last_heir;
    if (may_lead && (!heir || (is_next && *heir <= leadership->last_heir))) heir = node;
  }
  if (!heir) return;
  leadership->last_heir = *heir;
  start_transfer(std::nullopt, *heir);
}

/// Begun by the leader: no pre-vote, and stickiness does not hold.
void Core::receive_body(const PeerMessage& from, const TransferLeadership& transfer) {
  const auto* following = std::get_if<Following>(&state_);
  const bool is_from_leader =
      following != nullptr && following->leader == from.peer && transfer.term == term();
  if (!is_from_leader || !campaigns_by_itself()) return notice(StaleMessageRefused{});
  Election election;
  election.by_operator = true;
  start_round(std::move(election));
}

}  // namespace lockstep::consensus
