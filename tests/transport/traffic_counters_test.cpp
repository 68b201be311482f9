#include "transport/traffic_counters.hpp"

#include <gtest/gtest.h>

namespace lockstep::transport {
namespace {

using std::chrono::seconds;

TEST(TrafficCounters, TrafficIsCountedByType) {
  TrafficCounters counters;
  counters.count_sent(MessageType::kHeartbeat, 100);
  counters.count_sent(MessageType::kHeartbeat, 120);
  counters.count_received(MessageType::kAppendEntries, 5000);
  counters.count_received(host_message_type(31), 7);
  const PeerCounters seen = counters.snapshot(seconds(0));
  EXPECT_EQ(seen.messages_sent, 2U);
  EXPECT_EQ(seen.messages_received, 2U);
  ASSERT_EQ(seen.by_type.size(), 3U);
  EXPECT_EQ(seen.by_type.at(MessageType::kHeartbeat).messages_sent, 2U);
  EXPECT_EQ(seen.by_type.at(MessageType::kHeartbeat).bytes_sent, 220U);
  EXPECT_EQ(seen.by_type.at(MessageType::kHeartbeat).messages_received, 0U);
  EXPECT_EQ(seen.by_type.at(MessageType::kAppendEntries).bytes_received, 5000U);
  EXPECT_EQ(seen.by_type.at(host_message_type(31)).messages_received, 1U);
}

TEST(TrafficCounters, TheHostsFurtherTypesShareARow) {
  TrafficCounters counters;
  counters.count_sent(host_message_type(32), 1);
  counters.count_sent(host_message_type(5000), 1);
  const auto by_type = counters.snapshot(seconds(0)).by_type;
  ASSERT_EQ(by_type.size(), 1U);
  EXPECT_EQ(by_type.at(static_cast<MessageType>(65535)).messages_sent, 2U);
}

TEST(TrafficCounters, FailuresAreCountedByReason) {
  TrafficCounters counters;
  TrafficCounters::count_reason(counters.sends_failed, Errc::kOverloaded);
  TrafficCounters::count_reason(counters.sends_failed, Errc::kOverloaded);
  TrafficCounters::count_reason(counters.sends_failed, Errc::kNotConnected);
  TrafficCounters::count_reason(counters.handshake_failures, Errc::kNodeBarred);
  const PeerCounters seen = counters.snapshot(seconds(0));
  EXPECT_EQ(seen.sends_failed, 3U);
  EXPECT_EQ(seen.sends_failed_by_reason,
            (std::map<Errc, std::uint64_t>{{Errc::kOverloaded, 2}, {Errc::kNotConnected, 1}}));
  EXPECT_EQ(seen.handshake_failures, 1U);
  EXPECT_EQ(seen.handshake_failures_by_reason,
            (std::map<Errc, std::uint64_t>{{Errc::kNodeBarred, 1}}));
}

TEST(TrafficCounters, ReasonsOfOthersAndUnknownOnesHaveAPlaceToo) {
  TrafficCounters counters;
  TrafficCounters::count_reason(counters.sends_failed,
                                std::make_error_code(std::errc::broken_pipe));
  TrafficCounters::count_reason(counters.handshake_failures, static_cast<Errc>(60000));
  const PeerCounters seen = counters.snapshot(seconds(0));
  EXPECT_EQ(seen.sends_failed_by_reason.at(Errc::kConnectionLost), 1U);
  EXPECT_EQ(seen.handshake_failures, 1U);
}

TEST(TrafficCounters, QueueDepthNowAndAtItsMost) {
  TrafficCounters counters;
  counters.enqueue(100);
  counters.enqueue(200);
  counters.dequeue(100);
  counters.enqueue(50);
  const PeerCounters seen = counters.snapshot(seconds(0));
  EXPECT_EQ(seen.queued_messages, 2U);
  EXPECT_EQ(seen.queued_bytes, 250U);
  EXPECT_EQ(seen.max_queued_messages, 2U);
  EXPECT_EQ(seen.max_queued_bytes, 300U);
}

TEST(TrafficCounters, ConnectedForCountsFromTheLastConnection) {
  TrafficCounters counters;
  EXPECT_EQ(counters.snapshot(seconds(5)).connected_for, seconds(0));
  counters.set_up(seconds(10));
  EXPECT_EQ(counters.snapshot(seconds(13)).connected_for, seconds(3));
  counters.set_down();
  EXPECT_EQ(counters.snapshot(seconds(14)).connected_for, seconds(0));
}

}  // namespace
}  // namespace lockstep::transport
