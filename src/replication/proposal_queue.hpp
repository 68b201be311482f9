#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "consensus/effects.hpp"
#include "lockstep/replication_manager.hpp"

namespace lockstep::replication {

/// A write on its way from the caller's thread to the log.
struct ProposedWrite {
  consensus::Proposal proposal;
  WriteOptions options;
  WALReplicationManager::WriteHandler done;
  MonotonicTime called_at;
  /// False while a worker hashes its large payload.
  bool ready = true;
  /// What a write costs besides its payload, roughly: its header, this object, the handler, places
  /// in queues.
  static constexpr std::size_t kOverheadBytes = 512;
  [[nodiscard]] std::size_t size_bytes() const { return kOverheadBytes + proposal.payload_bytes; }
};

/// Writes called but not yet in the log, in the order of the calls. The budget covers these and,
/// until they are committed or given up, those in the log. Thread-safe.
class ProposalQueue {
 public:
  explicit ProposalQueue(std::size_t budget_bytes) : budget_bytes_(budget_bytes) {}

  enum class Push { kFirst, kQueued, kOverBudget, kClosed };
  /// `kFirst`: nobody has been asked to drain yet, the caller must. A refused write is left as it
  /// was.
  [[nodiscard]] Push push(const std::shared_ptr<ProposedWrite>& write);
  struct Ready {
    std::vector<std::shared_ptr<ProposedWrite>> writes;
    /// The one behind them is ready too: the caller must have the queue drained again.
    bool more = false;
  };
  /// The writes at the front that are ready, to be put into the log: no more than fit `max_bytes`,
  /// but one at least.
  [[nodiscard]] Ready take_ready(std::size_t max_bytes);
  /// A worker has hashed this write. True: the caller must have the queue drained.
  [[nodiscard]] bool set_ready(const std::shared_ptr<ProposedWrite>& write);
  /// The budget of writes that are committed or given up.
  void release(std::size_t bytes);
  /// Refuses everything from now on; returns what was queued.
  [[nodiscard]] std::vector<std::shared_ptr<ProposedWrite>> close();

 private:
  const std::size_t budget_bytes_;
  std::mutex mutex_;
  std::deque<std::shared_ptr<ProposedWrite>> queue_;
  std::size_t used_bytes_ = 0;
  bool drain_asked_ = false;
  bool closed_ = false;
};

}  // namespace lockstep::replication
