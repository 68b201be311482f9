#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace lockstep::bench {

/// Counts of latencies in buckets that grow by a 128th, from 1 ns to a minute and more: a quantile
/// is right to within 0.8 %. 37 KiB, whatever is recorded; recording allocates nothing. Not
/// thread-safe.
class LatencyHistogram {
 public:
  void record(std::chrono::nanoseconds latency);
  void clear() { *this = LatencyHistogram(); }

  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] std::chrono::nanoseconds max() const { return max_; }
  /// The smallest bucket that at least `q` (0 to 1) of the latencies do not exceed, by its upper
  /// end; 0 when nothing was recorded.
  [[nodiscard]] std::chrono::nanoseconds quantile(double q) const;

 private:
  static constexpr int kSubBits = 7;
  static constexpr std::size_t kSubBuckets = std::size_t{1} << kSubBits;
  /// Up to 2^43 ns, over two hours; what is longer counts as that.
  static constexpr std::size_t kBuckets = (43 - kSubBits + 1) * kSubBuckets;

  static std::size_t bucket_of(std::uint64_t value);
  static std::uint64_t largest_in(std::size_t bucket);

  std::array<std::uint64_t, kBuckets> buckets_{};
  std::uint64_t count_ = 0;
  std::chrono::nanoseconds max_{0};
};

}  // namespace lockstep::bench
