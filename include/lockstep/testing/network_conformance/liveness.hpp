#pragma once

// A peer that is there in name only is found, and comes back as soon as it can.

#include "lockstep/testing/network_conformance/fixture.hpp"

namespace lockstep::testing {

class NetworkLiveness : public NetworkConformance {
 protected:
  static TestNode watchful(const std::string& name) {
    return TestNode{.name = name, .quick_keep_alive = true};
  }
};
LOCKSTEP_CONFORMANCE_GROUP(NetworkLiveness);

TEST_P(NetworkLiveness, IsolatedPeerIsFoundAndComesBack) {
  LOCKSTEP_CONFORMANCE_NEEDS(kIsolate);
  LOCKSTEP_CONFORMANCE_NEEDS(kKeepAlive);
  const auto a = add(watchful("a"));
  const auto b = add(watchful("b"));
  NetworkProbe probe_a(*a);
  NetworkProbe probe_b(*b);
  connect(*a, "b");
  ASSERT_TRUE(probe_b.wait_events<NodeConnected>(1));
  testbed_->isolate("a", "b");
  EXPECT_FALSE(send(*a, numbered("b", 1))) << "as with a cut cable, the operating system takes it";
  ASSERT_TRUE(probe_a.wait_events<NodeDisconnected>(1));
  ASSERT_TRUE(probe_b.wait_events<NodeDisconnected>(1));
  // The one that finds it first may let go in a way that the other notices.
  const auto silent = [](const NetworkProbe& probe) {
    return probe.seen().all<NodeDisconnected>().at(0).reason == Errc::kKeepAliveTimedOut;
  };
  EXPECT_TRUE(silent(probe_a) || silent(probe_b));
  EXPECT_FALSE(a->is_connected(NodeId("b")));
  testbed_->heal("a", "b");
  ASSERT_TRUE(probe_a.wait_events<NodeConnected>(2));
  ASSERT_TRUE(probe_b.wait_events<NodeConnected>(2));
  EXPECT_FALSE(send(*a, numbered("b", 2)));
  ASSERT_TRUE(probe_b.wait_messages(1));
  EXPECT_EQ(number_of(probe_b.seen().messages.at(0).message_id), 2U) << "the first was swallowed";
}

TEST_P(NetworkLiveness, ShortSilenceLosesNothingOrTheConnection) {
  LOCKSTEP_CONFORMANCE_NEEDS(kIsolate);
  const auto a = add("a");
  const auto b = add("b");
  NetworkProbe probe_a(*a);
  NetworkProbe probe_b(*b);
  connect(*a, "b");
  ASSERT_TRUE(probe_b.wait_events<NodeConnected>(1));
  testbed_->isolate("a", "b");
  EXPECT_FALSE(send(*a, numbered("b", 1)));
  testbed_->heal("a", "b");
  // Within one connection nothing is missing: the next message finds the gap, or a new connection.
  while (probe_a.seen().all<NodeDisconnected>().empty()) {
    if (send(*a, numbered("b", 2))) break;
  }
  ASSERT_TRUE(probe_a.wait_events<NodeConnected>(2));
  ASSERT_TRUE(probe_b.wait_events<NodeConnected>(2));
  EXPECT_FALSE(send(*a, numbered("b", 3)));
  ASSERT_TRUE(probe_b.wait([](const NetworkProbe::Seen& seen) {
    return !seen.order.empty() && seen.order.back() == "a:3";
  }));
  EXPECT_EQ(probe_b.order(), (std::vector<std::string>{"+a", "-a", "+a", "a:3"}));
}

TEST_P(NetworkLiveness, FrozenPeerIsFoundAndComesBack) {
  LOCKSTEP_CONFORMANCE_NEEDS(kKeepAlive);
  const auto a = add(watchful("a"));
  const auto b = add("b");
  NetworkProbe probe(*a);
  connect(*a, "b");
  Freeze frozen(*b);
  ASSERT_TRUE(probe.wait_events<NodeDisconnected>(1));
  EXPECT_EQ(probe.seen().all<NodeDisconnected>().at(0).reason, Errc::kKeepAliveTimedOut);
  frozen.thaw();
  EXPECT_TRUE(probe.wait_events<NodeConnected>(2));
}

TEST_P(NetworkLiveness, QuietConnectionIsKeptByPingsAndTheirRoundTripsAreMeasured) {
  LOCKSTEP_CONFORMANCE_NEEDS(kKeepAlive);
  const auto a = add(watchful("a"));
  const auto b = add(watchful("b"));
  NetworkProbe probe(*a);
  connect(*a, "b");
  const auto round_trips = [&] { return a->metrics().peers.at(NodeId("b")).round_trip; };
  const auto deadline = std::chrono::steady_clock::now() + kTestDeadline;
  while (round_trips().count() < 8) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "pings are not answered";
    inside_a_callback(*a, [] {});  // a moment of its time
  }
  EXPECT_TRUE(probe.seen().all<NodeDisconnected>().empty());
  EXPECT_GT(round_trips().quantile(0.5).count(), 0);
  EXPECT_LE(round_trips().quantile(0.5), round_trips().quantile(0.99));
  EXPECT_GE(a->metrics().total.round_trip.count(), 8U);
}

}  // namespace lockstep::testing
