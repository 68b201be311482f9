#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

#include "link/time.hpp"

namespace lockstep::transport {

/// Lets some lines through at once and then a few a second, so that a broken or hostile peer does
/// not fill the host's log. (The generic cell rate algorithm of ITU-T I.371.)
class LogLimiter {
 public:
  /// Whether a line may be written at `now`; if so, how many were left out since the last one.
  [[nodiscard]] std::optional<std::uint64_t> admit(link::Time now) {
    const link::Time due = std::max(due_, now) + kInterval;
    if (due - now > kBurst * kInterval) {
      ++left_out_;
      return std::nullopt;
    }
    due_ = due;
    return std::exchange(left_out_, 0);
  }

 private:
  static constexpr std::chrono::milliseconds kInterval{500};
  static constexpr int kBurst = 20;

  link::Time due_{0};
  std::uint64_t left_out_ = 0;
};

}  // namespace lockstep::transport
