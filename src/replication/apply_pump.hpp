#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "consensus/log.hpp"
#include "lockstep/executor.hpp"
#include "lockstep/state_machine.hpp"
#include "replication/engine_host.hpp"
#include "replication/wal_driver.hpp"

namespace lockstep::replication {

/// Feeds committed entries to the engine, in order, one batch at a time, on the apply worker.
/// Methods are called on the replica's strand, handlers run there.
class ApplyPump : public std::enable_shared_from_this<ApplyPump> {
 public:
  using Batch = AppliedBatch;
  using AppliedHandler = std::function<void(Batch)>;
  using FailureHandler = std::function<void(Error)>;
  using ImageHandler = std::function<void(Result<SnapshotImage>)>;

  ApplyPump(std::shared_ptr<IStateMachine> engine, std::shared_ptr<IExecutor> worker,
            std::shared_ptr<IExecutor> strand, std::shared_ptr<WALDriver> wal,
            std::size_t max_batch_bytes);

  /// Runs a task that may block, before anything that is asked for later.
  void run_on_worker(std::function<void()> task) { worker_->post(std::move(task)); }
  void recover(std::function<void(Result<RecoveredEngine>)> done);
  /// Of the entries that are applied; none: it is not known. Before `start`, or between batches.
  void set_chain(std::optional<CheckpointChain> chain);
  /// Entries after `applied` are the next to be applied.
  void start(Index applied, AppliedHandler on_applied, FailureHandler on_failure);
  /// Of the commands behind `index` nobody asks for results, for now.
  void want_results_up_to(Index index) { results_wanted_up_to_ = index; }
  /// Entries up to here may be applied; `log` serves what is in memory.
  void committed(Index index, const consensus::Log& log);
  /// Goes on with what may be applied, after `on_applied`.
  void resume(const consensus::Log& log);
  /// Tries once more to read what was damaged.
  void repaired(const consensus::Log& log);
  /// Runs `task` between two batches. Until `go_on` ends it nothing is applied, and no other such
  /// task runs.
  void between_batches(std::function<void()> task);
  void go_on(const consensus::Log& log);
  /// An image of what is applied, by the engine. Between batches.
  void begin_snapshot(SnapshotMetadata metadata, ImageHandler done);
  /// Between batches; what is applied is that of the image when `reset` says so.
  void install(SnapshotImage image, std::function<void(Result<>)> done);
  void reset(Index applied);
  /// Applies nothing more; `done` runs when the engine is no longer in use and let go.
  void stop(std::function<void()> done);

  [[nodiscard]] Index applied() const { return applied_; }
  [[nodiscard]] Index commit_index() const { return commit_index_; }
  /// The newest entry that the engine has seen. From any thread.
  [[nodiscard]] Index given_to_engine() const { return Index(given_to_engine_.load()); }

 private:
  void apply(std::vector<Entry> entries);
  void finished(Result<AppliedBatch> batch);
  void run_task();
  void fail(Error error);

  std::shared_ptr<EngineHost> engine_;
  const std::shared_ptr<IExecutor> worker_;
  const std::shared_ptr<IExecutor> strand_;
  const std::shared_ptr<WALDriver> wal_;
  const std::size_t max_batch_bytes_;
  AppliedHandler on_applied_;
  FailureHandler on_failure_;
  Index applied_;
  std::atomic<std::uint64_t> given_to_engine_ = 0;
  Index commit_index_;
  Index results_wanted_up_to_;
  bool busy_ = false;
  bool waits_for_repair_ = false;
  std::deque<std::function<void()>> tasks_;
  bool in_task_ = false;
  bool stopped_ = false;
};

}  // namespace lockstep::replication
