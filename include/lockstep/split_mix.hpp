#pragma once

#include <cstdint>

namespace lockstep {

/// SplitMix64 (Steele, Lea and Flood 2014): the same numbers for the same seed, everywhere. Not
/// thread-safe.
class SplitMix64 {
 public:
  explicit SplitMix64(std::uint64_t seed) : state_(seed) {}

  [[nodiscard]] std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  /// One of 0 to `limit - 1`; good enough for choices. Precondition: `limit > 0`.
  [[nodiscard]] std::uint64_t below(std::uint64_t limit) { return next() % limit; }
  /// True once in `n` draws. Precondition: `n > 0`.
  [[nodiscard]] bool one_in(std::uint64_t n) { return below(n) == 0; }

 private:
  std::uint64_t state_;
};

}  // namespace lockstep
