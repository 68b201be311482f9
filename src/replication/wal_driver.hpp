#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "base/index_ranges.hpp"
#include "consensus/effects.hpp"
#include "lockstep/executor.hpp"
#include "lockstep/wal_source.hpp"

namespace lockstep::replication {

/// Carries calls from the replica's strand to the WAL on its executor, and their completions back:
/// one hand-over there and one back, however many writes become durable together. Methods are
/// called on the strand, handlers run there.
class WALDriver : public std::enable_shared_from_this<WALDriver> {
 public:
  using OpenHandler = IWALSource::OpenHandler;
  using ReadHandler = IWALSource::ReadHandler;
  using DurableHandler = std::function<void(consensus::WriteNumber)>;
  using FailureHandler = std::function<void(Error)>;
  using NoSpaceHandler = std::function<void()>;
  using DamageHandler = std::function<void(IndexRange)>;

  WALDriver(std::shared_ptr<IWALSource> wal, std::shared_ptr<IExecutor> executor,
            std::shared_ptr<IExecutor> strand);

  void open(OpenHandler done);
  /// Everything up to the number told is durable; told in order, perhaps several writes at once.
  void on_durable(DurableHandler handler) { on_durable_ = std::move(handler); }
  /// Told at most once; no write becomes durable after it.
  void on_failure(FailureHandler handler) { on_failure_ = std::move(handler); }
  /// There is no room for a write. It and all behind it were not written, and what is submitted
  /// from now on is not even tried, until `begin_again`.
  void on_no_space(NoSpaceHandler handler) { on_no_space_ = std::move(handler); }
  /// What the log has told of, or could not read; also what came to light before the handler did.
  void on_damage(DamageHandler handler);
  /// What comes behind a write that cuts the log waits until that one is answered: were it refused
  /// for want of space, the next would follow entries that were to be cut, and no log could tell.
  /// False: not even tried, see `on_no_space`.
  bool write(consensus::WriteNumber number, WALWrite write);
  /// Before the first `write`.
  void write_at_start(WALWrite write, std::function<void(Error)> done);
  /// After `on_no_space`: the next write makes up for all that were not written.
  void begin_again();
  void repair(IndexRange range, std::vector<Entry> entries, std::function<void(Error)> done);
  void release_prefix(Boundary boundary, std::function<void(Error)> done);
  /// A log that answers with other entries than those from `range.first` on is corrupt.
  void read(IndexRange range, std::size_t byte_budget, ReadHandler done);
  /// No handler given by an `on_...` runs any more; `done` runs when the WAL is closed
  /// and let go. Waits for an `open` that is under way; a WAL that was never opened is let go as it
  /// is. Called once, last.
  void close(std::function<void()> done);

 private:
  enum class Phase { kNew, kOpening, kOpen, kClosed };
  void opened(const OpenHandler& done, Result<WALState> state);
  void let_go(const std::function<void()>& done);
  void completed(consensus::WriteNumber number, std::uint64_t attempt, const Error& error);
  void submit(consensus::WriteNumber number, WALWrite write);
  void submit_held();
  void told(const WALEvent& event);
  void tell_failure(const Error& error);
  void post_news();
  void deliver();
  void found_damage(IndexRange range);

  std::shared_ptr<IWALSource> wal_;
  const std::shared_ptr<IExecutor> executor_;
  const std::shared_ptr<IExecutor> strand_;
  DurableHandler on_durable_;
  FailureHandler on_failure_;
  NoSpaceHandler on_no_space_;
  DamageHandler on_damage_;
  IndexRanges early_damage_;
  /// Writes between one want of space and the next are one attempt.
  std::uint64_t attempt_ = 1;
  bool no_space_ = false;
  /// The last write submitted that cuts the log, and those that wait for its end.
  consensus::WriteNumber cut_;
  std::deque<std::pair<consensus::WriteNumber, WALWrite>> held_;
  consensus::WriteNumber durable_told_;
  bool failure_told_ = false;
  Phase phase_ = Phase::kNew;
  /// Of a `close` that waits for the end of `open`.
  std::function<void()> close_done_;

  /// What the WAL executor has to tell the strand.
  struct News {
    consensus::WriteNumber durable;
    Error failure;
    /// The last attempt that there was no space for.
    std::uint64_t refused_attempt = 0;
    bool delivery_posted = false;
  };
  std::mutex news_mutex_;
  News news_;
};

}  // namespace lockstep::replication
