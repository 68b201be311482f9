#pragma once

#include <span>

#include "base/digest.hpp"

namespace lockstep {

/// A longer input would keep the other lanes waiting.
inline constexpr std::size_t kMaxLaneBytes = 8192;

/// Lanes take no empty input either.
[[nodiscard]] inline bool fits_a_lane(const HashInput& input) {
  return input.size() > 0 && input.size() <= kMaxLaneBytes;
}

/// SHA-256 of the inputs that fit a lane, by ipsec-mb, in the lanes of the processor's vectors;
/// `out` has room for all inputs. False: it cannot be done here, and nothing has been done.
/// Thread-safe.
[[nodiscard]] bool hash_in_lanes(std::span<const HashInput> inputs, Digest* out);

}  // namespace lockstep
