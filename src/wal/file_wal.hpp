#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/digest.hpp"
#include "lockstep/file_wal_manager.hpp"
#include "wal/batch_builder.hpp"
#include "wal/cold_reader.hpp"
#include "wal/log_draft.hpp"
#include "wal/log_parts.hpp"
#include "wal/recent_entries.hpp"
#include "wal/recovery.hpp"
#include "wal/scrubber.hpp"
#include "wal/segment_writer.hpp"
#include "wal/space_guard.hpp"
#include "wal/wal_folder.hpp"

namespace lockstep {

/// The log behind a FileWALManager, kept alive by its tasks too. Calls are queued; one task takes
/// over all that wait, writes them together and syncs once.
class FileWAL : public std::enable_shared_from_this<FileWAL> {
 public:
  FileWAL(FileWALOptions options, Runtime& runtime, std::shared_ptr<IExecutor> executor,
          std::shared_ptr<IExecutor> reading_executor);

  void on_event(IWALSource::EventHandler handler) { on_event_ = std::move(handler); }
  void open(IWALSource::OpenHandler done);
  void write(WALWrite write, IWALSource::DoneHandler done);
  void release_prefix(Boundary boundary, IWALSource::DoneHandler done);
  void repair(IndexRange range, std::vector<Entry> entries, IWALSource::DoneHandler done);
  void read(IndexRange range, std::size_t byte_budget, IWALSource::ReadHandler done);
  void close(IWALSource::DoneHandler done);
  /// The manager goes. What waits is answered with kStopped; files and lock are let go at once.
  void abandon();

 private:
  enum class Phase { kNew, kOpen, kClosing, kClosed };

  struct Repair {
    IndexRange range;
    std::vector<Entry> entries;
  };
  /// A mutating call: one of the three.
  struct Mutation {
    std::optional<WALWrite> write;
    std::optional<Boundary> release;
    std::optional<Repair> repair;
    IWALSource::DoneHandler done;
    std::optional<Index> truncate_from;  // as the caller asked
    bool accepted = false;
    EntryId before_entries;  // the end of the log after the write's truncation
    Error error;
    [[nodiscard]] bool carries_entries() const {
      return repair || (write && !write->entries.empty() && !write->boundary);
    }
    /// It changes what is there already, not only behind the end.
    [[nodiscard]] bool rewrites() const {
      return release || repair || (write && (write->truncate_from || write->boundary));
    }
  };
  struct Read {
    IndexRange range;
    std::size_t byte_budget = 0;
    IWALSource::ReadHandler done;
    int attempts = 0;
  };
  struct Close {
    IWALSource::DoneHandler done;
  };
  using Call = std::variant<Mutation, Read, Close>;
  /// What one task takes over.
  struct Group {
    std::vector<Mutation> mutations;
    std::vector<Read> reads;
    std::optional<Close> close;
  };

  // The queue (file_wal.cpp).
  class QueueRun;
  [[nodiscard]] Error refusal() const;
  void submit(Mutation mutation);
  void enqueue(Call call);
  void post_run();
  [[nodiscard]] Group take_group();
  void run_queue();
  [[nodiscard]] Result<WALState> open_now();
  [[nodiscard]] Result<std::vector<TailBatch>> recover(const std::vector<std::uint64_t>& segments);
  [[nodiscard]] Result<> begin_first_segment(const std::vector<TailBatch>& tail);
  [[nodiscard]] Error end_writing();
  void finish_close(Error error, IWALSource::DoneHandler done);
  void let_go();

  // Reading (file_wal_reading.cpp).
  template <class Work, class Finish>
  void read_aside(Work work, Finish finish);
  void start_read(Read read);
  void finish_read(Read read, ColdReader::ReadResult result);
  void answer(Read read, Result<std::vector<Entry>> result);
  void note_trouble(const ColdReader::Trouble& trouble);
  void note_damage(const DamagedPlace& damage);
  void forget_segment(std::uint64_t number);
  void tell(WALEvent event);

  // Scrubbing (file_wal_scrubbing.cpp).
  void watch_for_rot();
  void on_scrub_timer();
  void on_scrubbed(const LogMap::Stretch& piece, const ColdReader::VerifyResult& result);

  // Writing (file_wal_commit.cpp).
  void commit(std::vector<Mutation>& group);
  [[nodiscard]] Error try_commit(std::vector<Mutation>& group, const Error& no_entries);
  void leave_spoiled_segment();
  void accept(Mutation& mutation, LogDraft& draft);
  [[nodiscard]] Error write_group(const std::vector<Mutation>& group);
  void build(const Mutation& mutation, StateRecord& state);
  void apply(std::vector<Mutation>& group);
  void apply_write(WALWrite& write);
  Error fail(const Error& error);
  void fail_unasked(const Error& error);
  void record_new_damage();
  [[nodiscard]] StateRecord state_record() const;
  void say(LogLevel level, const std::string& text) const;

  // Segments, and what nobody waits for (file_wal_segments.cpp).

  [[nodiscard]] Error mark_end();
  [[nodiscard]] Error mark_end_for_good();
  [[nodiscard]] Result<> begin_segment(const std::vector<TailBatch>& tail);
  [[nodiscard]] Result<> adopt_tail(const std::vector<TailBatch>& tail);
  void remove_unused_segments();
  void tidy_up();
  void watch_for_idleness();
  void on_idle_timer();

  const FileWALOptions options_;
  Runtime& runtime_;
  const std::shared_ptr<IExecutor> executor_;
  const std::shared_ptr<IExecutor> reading_executor_;
  WALFolder folder_;
  Phase phase_ = Phase::kNew;
  IWALSource::EventHandler on_event_;
  /// Final, once there is one.
  Error failure_;

  std::deque<Call> queue_;
  std::size_t rewrites_waiting_ = 0;
  bool run_posted_ = false;

  LogParts log_;
  RecentEntries recent_;
  ColdReader cold_reader_;  // of the reading executor alone
  bool cold_reader_used_ = false;
  std::vector<IndexRange> new_damage_;  // found since the log was opened, not recorded yet
  SpaceGuard space_;
  SegmentWriter writer_;
  BatchBuilder builder_;
  Sha256 sha_;
  std::uint64_t last_segment_ = 0;
  bool end_marked_ = true;
  bool boundary_moved_ = false;  // since the segment began
  bool written_since_watch_ = false;
  std::unique_ptr<Runtime::Timer> idle_timer_;
  Scrubber scrubber_;
  bool scrubbing_ = false;
  std::unique_ptr<Runtime::Timer> scrub_timer_;
};

/// Does `work(cold_reader_)` on the reading executor, and `finish(*this, its result)` on this one.
template <class Work, class Finish>
void FileWAL::read_aside(Work work, Finish finish) {
  reading_executor_->post([self = shared_from_this(), work = std::move(work),
                           finish = std::move(finish)]() mutable {
    // Both executors outlive this task, and are let go of in this order: so the threads behind them
    // never wait for each other's end.
    const std::shared_ptr<IExecutor> reading = self->reading_executor_;
    const std::shared_ptr<IExecutor> executor = self->executor_;
    auto result = work(self->cold_reader_);
    executor->post([self = std::move(self), finish = std::move(finish),
                    result = std::move(result)]() mutable { finish(*self, std::move(result)); });
  });
}

}  // namespace lockstep
