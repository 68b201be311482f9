#include "rocksdb_wal.hpp"

#include <algorithm>
#include <utility>

namespace rocksdb_wal {

RocksDBWAL::RocksDBWAL(RocksDBWALOptions options, Runtime& runtime,
                       std::shared_ptr<IExecutor> executor)
    : options_(std::move(options)), runtime_(runtime), executor_(std::move(executor)) {}

RocksDBWAL::~RocksDBWAL() {
  const Error stopped = Errc::kStopped;
  for (Mutation& mutation : mutations_) answer(std::move(mutation.done), stopped);
  for (Read& read : reads_) answer(std::move(read.done), Result<std::vector<Entry>>(stopped));
  if (closing_) answer(std::move(closing_), stopped);
}

void RocksDBWAL::open(OpenHandler done) {
  if (phase_ != Phase::kNew) {
    answer(std::move(done), Result<WALState>(Error(Errc::kWrongState, "open is called once")));
    return;
  }
  Result<WALState> state = open_now();
  phase_ = state ? Phase::kOpen : Phase::kClosed;
  if (!state) store_.reset(), lock_.reset();
  answer(std::move(done), std::move(state));
}

Result<WALState> RocksDBWAL::open_now() {
  IFileSystem& files = runtime_.file_system();
  if (Result<> made = files.create_folder(options_.folder); !made) return made.error();
  auto lock = files.lock(options_.folder + "/lockstep.lock");
  if (!lock) return lock.error();
  lock_ = std::move(*lock);

  auto store = RocksDBStore::open(
      options_.folder, *options_.env,
      [executor = executor_, alive = std::weak_ptr(alive_), this](const Error& error) {
        executor->post([alive, this, error] {
          if (alive.lock()) fail(error);
        });
      });
  if (!store) return store.error();
  store_ = std::move(*store);
  Result<std::optional<WALStateTracker>> stored = store_->load();
  if (!stored) return stored.error();
  tracker_ = std::move(*stored);
  if (tracker_) {
    if (const Result<> ours = check_identity(); !ours) return ours.error();
  } else {
    tracker_.emplace(options_.node, options_.group, runtime_);
    RocksDBStore::Batch birth(*store_);  // its incarnation must never change again
    birth.put_state(*tracker_);
    if (const Error error = store_->commit(birth)) return error;
  }
  return tracker_->get();
}

Result<> RocksDBWAL::check_identity() const {
  const WALIdentity& found = tracker_->get().identity;
  const auto refuse = [&](const std::string& what, const std::string& there,
                          const std::string& wanted) {
    return Error(Errc::kForeignData, options_.folder + " holds the log of " + what + " " + there +
                                         "; asked for was " + wanted);
  };
  if (found.node != options_.node) {
    return refuse("node", found.node.str(), options_.node.str());
  }
  if (found.group != options_.group) {
    return refuse("group", to_string(found.group), to_string(options_.group));
  }
  if (options_.cluster && !found.cluster.is_none() && found.cluster != *options_.cluster) {
    return refuse("cluster", to_string(found.cluster), to_string(*options_.cluster));
  }
  if (options_.epoch && !found.epoch.is_none() && found.epoch != *options_.epoch) {
    return refuse("epoch", to_string(found.epoch), to_string(*options_.epoch));
  }
  return {};
}

Error RocksDBWAL::refusal() const {
  if (phase_ == Phase::kOpen) return {};
  if (phase_ == Phase::kNew) return {Errc::kWrongState, "the log is not open yet"};
  return {Errc::kStopped, "the log is closed"};
}

void RocksDBWAL::write(WALWrite write, DoneHandler done) {
  submit(
      [write = std::move(write)](Draft& draft) -> Result<> {
        if (!draft.has_room && !write.entries.empty()) {
          return Error(Errc::kNoSpace, "too little room is left for entries");
        }
        const IndexRange held = draft.tracker.get().bounds;
        if (Result<> accepted = draft.tracker.write(write); !accepted) return accepted;
        if (write.boundary) {
          draft.batch.remove(held);
          draft.batch.put_boundary(draft.tracker);
          return {};
        }
        if (write.truncate_from) draft.batch.remove({*write.truncate_from, held.last});
        for (const Entry& entry : write.entries) draft.batch.put(entry);
        return {};
      },
      std::move(done));
}

void RocksDBWAL::release_prefix(Boundary boundary, DoneHandler done) {
  submit(
      [boundary = std::move(boundary)](Draft& draft) -> Result<> {
        const Index first = draft.tracker.get().bounds.first;
        const Result<bool> moves = draft.tracker.release_prefix(boundary);
        if (!moves) return moves.error();
        if (!*moves) return {};
        draft.batch.remove({first, boundary.last.index});
        draft.batch.put_boundary(draft.tracker);
        return {};
      },
      std::move(done));
}

void RocksDBWAL::repair(IndexRange range, std::vector<Entry> entries, DoneHandler done) {
  submit(
      [range, entries = std::move(entries)](Draft& draft) -> Result<> {
        if (Result<> fits = draft.tracker.repair(range, entries); !fits) return fits;
        for (const Entry& entry : entries) draft.batch.put(entry);
        return {};
      },
      std::move(done));
}

void RocksDBWAL::read(IndexRange range, std::size_t byte_budget, ReadHandler done) {
  if (const Error refused = refusal()) {
    answer(std::move(done), Result<std::vector<Entry>>(refused));
    return;
  }
  reads_.push_back({range, byte_budget, std::move(done)});
  run_soon();
}

void RocksDBWAL::close(DoneHandler done) {
  if (const Error refused = refusal()) {
    answer(std::move(done), refused);
    return;
  }
  phase_ = Phase::kClosing;
  closing_ = std::move(done);
  run_soon();
}

void RocksDBWAL::submit(Change change, DoneHandler done) {
  if (const Error refused = refusal()) {
    answer(std::move(done), refused);
    return;
  }
  mutations_.push_back({std::move(change), std::move(done)});
  run_soon();
}

void RocksDBWAL::run_soon() {
  if (std::exchange(run_posted_, true)) return;
  executor_->post([alive = std::weak_ptr(alive_), this] {
    if (alive.lock()) run_queue();
  });
}

void RocksDBWAL::run_queue() {
  run_posted_ = false;
  std::vector<Mutation> mutations = std::exchange(mutations_, {});
  const std::vector<Error> errors = commit(mutations);
  for (std::size_t i = 0; i < mutations.size(); ++i) {
    answer(std::move(mutations[i].done), errors[i]);
  }
  // Behind all the changes: they see what was submitted before them, and perhaps more.
  for (Read& read : std::exchange(reads_, {})) {
    answer(std::move(read.done), read_now(read.range, read.byte_budget));
  }
  if (closing_) {
    store_.reset();
    lock_.reset();
    phase_ = Phase::kClosed;
    answer(std::exchange(closing_, {}), failure_);
  }
}

std::vector<Error> RocksDBWAL::commit(const std::vector<Mutation>& mutations) {
  if (mutations.empty() || failure_) return std::vector<Error>(mutations.size(), failure_);
  const bool has_room = store_->keep_ballast();
  std::vector<Error> errors = try_commit(mutations, has_room);
  const bool full = std::find(errors.begin(), errors.end(), Errc::kNoSpace) != errors.end();
  if (!full || !has_room) return errors;
  // Without the entries, what is left may find room where the ballast was.
  store_->give_up_ballast();
  return try_commit(mutations, false);
}

std::vector<Error> RocksDBWAL::try_commit(const std::vector<Mutation>& mutations, bool has_room) {
  std::vector<Error> errors(mutations.size());
  Draft draft{*tracker_, RocksDBStore::Batch(*store_), has_room};
  bool any = false;
  for (std::size_t i = 0; i < mutations.size(); ++i) {
    const Result<> accepted = mutations[i].change(draft);
    if (!accepted) errors[i] = accepted.error();
    any = any || accepted;
  }
  if (!any) return errors;

  draft.batch.put_state(draft.tracker);
  const Error error = store_->commit(draft.batch);
  if (!error) {
    const Index first = draft.tracker.get().bounds.first;
    if (first > tracker_->get().bounds.first) store_->remove_files_before(first);
    tracker_ = std::move(draft.tracker);
    return errors;
  }
  if (error != Errc::kNoSpace) failure_ = error;
  for (Error& each : errors) {
    if (!each) each = error;
  }
  return errors;
}

Result<std::vector<Entry>> RocksDBWAL::read_now(IndexRange range, std::size_t byte_budget) {
  const Result<IndexRange> readable = tracker_->readable(range);
  if (!readable) return readable.error();
  std::vector<Entry> entries;
  std::size_t bytes = 0;
  for (Index index = readable->first; index <= readable->last; index = index.next()) {
    Result<Entry> entry = store_->read(index);
    if (!entry) {
      if (entry.error() == Errc::kCorruption) report_damage({index, readable->last});
      if (entries.empty()) return entry.error();
      break;
    }
    bytes += entry->size_bytes();
    if (!entries.empty() && bytes > byte_budget) break;
    entries.push_back(std::move(*entry));
  }
  return entries;
}

/// A rotten block takes many entries with it, so those that follow are looked at too.
void RocksDBWAL::report_damage(IndexRange within) {
  IndexRange damaged{within.first, within.first};
  while (damaged.last < within.last) {
    const auto next = store_->read(damaged.last.next());
    if (next || next.error() != Errc::kCorruption) break;
    damaged.last = damaged.last.next();
  }
  tracker_->mark_damaged(damaged);  // stored with the next change; until then, found again
  if (on_event_) answer(on_event_, WALEvent(WALDamaged{damaged}));
}

void RocksDBWAL::fail(const Error& error) {
  if (failure_ || phase_ == Phase::kClosed) return;
  failure_ = error;
  if (on_event_) answer(on_event_, WALEvent(WALFailed{error}));
}

}  // namespace rocksdb_wal
