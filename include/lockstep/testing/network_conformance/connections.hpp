#pragma once

// Connections: made, ended by either end, lost, made again, wherever the peer is by then.

#include "lockstep/testing/network_conformance/fixture.hpp"

namespace lockstep::testing {

class NetworkConnections : public NetworkConformance {};
LOCKSTEP_CONFORMANCE_GROUP(NetworkConnections);

TEST_P(NetworkConnections, NodeKnowsItselfAndStartsAlone) {
  const auto a = add("a");
  EXPECT_EQ(a->local_node(), NodeId("a"));
  EXPECT_TRUE(a->connected_nodes().empty());
  EXPECT_FALSE(a->is_connected(NodeId("b")));
  EXPECT_TRUE(a->cluster().is_none());
  EXPECT_EQ(a->metrics().total.connections, 0U);
}

TEST_P(NetworkConnections, BothEndsKnowAndNameTheConnectionAlike) {
  const auto a = add(TestNode{.name = "a", .boot = BootNumber(41)});
  const auto b = add("b");
  NetworkProbe probe_a(*a);
  NetworkProbe probe_b(*b);
  connect(*a, "b");
  ASSERT_TRUE(probe_b.wait_events<NodeConnected>(1));
  EXPECT_EQ(a->connected_nodes(), std::vector{NodeId("b")});
  EXPECT_EQ(b->connected_nodes(), std::vector{NodeId("a")});
  EXPECT_TRUE(a->is_connected(NodeId("b")));
  EXPECT_TRUE(b->is_connected(NodeId("a")));
  const auto at_a = probe_a.seen().all<NodeConnected>().at(0).connection;
  EXPECT_EQ(at_a, probe_b.seen().all<NodeConnected>().at(0).connection);
  EXPECT_EQ(at_a.dialler, NodeId("a"));
  EXPECT_EQ(at_a.boot, BootNumber(41));

  disconnect(*a, "b");
  connect(*a, "b");
  ASSERT_TRUE(probe_b.wait_events<NodeConnected>(2));
  const auto second = probe_a.seen().all<NodeConnected>().at(1).connection;
  EXPECT_EQ(second, probe_b.seen().all<NodeConnected>().at(1).connection);
  EXPECT_GT(second.dial, at_a.dial) << "of no other connection";
}

TEST_P(NetworkConnections, ConnectToAConnectedPeerIsDoneAtOnce) {
  const auto a = add("a");
  const auto b = add("b");
  connect(*a, "b");
  connect(*a, "b");
  connect(*b, "a");
  EXPECT_EQ(a->metrics().peers.at(NodeId("b")).connections, 1U);
  EXPECT_EQ(b->metrics().peers.at(NodeId("a")).connections, 1U);
}

TEST_P(NetworkConnections, ConnectRefusesWhatIsNoPeer) {
  const auto a = add("a");
  EXPECT_EQ(a->connect({NodeId("a"), "127.0.0.1", 1}).error(), Errc::kInvalidArgument);
  EXPECT_EQ(a->connect({NodeId(""), "127.0.0.1", 1}).error(), Errc::kInvalidArgument);
  EXPECT_EQ(a->connect({NodeId("with space"), "127.0.0.1", 1}).error(), Errc::kInvalidArgument);
}

TEST_P(NetworkConnections, DialIsRefusedAndALaterOneSucceeds) {
  const auto a = add("a");
  NetworkProbe probe(*a);
  Completion<> first;
  ASSERT_TRUE(a->connect(testbed_->address("b"), first.handler()));
  EXPECT_EQ(first.get(), Errc::kConnectionRefused);
  EXPECT_TRUE(probe.wait_error("b", Errc::kConnectionRefused));
  EXPECT_FALSE(a->is_connected(NodeId("b")));
  EXPECT_GE(a->metrics().total.dials_failed, 1U);
  const auto b = add("b");
  EXPECT_TRUE(probe.wait_events<NodeConnected>(1));
  EXPECT_EQ(first.calls(), 1U) << "the outcome of the first attempt only";
}

TEST_P(NetworkConnections, NodeUnknownToThePeersConfigurationIsNotRefused) {
  const auto a = add("a");
  const auto b = add("b");
  const auto c = add("c");
  NetworkProbe probe(*b);
  connect(*b, "c");
  connect(*a, "b");
  ASSERT_TRUE(probe.wait_events<NodeConnected>(2));
  EXPECT_EQ(b->connected_nodes(), (std::vector{NodeId("a"), NodeId("c")}));
}

TEST_P(NetworkConnections, NodesFormAMesh) {
  const std::vector<std::string> names{"a", "b", "c", "d"};
  std::vector<std::shared_ptr<INetworkManager>> nodes;
  std::vector<std::unique_ptr<NetworkProbe>> probes;
  for (const auto& name : names) {
    nodes.push_back(add(name));
    probes.push_back(std::make_unique<NetworkProbe>(*nodes.back()));
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    for (std::size_t j = i + 1; j < names.size(); ++j) connect(*nodes[i], names[j]);
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    ASSERT_TRUE(probes[i]->wait_events<NodeConnected>(3));
    EXPECT_EQ(nodes[i]->connected_nodes().size(), 3U);
  }
}

TEST_P(NetworkConnections, DisconnectClosesAtBothEndsAndStopsDialling) {
  const auto a = add("a");
  const auto b = add("b");
  NetworkProbe probe_a(*a);
  NetworkProbe probe_b(*b);
  connect(*a, "b");
  ASSERT_TRUE(probe_b.wait_events<NodeConnected>(1));
  disconnect(*a, "b");
  ASSERT_TRUE(probe_b.wait_events<NodeDisconnected>(1));
  EXPECT_FALSE(a->is_connected(NodeId("b")));
  EXPECT_FALSE(b->is_connected(NodeId("a")));
  EXPECT_EQ(probe_a.seen().all<NodeDisconnected>().at(0).reason, Errc::kCancelled);
  EXPECT_EQ(probe_b.seen().all<NodeDisconnected>().at(0).reason, Errc::kConnectionLost);
  EXPECT_EQ(a->disconnect(NodeId("b")).error(), Errc::kNotConnected);
  connect(*b, "a");
  EXPECT_TRUE(b->is_connected(NodeId("a"))) << "the peer may still dial this node";
}

TEST_P(NetworkConnections, DisconnectedPeerCanBeConnectedAgain) {
  const auto a = add("a");
  const auto b = add("b");
  for (int i = 0; i < 5; ++i) {
    connect(*a, "b");
    disconnect(*a, "b");
  }
  EXPECT_FALSE(a->is_connected(NodeId("b")));
}

TEST_P(NetworkConnections, DisconnectEndsAnAttemptThatIsUnderWay) {
  LOCKSTEP_CONFORMANCE_NEEDS(kIsolate);
  const auto a = add("a");
  const auto b = add("b");
  testbed_->isolate("a", "b");
  Completion<> connected;
  Completion<> disconnected;
  ASSERT_TRUE(a->connect(testbed_->address("b"), connected.handler()));
  ASSERT_TRUE(a->disconnect(NodeId("b"), disconnected.handler()));
  EXPECT_EQ(connected.get(), Errc::kCancelled);
  EXPECT_FALSE(disconnected.get());
}

TEST_P(NetworkConnections, LostConnectionIsMadeAgain) {
  LOCKSTEP_CONFORMANCE_NEEDS(kDropConnection);
  const auto a = add("a");
  const auto b = add("b");
  NetworkProbe probe_a(*a);
  NetworkProbe probe_b(*b);
  connect(*a, "b");
  ASSERT_TRUE(probe_b.wait_events<NodeConnected>(1));
  for (std::size_t i = 1; i <= 5; ++i) {
    testbed_->drop_connection("a", "b");
    ASSERT_TRUE(probe_a.wait_events<NodeDisconnected>(i));
    ASSERT_TRUE(probe_a.wait_events<NodeConnected>(i + 1));
    ASSERT_TRUE(probe_b.wait_events<NodeConnected>(i + 1));
    EXPECT_EQ(probe_a.seen().all<NodeDisconnected>().at(i - 1).reason, Errc::kConnectionLost);
  }
  EXPECT_EQ(a->metrics().peers.at(NodeId("b")).reconnects, 5U);
  EXPECT_EQ(b->metrics().total.reconnects, 5U);
}

TEST_P(NetworkConnections, RestartedPeerIsFoundAgain) {
  const auto a = add("a");
  auto b = add(TestNode{.name = "b", .boot = BootNumber(1)});
  NetworkProbe probe(*a);
  connect(*a, "b");
  close(*b);
  b.reset();
  ASSERT_TRUE(probe.wait_events<NodeDisconnected>(1));
  b = add(TestNode{.name = "b", .boot = BootNumber(2)});
  ASSERT_TRUE(probe.wait_events<NodeConnected>(2));
  EXPECT_EQ(probe.order().front(), "+b");
}

TEST_P(NetworkConnections, PeerIsDialledAtItsNewAddress) {
  const auto a = add("a");
  auto b = add("b");
  NetworkProbe probe(*a);
  connect(*a, "b");
  close(*b);
  b.reset();
  ASSERT_TRUE(probe.wait_events<NodeDisconnected>(1));
  b = add(TestNode{.name = "b", .moved = true});
  connect(*a, "b");
  EXPECT_TRUE(a->is_connected(NodeId("b")));
}

}  // namespace lockstep::testing
