#pragma once

#include <time.h>

#include <cstdint>

namespace lockstep::benchmark {

inline std::int64_t nanoseconds_of(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

/// The same clock in all processes of the machine.
inline std::int64_t monotonic_ns() { return nanoseconds_of(CLOCK_MONOTONIC); }

}  // namespace lockstep::benchmark
