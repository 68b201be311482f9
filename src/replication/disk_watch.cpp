// A disk that is full or hangs: no more is taken on, and what was begun goes on by itself (design
// rules 7 and 8).
#include "replication/replica.hpp"
#include "replication/step.hpp"

namespace lockstep::replication {

void Replica::wal_asked(consensus::WriteNumber number) {
  submitted_ = number;
  if (!wal_waited_for_since_) wal_waited_for_since_ = runtime_->now();
}

void Replica::wal_answered() {
  if (durable_ == submitted_) {
    wal_waited_for_since_.reset();
  } else {
    wal_waited_for_since_ = runtime_->now();
  }
  // A full one that answers has taken a term or a vote; entries still wait.
  if (!core_->disk_is_full()) set_disk_state(DiskState::kHealthy);
}

void Replica::wal_found_no_space() {
  wal_waited_for_since_.reset();
  next_attempt_ = runtime_->now() + options_.retry_interval;
  set_disk_state(DiskState::kFull);
  // A term or a vote finds room where entries do not. If it does not either, it waits like them.
  const bool tries_state = !core_->disk_is_full() && core_->log().durable_index() > Index{};
  if (tries_state) wal_->begin_again();
  step([](consensus::Core& core) { core.no_space(); });
}

void Replica::watch_disk(MonotonicTime now) {
  // One attempt after another: a disk may be full and hang.
  if (next_attempt_ && now >= *next_attempt_) {
    next_attempt_.reset();
    wal_->begin_again();
    step([](consensus::Core& core) { core.write_again(); });
  }
  if (disk_ != DiskState::kStalled && wal_waited_for_since_ &&
      now - *wal_waited_for_since_ >= options_.stall_limit) {
    set_disk_state(DiskState::kStalled);
  }
}

void Replica::set_disk_state(DiskState state) {
  if (failure_ || std::exchange(disk_, state) == state) return;
  // A log that takes long to open stalls before there is a core.
  if (core_) core_->disk_stalled(state == DiskState::kStalled);
  log_(state == DiskState::kHealthy ? LogLevel::kInfo : LogLevel::kError,
       options_.node.str() + ": the disk of the log is " + to_string(state));
  board_.update([&](ReplicationStatus& status, ReplicationMetrics&) { status.disk = state; });
  host_->emit({DiskStateChanged{state}});
}

/// On the leader: what it cannot make durable itself it does not take on.
std::optional<Error> Replica::reason_not_to_append() const {
  switch (disk_) {
    case DiskState::kHealthy:
      return std::nullopt;
    case DiskState::kFull:
      return Error(Errc::kNoSpace,
                   "the disk of this node's log is full; writes are taken again "
                   "once there is room");
    case DiskState::kStalled:
      return Error(Errc::kStalled, "the disk of this node's log has not answered for " +
                                       std::to_string(options_.stall_limit.count()) + " ms");
  }
  return std::nullopt;
}

}  // namespace lockstep::replication
