#pragma once

#include <mutex>

#include "lockstep/replication_manager.hpp"

namespace lockstep::replication {

/// What the strand shows to other threads. Reading never waits for the strand.
class StatusBoard {
 public:
  template <class F>
  void update(F&& change) {
    const std::lock_guard lock(mutex_);
    change(status_, metrics_);
  }
  [[nodiscard]] ReplicationStatus status() const {
    const std::lock_guard lock(mutex_);
    return status_;
  }
  [[nodiscard]] Index durable_applied() const {
    const std::lock_guard lock(mutex_);
    return status_.durable_applied;
  }
  [[nodiscard]] ReplicationMetrics metrics() const {
    const std::lock_guard lock(mutex_);
    return metrics_;
  }

 private:
  mutable std::mutex mutex_;
  ReplicationStatus status_;
  ReplicationMetrics metrics_;
};

}  // namespace lockstep::replication
