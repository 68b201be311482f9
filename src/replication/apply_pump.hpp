#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "consensus/log.hpp"
#include "lockstep/executor.hpp"
#include "lockstep/state_machine.hpp"
#include "replication/pending_writes.hpp"
#include "replication/wal_driver.hpp"

namespace lockstep::replication {

/// Feeds committed entries to the engine, in order, one batch at a time, on the apply worker.
/// Methods are called on the replica's strand, handlers run there.
class ApplyPump : public std::enable_shared_from_this<ApplyPump> {
 public:
  struct Batch {
    Index last;
    /// One for each command in it.
    std::vector<PendingWrites::Applied> results;
    std::size_t entries = 0;
    /// By the engine's report.
    Index durable_applied;
  };
  using AppliedHandler = std::function<void(Batch)>;
  using FailureHandler = std::function<void(Error)>;

  ApplyPump(std::shared_ptr<IStateMachine> engine, std::shared_ptr<IExecutor> worker,
            std::shared_ptr<IExecutor> strand, std::shared_ptr<WALDriver> wal,
            std::size_t max_batch_bytes);

  void recover(std::function<void(Result<RecoveredEngine>)> done);
  /// Entries after `applied` are the next to be applied.
  void start(Index applied, AppliedHandler on_applied, FailureHandler on_failure);
  /// Entries up to here may be applied; `log` serves what is in memory.
  void committed(Index index, const consensus::Log& log);
  /// Goes on with what may be applied, after `on_applied`.
  void resume(const consensus::Log& log);
  /// Tries once more to read what was damaged.
  void repaired(const consensus::Log& log);
  /// Applies nothing more; `done` runs when the engine is no longer in use and let go.
  void stop(std::function<void()> done);

  [[nodiscard]] Index applied() const { return applied_; }
  [[nodiscard]] Index commit_index() const { return commit_index_; }

 private:
  void apply(std::vector<Entry> entries);
  void finished(Result<Batch> batch);
  void fail(Error error);

  std::shared_ptr<IStateMachine> engine_;
  const std::shared_ptr<IExecutor> worker_;
  const std::shared_ptr<IExecutor> strand_;
  const std::shared_ptr<WALDriver> wal_;
  const std::size_t max_batch_bytes_;
  AppliedHandler on_applied_;
  FailureHandler on_failure_;
  Index applied_;
  Index commit_index_;
  bool busy_ = false;
  bool waits_for_repair_ = false;
  bool stopped_ = false;
};

}  // namespace lockstep::replication
