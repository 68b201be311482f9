#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lockstep/replication_manager.hpp"

namespace lockstep_demo {

/// Feeds entries to a leader, in order, a bounded number at a time, and keeps book of what became
/// of each.
class EntryStream {
 public:
  struct Acknowledged {
    lockstep::Index index;
    std::string_view payload;
  };
  /// Called now and then from the calling thread: completed so far in this run.
  using Progress = std::function<void(std::size_t)>;

  /// Replicates `payloads`, which must outlive this object. False when some write ended otherwise
  /// than asked, or nothing moved for too long.
  [[nodiscard]] bool run(lockstep::WALReplicationManager& leader,
                         const std::vector<std::string_view>& payloads,
                         lockstep::ReplicationMode mode, const Progress& progress);

  /// Writes that a majority has acknowledged.
  [[nodiscard]] const std::vector<Acknowledged>& acknowledged() const { return acknowledged_; }
  [[nodiscard]] std::uint64_t failures() const { return failures_; }
  [[nodiscard]] const std::string& first_failure() const { return first_failure_; }

 private:
  struct Shared;
  std::vector<Acknowledged> acknowledged_;
  std::uint64_t failures_ = 0;
  std::string first_failure_;
};

}  // namespace lockstep_demo
