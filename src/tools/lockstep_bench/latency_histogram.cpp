#include "tools/lockstep_bench/latency_histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace lockstep::bench {

// Each power of two has kSubBuckets buckets; the values below that have one each.
std::size_t LatencyHistogram::bucket_of(std::uint64_t value) {
  if (value < kSubBuckets) return static_cast<std::size_t>(value);
  const int power = static_cast<int>(std::bit_width(value)) - 1 - kSubBits;
  const auto bucket =
      static_cast<std::size_t>(power) * kSubBuckets + static_cast<std::size_t>(value >> power);
  return std::min(bucket, kBuckets - 1);
}

std::uint64_t LatencyHistogram::largest_in(std::size_t bucket) {
  if (bucket < kSubBuckets) return bucket;
  const std::size_t power = bucket / kSubBuckets - 1;
  return ((bucket % kSubBuckets + kSubBuckets + 1) << power) - 1;
}

void LatencyHistogram::record(std::chrono::nanoseconds latency) {
  latency = std::max(latency, std::chrono::nanoseconds{0});
  ++buckets_[bucket_of(static_cast<std::uint64_t>(latency.count()))];
  ++count_;
  max_ = std::max(max_, latency);
}

std::chrono::nanoseconds LatencyHistogram::quantile(double q) const {
  if (count_ == 0) return std::chrono::nanoseconds{0};
  const auto wanted =
      static_cast<std::uint64_t>(std::ceil(std::clamp(q, 0.0, 1.0) * static_cast<double>(count_)));
  const std::uint64_t rank = std::max<std::uint64_t>(1, wanted);
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    seen += buckets_[i];
    if (seen < rank) continue;
    return std::min(max_, std::chrono::nanoseconds{static_cast<std::int64_t>(largest_in(i))});
  }
  return max_;
}

}  // namespace lockstep::bench
