#include "link/keep_alive.hpp"

namespace lockstep::link {

void KeepAlive::start(Time now) {
  if (interval_ > interval_.zero()) next_tick_ = now + interval_;
}

KeepAlive::Verdict KeepAlive::on_timer(Time now) {
  if (!next_tick_ || now < *next_tick_) return Verdict::kTooEarly;
  next_tick_ = now + interval_;
  silent_ticks_ = heard_ ? 0 : silent_ticks_ + 1;
  heard_ = false;
  return silent_ticks_ >= allowed_silent_ticks_ ? Verdict::kDead : Verdict::kPing;
}

std::uint64_t KeepAlive::ping_sent(Time now) {
  ping_sent_at_ = now;
  return ++last_ping_;
}

std::optional<std::chrono::nanoseconds> KeepAlive::pong(std::uint64_t number, Time now) {
  if (number != last_ping_ || !ping_sent_at_) return std::nullopt;
  const auto round_trip = now - *ping_sent_at_;
  ping_sent_at_.reset();
  return round_trip;
}

}  // namespace lockstep::link
