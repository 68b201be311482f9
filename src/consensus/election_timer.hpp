#pragma once

#include <chrono>
#include <cstdint>

#include "lockstep/split_mix.hpp"
#include "lockstep/time.hpp"

namespace lockstep::consensus {

/// When a node that hears of no leader campaigns (Raft §5.2): after a time-out that is drawn anew
/// each time, so that two nodes seldom begin at once and never keep on doing so.
class ElectionTimer {
 public:
  /// Precondition: `0 < min <= max`.
  ElectionTimer(std::chrono::nanoseconds min, std::chrono::nanoseconds max, std::uint64_t seed,
                MonotonicTime now)
      : min_(min), max_(max), random_(seed) {
    restart(now);
  }

  /// Waits for a new time-out from now on.
  void restart(MonotonicTime now) {
    since_ = now;
    timeout_ = min_ + one_of(max_ - min_);
  }
  /// From the leader: waits for the same time-out from now on, unless it was cut short.
  void heard(MonotonicTime now) {
    if (timeout_ < min_) return restart(now);
    since_ = now;
  }
  /// Is due at once.
  void expire() { timeout_ = std::chrono::nanoseconds{0}; }
  /// Is due within `range` from now on.
  void hasten(MonotonicTime now, std::chrono::nanoseconds range) {
    since_ = now;
    timeout_ = one_of(range);
  }
  /// Is not due before `least` has passed from now on.
  void postpone(MonotonicTime now, std::chrono::nanoseconds least) {
    if (due_at() >= now + least) return;
    since_ = now;
    timeout_ = least;
  }
  [[nodiscard]] MonotonicTime due_at() const { return since_ + timeout_; }
  [[nodiscard]] bool is_due(MonotonicTime now) const { return now >= due_at(); }

 private:
  [[nodiscard]] std::chrono::nanoseconds one_of(std::chrono::nanoseconds range) {
    const auto choices = static_cast<std::uint64_t>(range.count()) + 1;
    return std::chrono::nanoseconds(static_cast<std::int64_t>(random_.below(choices)));
  }

  std::chrono::nanoseconds min_;
  std::chrono::nanoseconds max_;
  SplitMix64 random_;
  MonotonicTime since_;
  std::chrono::nanoseconds timeout_{};
};

}  // namespace lockstep::consensus
