#pragma once

#include <cstdint>
#include <optional>

#include "link/time.hpp"

namespace lockstep::link {

/// Finds a peer that has gone silent. It counts its own ticks without an inbound byte, not the time
/// since the last byte: a process that was itself stopped for a while sees one late tick, and reads
/// what has come meanwhile before the next.
class KeepAlive {
 public:
  /// An interval of 0 never ticks.
  KeepAlive(std::chrono::nanoseconds interval, int allowed_silent_ticks)
      : interval_(interval), allowed_silent_ticks_(allowed_silent_ticks) {}

  void start(Time now);
  void on_bytes() { heard_ = true; }

  enum class Verdict { kTooEarly, kPing, kDead };
  [[nodiscard]] Verdict on_timer(Time now);
  /// None: it never ticks.
  [[nodiscard]] std::optional<Time> next_tick() const { return next_tick_; }

  /// The number that the next ping carries.
  [[nodiscard]] std::uint64_t ping_sent(Time now);
  /// The round trip, if it answers the newest ping.
  [[nodiscard]] std::optional<std::chrono::nanoseconds> pong(std::uint64_t number, Time now);

 private:
  std::chrono::nanoseconds interval_;
  int allowed_silent_ticks_;
  int silent_ticks_ = 0;
  bool heard_ = true;
  std::optional<Time> next_tick_;
  std::uint64_t last_ping_ = 0;
  std::optional<Time> ping_sent_at_;
};

}  // namespace lockstep::link
