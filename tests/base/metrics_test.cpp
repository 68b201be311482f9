#include "lockstep/metrics.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace lockstep {
namespace {

using std::chrono::nanoseconds;

/// Spread over all magnitudes from 1 ns to some 1,000 s, the same in every run.
std::vector<std::int64_t> durations(std::size_t count) {
  std::vector<std::int64_t> values;
  std::uint64_t state = 12345;
  for (std::size_t i = 0; i < count; ++i) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    values.push_back(static_cast<std::int64_t>((state >> 20) >> (state % 40)) % 1'000'000'000'000);
  }
  return values;
}

TEST(Histograms, QuantilesAreRightToASixteenth) {
  std::vector<std::int64_t> values = durations(20'000);
  Histogram histogram;
  for (const std::int64_t value : values) histogram.record(nanoseconds(value));
  std::sort(values.begin(), values.end());
  for (const double q : {0.0, 0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    const auto rank = std::max<std::size_t>(
        1, static_cast<std::size_t>(std::ceil(q * static_cast<double>(values.size()))));
    const std::int64_t exact = values[rank - 1];
    const std::int64_t answer = histogram.quantile(q).count();
    EXPECT_GE(answer, exact) << q;
    EXPECT_LE(static_cast<double>(answer), static_cast<double>(exact) * 1.0625 + 1) << q;
  }
  EXPECT_EQ(histogram.max().count(), values.back());
  EXPECT_EQ(histogram.quantile(1.0), histogram.max());
}

TEST(Histograms, SmallValuesAreExact) {
  Histogram histogram;
  for (int value = 0; value < 16; ++value) histogram.record(nanoseconds(value));
  for (int value = 0; value < 16; ++value) {
    EXPECT_EQ(histogram.quantile((value + 1) / 16.0), nanoseconds(value));
  }
}

TEST(Histograms, CountAndMean) {
  Histogram histogram;
  EXPECT_EQ(histogram.count(), 0u);
  EXPECT_EQ(histogram.mean(), nanoseconds(0));
  EXPECT_EQ(histogram.quantile(0.5), nanoseconds(0));
  histogram.record(nanoseconds(100));
  histogram.record(nanoseconds(300));
  EXPECT_EQ(histogram.count(), 2u);
  EXPECT_EQ(histogram.mean(), nanoseconds(200));
}

TEST(Histograms, ValuesOutOfRangeAreKeptAtItsEnds) {
  Histogram histogram;
  histogram.record(nanoseconds(-5));
  EXPECT_EQ(histogram.max(), nanoseconds(0));
  EXPECT_EQ(histogram.quantile(1.0), nanoseconds(0));
  histogram.record(nanoseconds::max());
  EXPECT_EQ(histogram.max(), nanoseconds::max());
  EXPECT_EQ(histogram.count(), 2u);
}

TEST(Histograms, MergingIsRecordingAll) {
  const std::vector<std::int64_t> values = durations(1000);
  Histogram all;
  Histogram odd;
  Histogram even;
  for (std::size_t i = 0; i < values.size(); ++i) {
    all.record(nanoseconds(values[i]));
    (i % 2 == 0 ? even : odd).record(nanoseconds(values[i]));
  }
  Histogram one = even;
  one.merge(odd);
  Histogram other = odd;
  other.merge(even);
  for (const Histogram* sum : {&one, &other}) {
    EXPECT_EQ(sum->count(), all.count());
    EXPECT_EQ(sum->mean(), all.mean());
    EXPECT_EQ(sum->max(), all.max());
    for (const double q : {0.1, 0.5, 0.99}) EXPECT_EQ(sum->quantile(q), all.quantile(q));
  }
}

TEST(PeerCounters, AddsEveryField) {
  PeerCounters one;
  one.messages_sent = 1;
  one.messages_received = 2;
  one.bytes_sent = 3;
  one.bytes_received = 4;
  one.sends_failed = 5;
  one.checksum_rejections = 6;
  one.protocol_errors = 7;
  one.handshake_failures = 8;
  one.connections = 9;
  one.reconnects = 10;
  one.queued_bytes = 11;
  one.by_type[MessageType::kAck] = {13, 14, 15, 16};
  one.sends_failed_by_reason[Errc::kOverloaded] = 17;
  one.handshake_failures_by_reason[Errc::kNodeBarred] = 18;
  one.dials_failed = 19;
  one.connected_for = nanoseconds(20);
  one.queued_messages = 21;
  one.max_queued_messages = 22;
  one.max_queued_bytes = 23;
  one.payload_bytes_sent = 24;
  one.payload_bytes_received = 25;
  one.payload_bytes_copied = 26;
  one.round_trip.record(nanoseconds(12));
  PeerCounters sum = one;
  sum.add(one);
  EXPECT_EQ(sum.messages_sent, 2u);
  EXPECT_EQ(sum.messages_received, 4u);
  EXPECT_EQ(sum.bytes_sent, 6u);
  EXPECT_EQ(sum.bytes_received, 8u);
  EXPECT_EQ(sum.sends_failed, 10u);
  EXPECT_EQ(sum.checksum_rejections, 12u);
  EXPECT_EQ(sum.protocol_errors, 14u);
  EXPECT_EQ(sum.handshake_failures, 16u);
  EXPECT_EQ(sum.connections, 18u);
  EXPECT_EQ(sum.reconnects, 20u);
  EXPECT_EQ(sum.queued_bytes, 22u);
  EXPECT_EQ(sum.by_type.at(MessageType::kAck).messages_sent, 26u);
  EXPECT_EQ(sum.by_type.at(MessageType::kAck).bytes_sent, 28u);
  EXPECT_EQ(sum.by_type.at(MessageType::kAck).messages_received, 30u);
  EXPECT_EQ(sum.by_type.at(MessageType::kAck).bytes_received, 32u);
  EXPECT_EQ(sum.sends_failed_by_reason.at(Errc::kOverloaded), 34u);
  EXPECT_EQ(sum.handshake_failures_by_reason.at(Errc::kNodeBarred), 36u);
  EXPECT_EQ(sum.dials_failed, 38u);
  EXPECT_EQ(sum.connected_for, nanoseconds(0)) << "means nothing in a sum";
  EXPECT_EQ(sum.queued_messages, 42u);
  EXPECT_EQ(sum.max_queued_messages, 44u);
  EXPECT_EQ(sum.max_queued_bytes, 46u);
  EXPECT_EQ(sum.payload_bytes_sent, 48u);
  EXPECT_EQ(sum.payload_bytes_received, 50u);
  EXPECT_EQ(sum.payload_bytes_copied, 52u);
  EXPECT_EQ(sum.round_trip.count(), 2u);
}

}  // namespace
}  // namespace lockstep
