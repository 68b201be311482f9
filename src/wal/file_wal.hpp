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
#include "wal/entry_reader.hpp"
#include "wal/log_draft.hpp"
#include "wal/log_parts.hpp"
#include "wal/recent_entries.hpp"
#include "wal/recovery.hpp"
#include "wal/segment_writer.hpp"
#include "wal/wal_folder.hpp"

namespace lockstep {

/// The log behind a FileWALManager, kept alive by its tasks too. Calls are queued; one task takes
/// over all that wait, writes them together and syncs once.
class FileWAL : public std::enable_shared_from_this<FileWAL> {
 public:
  FileWAL(FileWALOptions options, Runtime& runtime, std::shared_ptr<IExecutor> executor);

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
    bool accepted = false;
    EntryId before_entries;  // the end of the log after the write's truncation
    Error error;
    /// It changes what is there already, not only behind the end.
    [[nodiscard]] bool rewrites() const {
      return release || repair || (write && (write->truncate_from || write->boundary));
    }
  };
  struct Read {
    IndexRange range;
    std::size_t byte_budget = 0;
    IWALSource::ReadHandler done;
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
  [[nodiscard]] Error refusal() const;
  void submit(Mutation mutation);
  void enqueue(Call call);
  [[nodiscard]] Group take_group();
  void run_queue();
  [[nodiscard]] Result<std::vector<Entry>> read_now(const IndexRange& range,
                                                    std::size_t byte_budget);
  [[nodiscard]] Result<WALState> open_now();
  [[nodiscard]] Error close_now();
  void let_go();

  // Writing (file_wal_commit.cpp).
  void commit(std::vector<Mutation>& group);
  void accept(Mutation& mutation, LogDraft& draft);
  [[nodiscard]] Error write_group(const std::vector<Mutation>& group);
  void build(const Mutation& mutation, StateRecord& state);
  void apply(std::vector<Mutation>& group);
  void apply_write(WALWrite& write);
  [[nodiscard]] Error mark_end();
  [[nodiscard]] Result<> begin_segment(const std::vector<TailBatch>& tail);
  [[nodiscard]] Result<> adopt_tail(const std::vector<TailBatch>& tail);
  void remove_unused_segments();
  void tidy_up();
  void watch_for_idleness();
  void on_idle_timer();
  Error fail(const Error& error);
  [[nodiscard]] StateRecord state_record() const;
  void say(LogLevel level, const std::string& text) const;

  const FileWALOptions options_;
  Runtime& runtime_;
  const std::shared_ptr<IExecutor> executor_;
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
  EntryReader reader_;
  SegmentWriter writer_;
  BatchBuilder builder_;
  Sha256 sha_;
  std::uint64_t last_segment_ = 0;
  bool end_marked_ = true;
  bool boundary_moved_ = false;  // since the segment began
  bool written_since_watch_ = false;
  std::unique_ptr<Runtime::Timer> idle_timer_;
};

}  // namespace lockstep
