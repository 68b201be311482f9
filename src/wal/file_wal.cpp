#include "wal/file_wal.hpp"

#include <algorithm>
#include <utility>

#include "wal/incarnation.hpp"

namespace lockstep {
namespace {

/// Whether it is the log of the cluster and epoch that were asked for, if any were, and if it is of
/// one at all.
Result<> check_owner(const Recovered& recovered, const FileWALOptions& options) {
  const WALIdentity found = newest_identity(recovered);
  const auto refuse = [&](const char* what, const std::string& own, const std::string& wanted) {
    return Error(Errc::kForeignData, options.folder + " holds the log of node " + found.node.str() +
                                         " in " + what + " " + own + "; asked for was " + what +
                                         " " + wanted);
  };
  if (options.cluster && !found.cluster.is_none() && found.cluster != *options.cluster) {
    return refuse("cluster", to_string(found.cluster), to_string(*options.cluster));
  }
  if (options.epoch && !found.epoch.is_none() && found.epoch != *options.epoch) {
    return refuse("epoch", to_string(found.epoch), to_string(*options.epoch));
  }
  return {};
}

/// What one write takes over at most, so that nobody waits for long behind a flood.
constexpr std::size_t kGroupBytes = 4 << 20;

}  // namespace

/// What is posted to run the queue. Callers own the log that holds their calls: where the executor
/// ends without having run it, they are let go of here, or nobody would ever be.
class FileWAL::QueueRun {
 public:
  explicit QueueRun(std::shared_ptr<FileWAL> wal) : wal_(std::move(wal)) {}
  ~QueueRun() {
    if (wal_) const std::deque<Call> dropped = std::exchange(wal_->queue_, {});
  }
  QueueRun(const QueueRun&) = delete;
  QueueRun& operator=(const QueueRun&) = delete;

  void run() { std::exchange(wal_, {})->run_queue(); }

