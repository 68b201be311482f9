#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "lockstep/replication_manager.hpp"
#include "tools/lockstep_bench/latency_histogram.hpp"
#include "tools/lockstep_bench/load.hpp"

namespace lockstep::bench {

/// What a client has seen since it was last marked.
struct ClientFigures {
  std::uint64_t completed = 0;
  /// Told to come back later; a closed loop does, an open one counts the write as lost.
  std::uint64_t overloaded = 0;
  std::uint64_t failed = 0;
  std::string first_failure;
  double seconds = 0;
  /// From the intended start.
  LatencyHistogram latency;
  /// Not completed yet, or of an open loop not even begun although it is time. Those of an open
  /// loop are among the latencies with their age: what is stuck must not look quick.
  std::uint64_t unfinished = 0;
};

/// Writes to a leader in its own process. All of it belongs to the executor of the replica's
/// callbacks, where it must be called: nothing is locked, and besides the payload nothing is
/// allocated for a write of a closed loop.
class LoadClient {
 public:
  /// `callbacks`: the replica's `callback_executor`. The first two must outlive the client, and the
  /// client the writes under way.
  LoadClient(WALReplicationManager& replica, Runtime& runtime, std::shared_ptr<IExecutor> callbacks,
             Load load);
  LoadClient(const LoadClient&) = delete;
  LoadClient& operator=(const LoadClient&) = delete;

  void start();
  /// From now on it counts from zero.
  void mark();
  [[nodiscard]] ClientFigures figures() const;
  /// Begins no more writes.
  void stop();
  [[nodiscard]] bool is_idle() const { return under_way_ == 0; }

 private:
  void begin(MonotonicTime intended);
  void completed(MonotonicTime intended, const WriteOutcome& outcome);
  void retry_later(MonotonicTime intended);
  void begin_what_is_due();

  WALReplicationManager& replica_;
  Runtime& runtime_;
  const std::shared_ptr<IExecutor> callbacks_;
  const Load load_;
  const std::vector<std::uint8_t> payload_;

  bool stopping_ = false;
  std::uint64_t under_way_ = 0;
  /// Of an open loop: when those under way were meant to begin.
  std::multiset<MonotonicTime> begun_;
  ClientFigures figures_;
  MonotonicTime marked_at_;
  /// Of the next write of an open loop, or of the overloaded ones of a closed loop.
  std::unique_ptr<Runtime::Timer> timer_;
  std::optional<ArrivalSchedule> schedule_;
  std::vector<MonotonicTime> overloaded_;
};

}  // namespace lockstep::bench
