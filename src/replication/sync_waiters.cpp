#include "replication/sync_waiters.hpp"

#include <utility>

namespace lockstep::replication {

void SyncWaiters::add_for_leader(NodeId follower, Index index, MonotonicTime deadline,
                                 DoneHandler done) {
  Waiter waiter;
  waiter.done = std::move(done);
  waiter.deadline = deadline;
  waiter.peer = std::move(follower);
  waiter.target = index;
  waiters_.push_back(std::move(waiter));
}

std::uint64_t SyncWaiters::add_for_follower(NodeId leader, MonotonicTime now,
                                            MonotonicTime deadline, DoneHandler done) {
  Waiter waiter;
  waiter.done = std::move(done);
  waiter.deadline = deadline;
  waiter.peer = std::move(leader);
  waiter.request = ++last_request_;
  waiter.next_question = now + retry_interval_;
  waiters_.push_back(std::move(waiter));
  return last_request_;
}

void SyncWaiters::answered(const consensus::SyncResponse& response) {
  for (Waiter& waiter : waiters_) {
    if (waiter.request != response.id || waiter.target) continue;
    if (response.is_leader) {
      waiter.target = response.commit_index;
    } else {
      waiter.refused = Error(Errc::kNotLeader, waiter.peer.str() + " does not lead");
    }
  }
}

std::vector<std::uint64_t> SyncWaiters::take_overdue(MonotonicTime now) {
  std::vector<std::uint64_t> overdue;
  for (Waiter& waiter : waiters_) {
    if (waiter.target || now < waiter.next_question) continue;
    waiter.next_question = now + retry_interval_;
    overdue.push_back(*waiter.request);
  }
  return overdue;
}

/// Nothing while there is still something to wait for.
std::optional<Error> SyncWaiters::verdict(const Waiter& waiter, const consensus::Core& core,
                                          Index applied) {
  if (waiter.refused) return waiter.refused;
  if (waiter.request) {
    if (waiter.target && applied >= *waiter.target) return Error();
    if (const auto leader = core.leader(); leader && *leader != waiter.peer) {
      return Error(Errc::kLeadershipLost, "the leader is now " + leader->str());
    }
    return std::nullopt;
  }
  const consensus::Leadership* leadership = core.leadership();
  if (leadership == nullptr) return Error(Errc::kLeadershipLost);
  const auto follower = leadership->followers.find(waiter.peer);
  if (follower == leadership->followers.end()) return Error(Errc::kNotAMember);
  if (follower->second.stranger) {
    return Error(Errc::kStranger, waiter.peer.str() + " is not the node that was a member");
  }
  if (follower->second.progress.match_index() >= *waiter.target) return Error();
  return std::nullopt;
}

std::vector<SyncWaiters::Completion> SyncWaiters::take_finished(const consensus::Core& core,
                                                                Index applied, MonotonicTime now) {
  std::vector<Completion> finished;
  std::erase_if(waiters_, [&](Waiter& waiter) {
    std::optional<Error> error = verdict(waiter, core, applied);
    if (!error && now >= waiter.deadline) error = Error(Errc::kTimedOut);
    if (!error) return false;
    finished.push_back({std::move(waiter.done), std::move(*error)});
    return true;
  });
  return finished;
}

std::vector<SyncWaiters::Completion> SyncWaiters::give_up(const Error& error) {
  std::vector<Completion> finished;
  for (Waiter& waiter : waiters_) finished.push_back({std::move(waiter.done), error});
  waiters_.clear();
  return finished;
}

}  // namespace lockstep::replication
