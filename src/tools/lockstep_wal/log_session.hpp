#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>

#include "lockstep/file_wal_manager.hpp"
#include "tools/lockstep_wal/commands.hpp"
#include "tools/lockstep_wal/index_set.hpp"
#include "tools/lockstep_wal/log_view.hpp"

namespace lockstep::tools {

/// Runs tasks on the thread that waits for an answer.
class CallerExecutor final : public IExecutor {
 public:
  void post(std::function<void()> task) override;
  /// Runs what is posted until `ready` holds.
  void run_until(const std::function<bool()>& ready);

 private:
  std::mutex mutex_;
  std::condition_variable posted_;
  std::deque<std::function<void()>> tasks_;
};

/// A log opened to be changed, one call after another. Not thread-safe.
class LogSession {
 public:
  /// Takes the log's lock. Errors: kLocked, with the process that holds it; as `IWALSource::open`.
  [[nodiscard]] static Result<LogSession> open(const Surroundings& around, const LogView& view);

  [[nodiscard]] Error write(WALWrite write);
  [[nodiscard]] Error repair(IndexRange range, std::vector<Entry> entries);
  /// Reads these entries one by one, so that the log takes note of rot in its older segments.
  /// Returns all that it now takes for damaged: a batch that has rotted is so as a whole.
  [[nodiscard]] IndexSet note_damage(const IndexSet& suspects);
  [[nodiscard]] Error close();

 private:
  LogSession() = default;
  std::shared_ptr<CallerExecutor> executor_ = std::make_shared<CallerExecutor>();
  std::unique_ptr<FileWALManager> wal_;
  std::shared_ptr<IndexSet> damage_ = std::make_shared<IndexSet>();
};

}  // namespace lockstep::tools
