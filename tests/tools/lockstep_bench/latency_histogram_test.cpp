#include "tools/lockstep_bench/latency_histogram.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "lockstep/split_mix.hpp"

namespace lockstep::bench {
namespace {

using std::chrono::nanoseconds;

TEST(LatencyHistogram, QuantilesAreThoseOfTheSortedValuesToWithinAHundredTwentyEighth) {
  SplitMix64 random(7);
  LatencyHistogram histogram;
  std::vector<std::int64_t> values;
  for (int i = 0; i < 20000; ++i) {
    // From nanoseconds to minutes, each power of two as likely as the next.
    const auto value = static_cast<std::int64_t>(random.next() >> (28 + random.next() % 36));
    values.push_back(value);
    histogram.record(nanoseconds(value));
  }
  std::sort(values.begin(), values.end());
  EXPECT_EQ(histogram.count(), values.size());
  EXPECT_EQ(histogram.max().count(), values.back());
  for (const double q : {0.0, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999, 0.9999, 1.0}) {
    const auto rank =
        static_cast<std::size_t>(std::max(1.0, std::ceil(q * static_cast<double>(values.size()))));
    const auto exact = static_cast<double>(values[rank - 1]);
    const auto seen = static_cast<double>(histogram.quantile(q).count());
    EXPECT_GE(seen, exact) << q;
    EXPECT_LE(seen, exact * (1 + 1.0 / 128)) << q;
  }
}

TEST(LatencyHistogram, SmallValuesAreExact) {
  LatencyHistogram histogram;
  for (int i = 0; i < 100; ++i) histogram.record(nanoseconds(i));
  EXPECT_EQ(histogram.quantile(0.5), nanoseconds(49));
  EXPECT_EQ(histogram.quantile(1), nanoseconds(99));
}

TEST(LatencyHistogram, TakesWhatIsBeyondItsRange) {
  LatencyHistogram histogram;
  EXPECT_EQ(histogram.quantile(0.5), nanoseconds(0));
  histogram.record(nanoseconds(-5));
  histogram.record(std::chrono::hours(100));
  EXPECT_EQ(histogram.quantile(0), nanoseconds(0));
  EXPECT_EQ(histogram.max(), std::chrono::hours(100));
  EXPECT_GT(histogram.quantile(1), std::chrono::hours(2));
  histogram.clear();
  EXPECT_EQ(histogram.count(), 0U);
}

}  // namespace
}  // namespace lockstep::bench
