#pragma once

#include <algorithm>
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
    believe_report();
  }
  /// The engine may know of an application sooner than the strand does: such a report counts once
  /// that is known here too.
  void engine_has_durable(Index reported) {
    const std::lock_guard lock(mutex_);
    reported_durable_ = std::max(reported_durable_, reported);
    believe_report();
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
  void believe_report() {
    const Index believed = std::min(reported_durable_, status_.last_applied);
    status_.durable_applied = std::max(status_.durable_applied, believed);
  }

  mutable std::mutex mutex_;
  ReplicationStatus status_;
  Index reported_durable_;
  ReplicationMetrics metrics_;
};

}  // namespace lockstep::replication
