#include "replication/sync_waiters.hpp"

#include <utility>

namespace lockstep::replication {

void SyncWaiters::add_for_leader(NodeId follower, Index index, MonotonicTime deadline,
                                 DoneHandler done) {
  waiters_.push_back({std::move(done), deadline, std::move(follower), 0, index, std::nullopt});
}

std::uint64_t SyncWaiters::add_for_follower(MonotonicTime deadline, DoneHandler done) {
  waiters_.push_back(
      {std::move(done), deadline, std::nullopt, ++last_request_, std::nullopt, std::nullopt});
  return last_request_;
}

void SyncWaiters::answered(const consensus::SyncResponse& response) {
  for (Waiter& waiter : waiters_) {
    if (waiter.request == 0 || waiter.request != response.id) continue;
    if (response.is_leader) {
      waiter.target = response.commit_index;
    } else {
      waiter.refused = Error(Errc::kNotLeader, "the node asked does not lead");
    }
  }
}

std::optional<Error> SyncWaiters::verdict(const Waiter& waiter, const consensus::Core& core,
                                          Index applied, MonotonicTime now) {
  if (waiter.refused) return waiter.refused;
  if (waiter.follower) {
    const consensus::Leadership* leadership = core.leadership();
    if (leadership == nullptr) return Error(Errc::kLeadershipLost);
    const auto follower = leadership->followers.find(*waiter.follower);
    if (follower == leadership->followers.end()) return Error(Errc::kNotAMember);
    if (follower->second.progress.match_index() >= *waiter.target) return Error();
  } else if (waiter.target && applied >= *waiter.target) {
    return Error();
  }
  if (now >= waiter.deadline) return Error(Errc::kTimedOut);
  return std::nullopt;
}

std::vector<SyncWaiters::Completion> SyncWaiters::take_finished(const consensus::Core& core,
                                                                Index applied, MonotonicTime now) {
  std::vector<Completion> finished;
  std::erase_if(waiters_, [&](Waiter& waiter) {
    std::optional<Error> error = verdict(waiter, core, applied, now);
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
