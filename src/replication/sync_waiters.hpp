#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "consensus/core.hpp"
#include "lockstep/replication_manager.hpp"

namespace lockstep::replication {

/// The calls of `sync_with_node` that wait. Owned by the strand.
class SyncWaiters {
 public:
  using DoneHandler = WALReplicationManager::DoneHandler;
  struct Completion {
    DoneHandler done;
    Error error;
  };

  /// A question that is not answered for so long is asked again: it may be lost with its
  /// connection.
  /// `first_request`: a random number, so that no answer fits a request of another life.
  SyncWaiters(std::chrono::nanoseconds retry_interval, std::uint64_t first_request)
      : retry_interval_(retry_interval), last_request_(first_request) {}

  /// On the leader: until `follower` has everything up to `index`.
  void add_for_leader(NodeId follower, Index index, MonotonicTime deadline, DoneHandler done);
  /// On a follower: until the answer of `leader` to this request has come and what it names is
  /// applied.
  [[nodiscard]] std::uint64_t add_for_follower(NodeId leader, MonotonicTime now,
                                               MonotonicTime deadline, DoneHandler done);
  [[nodiscard]] std::size_t size() const { return waiters_.size(); }
  void answered(const consensus::SyncResponse& response);
  /// Requests whose answer is overdue.
  [[nodiscard]] std::vector<std::uint64_t> take_overdue(MonotonicTime now);

  /// Those that are over, for better or worse.
  [[nodiscard]] std::vector<Completion> take_finished(const consensus::Core& core, Index applied,
                                                      MonotonicTime now);
  [[nodiscard]] std::vector<Completion> give_up(const Error& error);

 private:
  struct Waiter {
    DoneHandler done;
    MonotonicTime deadline;
    NodeId peer;
    /// None: on the leader.
    std::optional<std::uint64_t> request{};
    MonotonicTime next_question = MonotonicTime::max();
    std::optional<Index> target;
    std::optional<Error> refused;
  };
  [[nodiscard]] static std::optional<Error> verdict(const Waiter& waiter,
                                                    const consensus::Core& core, Index applied);
  const std::chrono::nanoseconds retry_interval_;
  std::vector<Waiter> waiters_;
  std::uint64_t last_request_;
};

}  // namespace lockstep::replication
