#pragma once

// Counters agree with what happened, with one another at both ends, and never go backwards.

#include <atomic>
#include <future>

#include "lockstep/testing/network_conformance/fixture.hpp"

namespace lockstep::testing {

class NetworkCounters : public NetworkConformance {
 protected:
  /// Nothing in `later` is less than in `earlier`.
  static void expect_no_less(const PeerCounters& later, const PeerCounters& earlier) {
    using Counter = std::uint64_t PeerCounters::*;
    for (const Counter counter :
         {&PeerCounters::messages_sent, &PeerCounters::messages_received, &PeerCounters::bytes_sent,
          &PeerCounters::bytes_received, &PeerCounters::sends_failed,
          &PeerCounters::handshake_failures, &PeerCounters::checksum_rejections,
          &PeerCounters::protocol_errors, &PeerCounters::dials_failed, &PeerCounters::connections,
          &PeerCounters::reconnects, &PeerCounters::max_queued_messages,
          &PeerCounters::max_queued_bytes, &PeerCounters::payload_bytes_sent,
          &PeerCounters::payload_bytes_received, &PeerCounters::payload_bytes_copied}) {
      EXPECT_GE(later.*counter, earlier.*counter);
    }
    for (const auto& [type, row] : earlier.by_type) {
      ASSERT_TRUE(later.by_type.contains(type));
      const TypeCounters& now = later.by_type.at(type);
      EXPECT_GE(now.messages_sent, row.messages_sent);
      EXPECT_GE(now.bytes_sent, row.bytes_sent);
      EXPECT_GE(now.messages_received, row.messages_received);
      EXPECT_GE(now.bytes_received, row.bytes_received);
    }
    for (const auto& [reason, n] : earlier.sends_failed_by_reason) {
      ASSERT_TRUE(later.sends_failed_by_reason.contains(reason));
      EXPECT_GE(later.sends_failed_by_reason.at(reason), n);
    }
    EXPECT_GE(later.connection_setup.count(), earlier.connection_setup.count());
    EXPECT_GE(later.round_trip.count(), earlier.round_trip.count());
  }
  static void expect_no_less(const NetworkMetrics& later, const NetworkMetrics& earlier) {
    expect_no_less(later.total, earlier.total);
    for (const auto& [node, counters] : earlier.peers) {
      if (later.peers.contains(node)) expect_no_less(later.peers.at(node), counters);
    }
    EXPECT_GE(later.messages_encoded, earlier.messages_encoded);
    EXPECT_GE(later.bytes_hashed, earlier.bytes_hashed);
    EXPECT_GE(later.unhandled_messages, earlier.unhandled_messages);
    EXPECT_GE(later.uptime, earlier.uptime);
  }
};
LOCKSTEP_CONFORMANCE_GROUP(NetworkCounters);

TEST_P(NetworkCounters, AgreeWithWhatWasSentAndAtBothEnds) {
  const auto a = add("a");
  const auto b = add("b");
  NetworkProbe probe(*b);
  connect(*a, "b");
  Outcomes outcomes;
  for (std::uint64_t i = 0; i < 50; ++i) {
    ASSERT_TRUE(a->send_message(numbered("b", i), outcomes.handler()));
  }
  ASSERT_TRUE(a->send_message(
      message_to("b", MessageType::kAppendEntries, batch_of(make_entry(1, std::size_t{1} << 20))),
      outcomes.handler()));
  ASSERT_TRUE(a->send_message(message_to("b", host_message_type(3)), outcomes.handler()));
  ASSERT_TRUE(outcomes.wait(52));
  ASSERT_TRUE(probe.wait_messages(52));
  const NetworkMetrics out = a->metrics();
  const NetworkMetrics in = b->metrics();
  const PeerCounters& to_b = out.peers.at(NodeId("b"));
  const PeerCounters& from_a = in.peers.at(NodeId("a"));
  EXPECT_EQ(to_b.messages_sent, 52U);
  EXPECT_EQ(from_a.messages_received, 52U);
  EXPECT_EQ(to_b.bytes_sent, from_a.bytes_received);
  EXPECT_EQ(to_b.bytes_received, from_a.bytes_sent);
  EXPECT_GT(to_b.bytes_sent, std::size_t{1} << 20);
  for (const auto& [type, count] :
       std::map<MessageType, std::uint64_t>{{MessageType::kHeartbeat, 50},
                                            {MessageType::kAppendEntries, 1},
                                            {host_message_type(3), 1}}) {
    const TypeCounters& sent = to_b.by_type.at(type);
    const TypeCounters& received = from_a.by_type.at(type);
    EXPECT_EQ(sent.messages_sent, count) << to_string(type);
    EXPECT_EQ(received.messages_received, count) << to_string(type);
    EXPECT_GT(sent.bytes_sent, 0U) << to_string(type);
    EXPECT_EQ(sent.bytes_sent, received.bytes_received) << to_string(type);
  }
  EXPECT_EQ(to_b.sends_failed, 0U);
  EXPECT_EQ(to_b.connections, 1U);
  EXPECT_EQ(to_b.reconnects, 0U);
  EXPECT_EQ(out.total.messages_sent, 52U);
  EXPECT_EQ(in.total.messages_received, 52U);
}

TEST_P(NetworkCounters, TellHowDeepTheQueueIsAndWas) {
  const auto a = add("a");
  const auto b = add("b");
  connect(*a, "b");
  PeerCounters now;
  Outcomes outcomes;
  inside_a_callback(*a, [&] {
    for (std::uint64_t i = 0; i < 10; ++i) {
      EXPECT_TRUE(a->send_message(numbered("b", i), outcomes.handler()));
    }
    now = a->metrics().peers.at(NodeId("b"));
  });
  EXPECT_EQ(now.queued_messages, 10U);
  EXPECT_GT(now.queued_bytes, 0U);
  ASSERT_TRUE(outcomes.wait(10));
  const PeerCounters after = a->metrics().peers.at(NodeId("b"));
  EXPECT_EQ(after.queued_messages, 0U);
  EXPECT_EQ(after.queued_bytes, 0U);
  EXPECT_EQ(after.max_queued_messages, 10U);
  EXPECT_EQ(after.max_queued_bytes, now.queued_bytes);
  EXPECT_EQ(a->metrics().total.max_queued_messages, 10U);
}

TEST_P(NetworkCounters, TellForHowLong) {
  const auto a = add("a");
  const auto b = add("b");
  connect(*a, "b");
  const NetworkMetrics up = a->metrics();
  const PeerCounters& to_b = up.peers.at(NodeId("b"));
  EXPECT_GT(to_b.connected_for.count(), 0);
  EXPECT_LT(to_b.connected_for, up.uptime);
  EXPECT_EQ(to_b.connection_setup.count(), 1U);
  EXPECT_GT(to_b.connection_setup.max().count(), 0);
  EXPECT_LE(to_b.connection_setup.max(), up.uptime);
  disconnect(*a, "b");
  const NetworkMetrics down = a->metrics();
  if (down.peers.contains(NodeId("b"))) {
    EXPECT_EQ(down.peers.at(NodeId("b")).connected_for.count(), 0);
  }
  connect(*a, "b");
  EXPECT_LT(a->metrics().peers.at(NodeId("b")).connected_for, a->metrics().uptime - up.uptime)
      << "of the present connection";
  EXPECT_EQ(a->metrics().total.connection_setup.count(), 2U);
}

TEST_P(NetworkCounters, TellWhySendsFailed) {
  const auto a = add(TestNode{.name = "a", .patience = std::chrono::milliseconds(200)});
  const auto b = add("b");
  connect(*a, "b");
  const EntryBatch batch = batch_of(make_entry(1, std::size_t{1} << 20));
  EXPECT_FALSE(a->send_message(message_to("nobody", MessageType::kAck)));
  Freeze frozen(*b);
  Outcomes outcomes;
  for (int i = 0; i < 24; ++i) {
    ASSERT_TRUE(
        a->send_message(message_to("b", MessageType::kAppendEntries, batch), outcomes.handler()));
  }
  close(*a);
  const PeerCounters total = a->metrics().total;
  EXPECT_EQ(total.sends_failed_by_reason.at(Errc::kNotConnected), 1U);
  EXPECT_EQ(total.sends_failed, outcomes.failed() + 1);
  EXPECT_EQ(total.messages_sent, 24U - outcomes.failed());
  std::uint64_t sum = 0;
  for (const auto& [reason, n] : total.sends_failed_by_reason) sum += n;
  EXPECT_EQ(sum, total.sends_failed);
}

TEST_P(NetworkCounters, NeverGoBackwards) {
  const auto a = add("a");
  const auto b = add("b");
  NetworkProbe probe(*a);
  connect(*a, "b");
  std::atomic<bool> stop{false};
  auto reader = std::async(std::launch::async, [&] {
    std::size_t reads = 0;
    NetworkMetrics earlier = a->metrics();
    while (!stop || reads < 10) {
      NetworkMetrics later = a->metrics();
      expect_no_less(later, earlier);
      earlier = std::move(later);
      ++reads;
    }
    return reads;
  });
  const bool drops = testbed_->lacks(Feature::kDropConnection).empty();
  for (std::size_t round = 0; round < 10; ++round) {
    Outcomes outcomes;
    std::size_t accepted = 0;
    for (std::uint64_t i = 0; i < 100; ++i) {
      accepted += a->send_message(numbered("b", i), outcomes.handler()).has_value() ? 1 : 0;
      (void)a->send_message(message_to("nobody", MessageType::kAck));
    }
    if (drops) {
      testbed_->drop_connection("a", "b");
      EXPECT_TRUE(probe.wait_events<NodeConnected>(round + 2));
    }
    EXPECT_TRUE(outcomes.wait(accepted));
  }
  stop = true;
  EXPECT_GE(reader.get(), 10U);
}

}  // namespace lockstep::testing
