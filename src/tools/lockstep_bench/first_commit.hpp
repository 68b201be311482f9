#pragma once

#include <cstdint>
#include <mutex>

#include "lockstep/replication_manager.hpp"

namespace lockstep::bench {

/// Whenever the replica comes to lead it writes an entry, and remembers when that was committed.
class FirstCommit {
 public:
  struct Seen {
    std::uint64_t term = 0;  ///< 0: never
    std::int64_t at_ns = 0;  ///< of the monotonic clock, which all processes share
  };
  explicit FirstCommit(WALReplicationManager& replica);
  /// The newest one. From any thread.
  [[nodiscard]] Seen newest() const;

 private:
  mutable std::mutex mutex_;
  Seen seen_;
  Subscription events_;
};

}  // namespace lockstep::bench
