// When a replica looks at the clock: as seldom as it may, and by one timer that messages seldom
// move.
#include <algorithm>

#include "replication/replica.hpp"
#include "replication/step.hpp"

namespace lockstep::replication {

void Replica::tick() {
  if (phase_ != Phase::kRunning) return;
  const MonotonicTime now = runtime_->now();
  last_tick_ = now;
  next_tick_ = MonotonicTime::max();
  pending_.expire(now);
  watch_disk(now);
  step([&](consensus::Core& core) {
    core.tick(now);
    for (const std::uint64_t request : sync_waiters_.take_overdue(now)) core.request_sync(request);
  });
  let_go_of_snapshots();
  compact_by_size();
  plan_tick();
}

/// While somebody waits, several times in each heartbeat interval; else when the core says so.
void Replica::plan_tick() {
  using std::chrono::milliseconds;
  using std::chrono::nanoseconds;
  const nanoseconds pause =
      std::clamp(std::min(options_.heartbeat_interval, options_.retry_interval) / 4,
                 milliseconds{1}, milliseconds{50});
  const MonotonicTime now = runtime_->now();
  const bool is_waited_for = pending_.size() > 0 || reads_.size() > 0 || sync_waiters_.size() > 0 ||
                             wal_waited_for_since_ || disk_ != DiskState::kHealthy;
  MonotonicTime wanted = core_->next_deadline();
  if (is_waited_for) wanted = std::min(wanted, now + pause);
  // Whatever the core may wait for, ticks do not follow one another at once.
  wanted = std::max(wanted, last_tick_ + pause / 4);
  // One that comes too early finds nothing to do and plans the next: cheaper than to move it.
  if (next_tick_ <= wanted) return;
  next_tick_ = wanted;
  const nanoseconds delay = std::max<nanoseconds>(wanted - now, nanoseconds{0});
  timer_ = runtime_->schedule(strand_, delay, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->tick();
  });
}

}  // namespace lockstep::replication
