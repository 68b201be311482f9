// When the next tick is due, so that an idle node need not look at the clock all the time.
#include <algorithm>

#include "consensus/core.hpp"

namespace lockstep::consensus {

MonotonicTime Core::next_deadline() const {
  // What depends on more than the time is looked at once each heartbeat interval.
  MonotonicTime next = now_ + options_.heartbeat_interval;
  if (failed_) return next;
  next = std::min(
      next, std::visit([this](const auto& state) { return next_deadline_of(state); }, state_));
  // Of these, what is overdue waits for an event.
  const auto consider = [&](MonotonicTime time) {
    if (time > now_) next = std::min(next, time);
  };
  if (bootstrap_) {
    consider(bootstrap_->next_question);
    consider(bootstrap_->deadline);
  }
  if (transfer_) {
    consider(transfer_->next_request);
    consider(transfer_->deadline);
  }
  if (!log_.damaged().empty()) consider(repair_.next_question);
  return next;
}

MonotonicTime Core::next_deadline_of(const Leadership& leadership) const {
  MonotonicTime next = leadership.next_heartbeat;
  if (leadership.next_commit_notice) next = std::min(next, *leadership.next_commit_notice);
  for (const auto& [node, follower] : leadership.followers) {
    if (const auto since = follower.progress.silent_since()) {
      next = std::min(next, *since + patience_with(follower));
    }
    const bool may_get_snapshot =
        follower.progress.awaits_snapshot() && follower.linked && !follower.stranger;
    if (!may_get_snapshot) continue;
    if (follower.transfer) {
      const bool is_left_behind = follower.transfer->offer().last.index < log_.before_first().index;
      next = std::min(next, is_left_behind
                                ? now_
                                : follower.transfer->silent_since() + patience_with(follower));
    } else if (follower.next_snapshot > MonotonicTime{}) {
      next = std::min(next, follower.next_snapshot);
    }
  }
  return next;
}

MonotonicTime Core::next_deadline_of(const Election& election) const {
  const MonotonicTime end = election.call ? election.deadline : election_timer_.due_at();
  return std::min(end, election.next_request);
}

MonotonicTime Core::next_deadline_of(const Following& following) const {
  if (!options_.elected || !campaigns_by_itself()) return MonotonicTime::max();
  if (following.pre_vote) return following.pre_vote->next_request;
  return is_sole_voter() ? now_ : election_timer_.due_at();
}

}  // namespace lockstep::consensus
