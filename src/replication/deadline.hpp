#pragma once

#include <chrono>

#include "lockstep/time.hpp"

namespace lockstep::replication {

/// `timeout` after `now`; never when it is 0, or longer than the clock can tell.
[[nodiscard]] inline MonotonicTime deadline_after(MonotonicTime now,
                                                  std::chrono::milliseconds timeout) {
  using std::chrono::milliseconds;
  const auto left = std::chrono::duration_cast<milliseconds>(MonotonicTime::max() - now);
  if (timeout <= milliseconds{0} || timeout >= left) return MonotonicTime::max();
  return now + timeout;
}

}  // namespace lockstep::replication
