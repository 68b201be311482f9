#pragma once

// Who is let in: a peer of this cluster, or of none, whom the host's policy does not bar. Whoever
// is refused hears why, and both ends log it, count it and tell it.

#include <stdexcept>

#include "lockstep/testing/network_conformance/fixture.hpp"

namespace lockstep::testing {

class NetworkHandshake : public NetworkConformance {
 protected:
  static ClusterId cluster(std::uint8_t number) {
    ClusterId::Bytes bytes{};
    bytes[0] = number;
    return ClusterId(bytes);
  }
  static AdmissionPolicy bar(const std::string& barred) {
    return [barred](const PeerIdentity& peer) -> Result<> {
      if (peer.node.str() != barred) return {};
      return Error(Errc::kInvalidArgument, "the list has no " + barred);
    };
  }
  /// At one end: the event, the count and the log.
  static void expect_told(const INetworkManager& manager, const NetworkProbe& probe,
                          const LogLines& log, const std::string& peer, Errc reason,
                          const std::string& word) {
    EXPECT_TRUE(probe.wait_error(peer, reason)) << "event at " << manager.local_node().str();
    const auto reasons = manager.metrics().total.handshake_failures_by_reason;
    ASSERT_TRUE(reasons.contains(reason)) << "count at " << manager.local_node().str();
    EXPECT_GE(reasons.at(reason), 1U);
    EXPECT_GE(manager.metrics().total.handshake_failures, reasons.at(reason));
    EXPECT_GE(log.with(word), 1U) << "log of " << manager.local_node().str();
  }
};
LOCKSTEP_CONFORMANCE_GROUP(NetworkHandshake);

TEST_P(NetworkHandshake, ForeignClusterIsRefused) {
  LogLines log_a;
  LogLines log_b;
  const auto a = add(TestNode{.name = "a", .log = log_a.sink()});
  const auto b = add(TestNode{.name = "b", .log = log_b.sink()});
  ASSERT_TRUE(a->set_cluster(cluster(1)));
  ASSERT_TRUE(b->set_cluster(cluster(2)));
  NetworkProbe probe_a(*a);
  NetworkProbe probe_b(*b);
  EXPECT_EQ(try_to_connect(*a, "b"), Errc::kForeignCluster);
  expect_told(*a, probe_a, log_a, "b", Errc::kForeignCluster, "cluster");
  expect_told(*b, probe_b, log_b, "a", Errc::kForeignCluster, "cluster");
  EXPECT_FALSE(a->is_connected(NodeId("b")));
}

TEST_P(NetworkHandshake, NodesOfOneClusterAndNewcomersConnect) {
  const auto a = add("a");
  const auto b = add("b");
  const auto c = add("c");
  ASSERT_TRUE(a->set_cluster(cluster(1)));
  ASSERT_TRUE(a->set_cluster(cluster(1))) << "the same again is fine";
  EXPECT_EQ(a->set_cluster(cluster(2)).error(), Errc::kForeignCluster);
  EXPECT_EQ(a->set_cluster(ClusterId()).error(), Errc::kInvalidArgument);
  EXPECT_EQ(a->cluster(), cluster(1));
  ASSERT_TRUE(b->set_cluster(cluster(1)));
  connect(*a, "b");
  connect(*a, "c");
}

TEST_P(NetworkHandshake, ForeignPeerThatGotInBeforeIsSentAway) {
  const auto a = add("a");
  const auto b = add("b");
  ASSERT_TRUE(b->set_cluster(cluster(2)));
  NetworkProbe probe(*a);
  connect(*a, "b");
  ASSERT_TRUE(a->set_cluster(cluster(1)));
  ASSERT_TRUE(probe.wait_events<NodeDisconnected>(1));
  EXPECT_EQ(probe.seen().all<NodeDisconnected>().at(0).reason, Errc::kForeignCluster);
}

TEST_P(NetworkHandshake, PolicyBarsADialler) {
  LOCKSTEP_CONFORMANCE_NEEDS(kAdmission);
  LogLines log_a;
  LogLines log_b;
  const auto a = add(TestNode{.name = "a", .log = log_a.sink()});
  const auto b = add(TestNode{.name = "b", .admit = bar("a"), .log = log_b.sink()});
  NetworkProbe probe_a(*a);
  NetworkProbe probe_b(*b);
  const Error refused = try_to_connect(*a, "b");
  EXPECT_EQ(refused, Errc::kNodeBarred);
  EXPECT_NE(refused.message.find("the list has no a"), std::string::npos) << refused.message;
  expect_told(*a, probe_a, log_a, "b", Errc::kNodeBarred, "the list has no a");
  expect_told(*b, probe_b, log_b, "a", Errc::kNodeBarred, "the list has no a");
  const auto c = add("c");
  connect(*c, "b");
  ASSERT_TRUE(probe_b.wait_events<NodeConnected>(1));
  EXPECT_EQ(b->connected_nodes(), std::vector{NodeId("c")});
}

TEST_P(NetworkHandshake, PolicyBarsAlsoWhomThisNodeDials) {
  LOCKSTEP_CONFORMANCE_NEEDS(kAdmission);
  LogLines log_a;
  LogLines log_b;
  const auto a = add(TestNode{.name = "a", .admit = bar("b"), .log = log_a.sink()});
  const auto b = add(TestNode{.name = "b", .log = log_b.sink()});
  NetworkProbe probe_a(*a);
  NetworkProbe probe_b(*b);
  EXPECT_EQ(try_to_connect(*a, "b"), Errc::kNodeBarred);
  expect_told(*a, probe_a, log_a, "b", Errc::kNodeBarred, "the list has no b");
  expect_told(*b, probe_b, log_b, "a", Errc::kNodeBarred, "the list has no b");
}

TEST_P(NetworkHandshake, PolicyIsToldWhoThePeerIs) {
  LOCKSTEP_CONFORMANCE_NEEDS(kAdmission);
  Watched<std::vector<PeerIdentity>> asked;
  const auto a = add(TestNode{.name = "a", .boot = BootNumber(9)});
  ASSERT_TRUE(a->set_cluster(cluster(1)));
  const auto b = add(TestNode{.name = "b", .admit = [&](const PeerIdentity& peer) -> Result<> {
                                asked.change([&](auto& all) { all.push_back(peer); });
                                return {};
                              }});
  connect(*a, "b");
  ASSERT_EQ(asked.get().size(), 1U);
  EXPECT_EQ(asked.get()[0].node, NodeId("a"));
  EXPECT_EQ(asked.get()[0].cluster, cluster(1));
  EXPECT_EQ(asked.get()[0].boot, BootNumber(9));
}

TEST_P(NetworkHandshake, PolicyThatThrowsRefuses) {
  LOCKSTEP_CONFORMANCE_NEEDS(kAdmission);
  const auto a = add("a");
  const auto b = add(TestNode{.name = "b", .admit = [](const PeerIdentity&) -> Result<> {
                                throw std::runtime_error("policy");
                              }});
  EXPECT_EQ(try_to_connect(*a, "b"), Errc::kNodeBarred);
  EXPECT_GE(b->metrics().listener_exceptions, 1U);
}

TEST_P(NetworkHandshake, StrangersBeyondTheLimitAreRefused) {
  LOCKSTEP_CONFORMANCE_NEEDS(kAdmission);
  const auto a = add(TestNode{.name = "a", .max_unconfigured_peers = 2});
  const auto b = add("b");
  const auto c = add("c");
  const auto d = add("d");
  const auto e = add("e");
  NetworkProbe probe(*a);
  NetworkProbe probe_d(*d);
  connect(*b, "a");
  connect(*c, "a");
  ASSERT_TRUE(probe.wait_events<NodeConnected>(2));
  EXPECT_EQ(try_to_connect(*d, "a"), Errc::kOverloaded);
  EXPECT_TRUE(probe.wait_error("d", Errc::kOverloaded));
  connect(*a, "e");
  disconnect(*b, "a");
  EXPECT_TRUE(probe_d.wait_events<NodeConnected>(1)) << "there is room again";
}

TEST_P(NetworkHandshake, PeerThatDoesNotAnswerIsGivenUp) {
  const auto a = add(TestNode{.name = "a", .patience = std::chrono::milliseconds(200)});
  const auto b = add("b");
  NetworkProbe probe(*a);
  Freeze silent(*b);
  // Whether the peer counts as reached without an answer is the transport's matter.
  const Error outcome = try_to_connect(*a, "b");
  EXPECT_TRUE(outcome == Errc::kTimedOut || outcome == Errc::kHandshakeTimedOut) << outcome.message;
  const PeerCounters counters = a->metrics().total;
  EXPECT_GE(counters.dials_failed + counters.handshake_failures, 1U);
  EXPECT_FALSE(probe.seen().all<NodeError>().empty());
  silent.thaw();
  EXPECT_TRUE(probe.wait_events<NodeConnected>(1)) << "dialling goes on";
}

TEST_P(NetworkHandshake, PeerThatFallsSilentInTheMiddleIsGivenUp) {
  LOCKSTEP_CONFORMANCE_NEEDS(kAdmission);
  LogLines log;
  Gate gate;
  const auto a =
      add(TestNode{.name = "a", .patience = std::chrono::milliseconds(200), .log = log.sink()});
  const auto b =
      add(TestNode{.name = "b", .admit = [pass = gate.passage()](const PeerIdentity&) -> Result<> {
                     pass();
                     return {};
                   }});
  NetworkProbe probe(*a);
  NetworkProbe probe_b(*b);
  // It hangs with the answer in its hands.
  ASSERT_TRUE(b->connect(testbed_->address("a")));
  ASSERT_TRUE(gate.wait_reached());
  expect_told(*a, probe, log, "b", Errc::kHandshakeTimedOut, "in time");
  EXPECT_TRUE(probe.seen().all<NodeConnected>().empty());
  gate.open();
  EXPECT_TRUE(probe_b.wait_events<NodeConnected>(1)) << "dialling goes on";
}

}  // namespace lockstep::testing
