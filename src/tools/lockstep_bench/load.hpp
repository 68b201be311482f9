#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "lockstep/time.hpp"

namespace lockstep::bench {

/// What the client does.
struct Load {
  std::size_t payload_bytes = 256;
  /// Closed loop: so many writes are under way at any time; the next begins when one completes.
  std::size_t in_flight = 128;
  /// Above 0: open loop instead. Writes begin at this rate, whatever became of those before.
  double rate_per_s = 0;

  [[nodiscard]] bool is_open() const { return rate_per_s > 0; }
};

/// When the writes of an open loop are meant to begin: evenly spaced, and never moved by what
/// happens. A write that begins late has been waiting since then (no coordinated omission).
class ArrivalSchedule {
 public:
  ArrivalSchedule(MonotonicTime start, double rate_per_s)
      : start_(start), rate_per_s_(rate_per_s) {}

  /// The intended start of the next write.
  [[nodiscard]] MonotonicTime next() const {
    const double seconds = static_cast<double>(taken_) / rate_per_s_;
    return start_ + std::chrono::nanoseconds(static_cast<std::int64_t>(seconds * 1e9));
  }
  [[nodiscard]] bool is_due(MonotonicTime now) const { return next() <= now; }
  MonotonicTime take() {
    const MonotonicTime intended = next();
    ++taken_;
    return intended;
  }

 private:
  MonotonicTime start_;
  double rate_per_s_;
  std::uint64_t taken_ = 0;
};

}  // namespace lockstep::bench
