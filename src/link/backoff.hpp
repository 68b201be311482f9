#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace lockstep::link {

/// Pauses between attempts: they double from `min` to `max`, and each is drawn from the upper half
/// of its range, so that nodes which lost each other at one moment do not return at one moment.
class Backoff {
 public:
  Backoff(std::chrono::nanoseconds min, std::chrono::nanoseconds max) : min_(min), max_(max) {}

  [[nodiscard]] std::chrono::nanoseconds next(std::uint64_t random);
  void reset() { current_ = std::chrono::nanoseconds{0}; }
  /// The upper end of the newest pause's range; of the first one's, where there was none.
  [[nodiscard]] std::chrono::nanoseconds longest() const { return std::max(min_, current_); }

 private:
  std::chrono::nanoseconds min_;
  std::chrono::nanoseconds max_;
  std::chrono::nanoseconds current_{0};
};

}  // namespace lockstep::link
