#pragma once

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

  /// On the leader: until `follower` has everything up to `index`.
  void add_for_leader(NodeId follower, Index index, MonotonicTime deadline, DoneHandler done);
  /// On a follower: until the leader's answer to this request has come and what it names is
  /// applied.
  [[nodiscard]] std::uint64_t add_for_follower(MonotonicTime deadline, DoneHandler done);
  void answered(const consensus::SyncResponse& response);

  /// Those that are over, for better or worse.
  [[nodiscard]] std::vector<Completion> take_finished(const consensus::Core& core, Index applied,
                                                      MonotonicTime now);
  [[nodiscard]] std::vector<Completion> give_up(const Error& error);

 private:
  struct Waiter {
    DoneHandler done;
    MonotonicTime deadline;
    std::optional<NodeId> follower;  ///< on the leader
    std::uint64_t request = 0;       ///< on a follower
    std::optional<Index> target;
    std::optional<Error> refused;
  };
  [[nodiscard]] static std::optional<Error> verdict(const Waiter& waiter,
                                                    const consensus::Core& core, Index applied,
                                                    MonotonicTime now);
  std::vector<Waiter> waiters_;
  std::uint64_t last_request_ = 0;
};

}  // namespace lockstep::replication
