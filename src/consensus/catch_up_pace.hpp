#pragma once

#include <algorithm>
#include <cstddef>

#include "lockstep/types.hpp"

namespace lockstep::consensus {

/// How much of its window a follower gets that is fed from the WAL while others write: as little as
/// lets it gain on them. What is in flight to it competes with new entries for processors, link and
/// disks, so its window decides how long those wait.
class CatchUpPace {
 public:
  static constexpr std::size_t kSmallestShare = 16;

  /// Of its window of `full` bytes.
  [[nodiscard]] std::size_t window(std::size_t full) const {
    return std::max<std::size_t>(full / share_, 1);
  }
  /// Every now and then while it is fed from the WAL: what it has and what the leader has. One that
  /// has moved and not gained gets twice as much from now on.
  void look(Index match, Index last) {
    const auto gain = match.value() - std::min(match, match_).value();
    const auto growth = last.value() - std::min(last, last_).value();
    const bool was_seen = last_ > Index{};
    if (was_seen && gain > 0 && gain <= growth) share_ = std::max<std::size_t>(share_ / 2, 1);
    match_ = match;
    last_ = last;
  }
  /// It is fed from memory.
  void reset() { *this = {}; }

 private:
  /// One part in so many.
  std::size_t share_ = kSmallestShare;
  Index match_;
  Index last_;
};

}  // namespace lockstep::consensus
