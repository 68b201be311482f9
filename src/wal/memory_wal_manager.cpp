#include "lockstep/memory_wal_manager.hpp"

#include <atomic>
#include <deque>
#include <utility>

#include "wal/incarnation.hpp"
#include "wal/log_draft.hpp"
#include "wal/log_state.hpp"

namespace lockstep {

/// What survives an instance. Its user is the instance that has it open.
class MemoryWALManager::Disk {
 public:
  std::atomic<bool> open{false};
  std::optional<LogState> state;
  std::deque<Entry> entries;  // those of `state`'s bounds
};

namespace {

/// Every change is done inside its call, at once; only the completions are posted, and so come in
/// order.
class MemoryWAL final : public MemoryWALManager {
 public:
  MemoryWAL(NodeId node, GroupId group, Runtime& runtime, std::shared_ptr<IExecutor> executor,
            std::shared_ptr<Disk> disk)
      : node_(std::move(node)),
        group_(group),
        runtime_(runtime),
        executor_(std::move(executor)),
        disk_(std::move(disk)) {}
  ~MemoryWAL() override { let_go(); }

  /// There is no rot in memory.
  void on_event(EventHandler) override {}

  void open(OpenHandler done) override { complete(std::move(done), open_now()); }

  void write(WALWrite write, DoneHandler done) override {
    complete(std::move(done), write_now(write));
  }

  void release_prefix(Boundary boundary, DoneHandler done) override {
    complete(std::move(done), release_now(boundary));
  }

  void repair(IndexRange, std::vector<Entry>, DoneHandler done) override {
    const Error error = usable();
    complete(std::move(done), error ? error : Error(Errc::kNotSupported));
  }

  void read(IndexRange range, std::size_t byte_budget, ReadHandler done) override {
    complete(std::move(done), read_now(range, byte_budget));
  }

  void close(DoneHandler done) override {
    const Error error = usable();
    let_go();
    phase_ = Phase::kClosed;
    complete(std::move(done), error);
  }

 private:
  enum class Phase { kNew, kOpen, kClosed };

  template <class Outcome>
  void complete(std::function<void(Outcome)> done, std::type_identity_t<Outcome> outcome) {
    executor_->post([done = std::move(done), outcome = std::move(outcome)]() mutable {
      done(std::move(outcome));
    });
  }

  Error usable() const {
    if (phase_ == Phase::kOpen) return {};
    return phase_ == Phase::kNew ? Errc::kWrongState : Errc::kStopped;
  }

  void let_go() {
    if (phase_ == Phase::kOpen) disk_->open.store(false);
  }

  Result<WALState> open_now() {
    if (phase_ != Phase::kNew) return Error(Errc::kWrongState);
    if (disk_->open.exchange(true)) {
      return Error(Errc::kLocked, "another log has this memory open");
    }
    if (!disk_->state) {
      WALIdentity identity;
      identity.node = node_;
      identity.group = group_;
      identity.incarnation = fresh_incarnation(runtime_);
      disk_->state.emplace(std::move(identity));
    }
    const WALIdentity& found = disk_->state->get().identity;
    if (found.node != node_ || found.group != group_) {
      disk_->open.store(false);
      return Error(Errc::kForeignData, "the memory holds the log of node " + found.node.str() +
                                           ", group " + to_string(found.group) +
                                           "; asked for was node " + node_.str() + ", group " +
                                           to_string(group_));
    }
    phase_ = Phase::kOpen;
    return disk_->state->get();
  }

  Error write_now(WALWrite& write) {
    if (const Error error = usable()) return error;
    LogState& state = *disk_->state;
    LogDraft draft(state);
    if (const Result<> checked = draft.add(write); !checked) return checked.error();
    std::deque<Entry>& entries = disk_->entries;
    if (write.truncate_from) {
      const auto kept = write.truncate_from->value() - state.first().value();
      entries.erase(entries.begin() + static_cast<std::ptrdiff_t>(kept), entries.end());
      state.truncate(*write.truncate_from);
    }
    for (Entry& entry : write.entries) {
      state.append(entry.id(), entry.header.kind);
      entries.push_back(std::move(entry));
    }
    if (write.hard_state) state.set_hard_state(*write.hard_state);
    if (write.boundary) {
      entries.clear();
      state.reset(*write.boundary);
    }
    if (write.identity) state.set_identity(*write.identity);
    if (write.install_intent) state.set_install_intent(write.install_intent);
    return {};
  }

  Error release_now(const Boundary& boundary) {
    if (const Error error = usable()) return error;
    LogState& state = *disk_->state;
    LogDraft draft(state);
    const Result<bool> moves = draft.add_release(boundary);
    if (!moves) return moves.error();
    if (!*moves) return {};
    const auto gone = boundary.last.index.next().value() - state.first().value();
    std::deque<Entry>& entries = disk_->entries;
    entries.erase(entries.begin(), entries.begin() + static_cast<std::ptrdiff_t>(gone));
    state.release(boundary);
    return {};
  }

  Result<std::vector<Entry>> read_now(const IndexRange& range, std::size_t byte_budget) const {
    if (const Error error = usable()) return error;
    const LogState& state = *disk_->state;
    if (const Result<> checked = state.check_read(range); !checked) return checked.error();
    std::vector<Entry> entries;
    std::size_t bytes = 0;
    for (Index index = range.first; index <= state.read_end(range); index = index.next()) {
      const Entry& entry = disk_->entries[index.value() - state.first().value()];
      bytes += entry.size_bytes();
      if (!entries.empty() && bytes > byte_budget) break;
      entries.push_back(entry);
    }
    return entries;
  }

  const NodeId node_;
  const GroupId group_;
  Runtime& runtime_;
  const std::shared_ptr<IExecutor> executor_;
  const std::shared_ptr<Disk> disk_;
  Phase phase_ = Phase::kNew;
};

}  // namespace

std::shared_ptr<MemoryWALManager::Disk> MemoryWALManager::make_disk() {
  return std::make_shared<Disk>();
}

std::unique_ptr<MemoryWALManager> MemoryWALManager::create(NodeId node, GroupId group,
                                                           Runtime& runtime,
                                                           std::shared_ptr<IExecutor> executor,
                                                           std::shared_ptr<Disk> disk) {
  if (!disk) disk = make_disk();
  return std::make_unique<MemoryWAL>(std::move(node), group, runtime, std::move(executor),
                                     std::move(disk));
}

}  // namespace lockstep
