#pragma once

#include <chrono>
#include <cstdint>

namespace lockstep::link {

/// A monotonic reading, since whenever; only differences mean something.
using Time = std::chrono::nanoseconds;

/// When something happened, and a number that nobody could foresee, drawn for it.
struct Moment {
  Time now{0};
  std::uint64_t random = 0;
};

}  // namespace lockstep::link