 private:
  std::shared_ptr<FileWAL> wal_;
};

FileWAL::FileWAL(FileWALOptions options, Runtime& runtime, std::shared_ptr<IExecutor> executor,
                 std::shared_ptr<IExecutor> reading_executor)
    : options_(std::move(options)),
      runtime_(runtime),
      executor_(std::move(executor)),
      reading_executor_(std::move(reading_executor)),
      folder_(runtime.file_system(), options_.folder),
      recent_(options_.cache_bytes),
      cold_reader_(runtime.file_system(), options_.folder),
      space_(runtime.file_system(), options_.folder, options_.low_space_bytes,
             options_.ballast_bytes),
      writer_(folder_, {options_.segment_bytes, options_.zero_fill_bytes, options_.sync}),
      scrubber_(options_.scrub_bytes_per_second) {}

void FileWAL::open(IWALSource::OpenHandler done) {
  Result<WALState> result = Error(Errc::kWrongState, "open is called once");
  if (phase_ == Phase::kNew) {
    result = open_now();
    phase_ = Phase::kOpen;
    if (!result) let_go();
  }
  executor_->post([done = std::move(done), result = std::move(result)] { done(result); });
}

void FileWAL::write(WALWrite write, IWALSource::DoneHandler done) {
  Mutation mutation;
  mutation.truncate_from = write.truncate_from;
  mutation.write = std::move(write);
  mutation.done = std::move(done);
  submit(std::move(mutation));
}

void FileWAL::release_prefix(Boundary boundary, IWALSource::DoneHandler done) {
  Mutation mutation;
  mutation.release = std::move(boundary);
  mutation.done = std::move(done);
  submit(std::move(mutation));
}

void FileWAL::repair(IndexRange range, std::vector<Entry> entries, IWALSource::DoneHandler done) {
  Mutation mutation;
  mutation.repair = {range, std::move(entries)};
  mutation.done = std::move(done);
  submit(std::move(mutation));
}

void FileWAL::close(IWALSource::DoneHandler done) {
  if (const Error refused = refusal()) {
    executor_->post([done = std::move(done), refused] { done(refused); });
    return;
  }
  phase_ = Phase::kClosing;
  enqueue(Close{std::move(done)});
}

void FileWAL::abandon() {
  if (phase_ == Phase::kClosed) return;
  let_go();
  if (queue_.empty()) return;
  executor_->post([waiting = std::move(queue_)] {
    for (const Call& call : waiting) {
      if (const auto* mutation = std::get_if<Mutation>(&call)) mutation->done(Errc::kStopped);
      if (const auto* read = std::get_if<Read>(&call)) read->done(Error(Errc::kStopped));
      if (const auto* close = std::get_if<Close>(&call)) close->done(Errc::kStopped);
    }
  });
  queue_.clear();
}

Error FileWAL::refusal() const {
  switch (phase_) {
    case Phase::kOpen:
      return {};
    case Phase::kNew:
      return {Errc::kWrongState, "the log is not open yet"};
    case Phase::kClosing:
    case Phase::kClosed:
      break;
  }
  return {Errc::kStopped, "the log is closed"};
}

void FileWAL::submit(Mutation mutation) {
  if (const Error refused = refusal()) {
    executor_->post([done = std::move(mutation.done), refused] { done(refused); });
    return;
  }
  if (mutation.rewrites()) ++rewrites_waiting_;
  enqueue(std::move(mutation));
}

void FileWAL::enqueue(Call call) {
  queue_.push_back(std::move(call));
  if (!std::exchange(run_posted_, true)) post_run();
}

void FileWAL::post_run() {
  executor_->post([run = std::make_shared<QueueRun>(shared_from_this())] { run->run(); });
}

FileWAL::Group FileWAL::take_group() {
  Group group;
  std::size_t bytes = 0;
  while (!queue_.empty() && bytes < kGroupBytes && !group.close) {
    const auto* next = std::get_if<Mutation>(&queue_.front());
    const bool is_repair = next != nullptr && next->repair;
    // A repair is checked against the log as it is, so nothing is written with it.
    if (is_repair && !group.mutations.empty()) break;
    Call call = std::move(queue_.front());
    queue_.pop_front();
    if (is_repair) bytes = kGroupBytes;
    if (auto* mutation = std::get_if<Mutation>(&call)) {
      if (mutation->rewrites()) --rewrites_waiting_;
      if (mutation->write) {
        for (const Entry& entry : mutation->write->entries) bytes += entry.size_bytes();
      }
      group.mutations.push_back(std::move(*mutation));
    } else if (auto* read = std::get_if<Read>(&call)) {
      // Served behind all of the group: it sees what came before, and perhaps more.
      group.reads.push_back(std::move(*read));
    } else {
      group.close = std::move(std::get<Close>(call));
    }
  }
  return group;
}

void FileWAL::run_queue() {
  run_posted_ = false;
  Group group = take_group();
  if (!queue_.empty()) {
    run_posted_ = true;
    post_run();
  }
  commit(group.mutations);
  for (Read& read : group.reads) start_read(std::move(read));
  if (group.close) finish_close(end_writing(), std::move(group.close->done));

  // From here on the host's code runs, and may call again or drop the log.
  for (const Mutation& mutation : group.mutations) mutation.done(mutation.error);
  if (phase_ == Phase::kOpen) tidy_up();
}

Result<WALState> FileWAL::open_now() {
  if (const Result<> locked = folder_.lock(); !locked) return locked.error();
  const Result<WALFolder::Segments> segments = folder_.find_segments();
  if (!segments) return segments.error();
  const Result<std::vector<TailBatch>> tail = recover(segments->named);
  if (!tail) return tail.error();
  if (const Result<> removed = folder_.remove_unnamed_segments(*segments); !removed) {
    return removed.error();
  }
  space_.find_ballast();
  if (const Result<> begun = begin_first_segment(*tail); !begun) return begun.error();
  static_cast<void>(log_.map.drop_unused_segments());
  const Result<std::vector<std::string>> missing = mark_missing_segments(folder_, log_);
  if (!missing) return missing.error();
  for (const std::string& path : *missing) say(LogLevel::kWarning, "missing: " + path);
  // What the log does not know of was dropped before the last crash or just now.
  for (const std::uint64_t number : segments->named) {
    if (log_.map.segment(number) == nullptr) {
      if (const Result<> removed = folder_.remove_segment(number); !removed) {
        say(LogLevel::kWarning, removed.error().message);
      }
    }
  }
  space_.keep_ballast();
  watch_for_rot();
  return log_.state.get();
}

Result<std::vector<TailBatch>> FileWAL::recover(const std::vector<std::uint64_t>& segments) {
  if (segments.empty()) {
    WALIdentity identity;
    identity.node = options_.node;
    identity.group = options_.group;
    identity.incarnation = fresh_incarnation(runtime_);
    log_.state = LogState(std::move(identity));
    return std::vector<TailBatch>{};
  }
  Result<Recovered> recovered = recover_log(folder_, segments, options_.node, options_.group);
  if (!recovered) return recovered.error();
  if (const Result<> own = check_owner(*recovered, options_); !own) return own.error();
  log_ = std::move(recovered->log);
  last_segment_ = segments.back();
  for (const std::string& remark : recovered->remarks) say(LogLevel::kWarning, remark);
  return std::move(recovered->tail);
}

/// A node whose disk is full starts, if the ballast has room enough for that.
Result<> FileWAL::begin_first_segment(const std::vector<TailBatch>& tail) {
  Result<> begun = begin_segment(tail);
  if (!begun && begun.error() == Errc::kNoSpace && space_.give_up_ballast()) {
    begun = begin_segment(tail);
  }
  if (!begun && begun.error() == Errc::kNoSpace) {
    return Error(Errc::kNoSpace,
                 options_.folder + ": the disk is full, and opening a log begins a new segment (" +
                     begun.error().message + "); nothing is lost, make room and open it again");
  }
  return begun;
}

Error FileWAL::end_writing() {
  Error error = failure_;
  if (!error) {
    if (const Result<> synced = writer_.sync(); !synced) error = fail(synced.error());
  }
  // The mark proves more than was promised; for want of space it can be done without.
  if (!error) error = mark_end_for_good();
  if (error == Errc::kNoSpace) error = {};
  if (!error) {
    if (const Result<> synced = writer_.sync(); !synced) error = fail(synced.error());
  }
  return error;
}

/// Behind the reads that are under way, each of which is answered first.
void FileWAL::finish_close(Error error, IWALSource::DoneHandler done) {
  idle_timer_.reset();
  scrub_timer_.reset();
  read_aside(
      [error = std::move(error)](ColdReader& reader) {
        reader.close();
        return error;
      },
      [done = std::move(done)](FileWAL& wal, const Error& result) {
        if (wal.phase_ != Phase::kClosed) wal.let_go();
        done(result);
      });
}

void FileWAL::let_go() {
  phase_ = Phase::kClosed;
  idle_timer_.reset();
  scrub_timer_.reset();
  writer_.close();
  folder_.unlock();
}

}  // namespace lockstep
