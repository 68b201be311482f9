#pragma once

#include <chrono>

namespace lockstep {

/// A monotonic reading; only differences mean something.
using MonotonicTime = std::chrono::time_point<std::chrono::steady_clock, std::chrono::nanoseconds>;

}  // namespace lockstep
