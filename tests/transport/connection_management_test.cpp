// Connections: made, lost, made again, refused, superseded, closed.
#include <algorithm>
#include <thread>

#include "transport/fleet.hpp"
#include "transport/probe.hpp"

namespace lockstep::test {
namespace {

class BasicNetworkOperations : public OnEveryTransport {};
class ConnectionManagement : public OnEveryTransport {};

ClusterId cluster(std::uint8_t number) {
  ClusterId::Bytes bytes{};
  bytes[0] = number;
  return ClusterId(bytes);
}

TEST_P(BasicNetworkOperations, ManagerKnowsItsNodeAndStartsAlone) {
  const auto a = fleet_->add("a");
  EXPECT_EQ(a->local_node(), NodeId("a"));
  EXPECT_TRUE(a->connected_nodes().empty());
  EXPECT_FALSE(a->is_connected(NodeId("b")));
  EXPECT_TRUE(a->cluster().is_none());
  EXPECT_EQ(a->metrics().total.connections, 0U);
}

TEST_P(BasicNetworkOperations, TwoNodesConnectAndBothKnow) {
  const auto a = fleet_->add("a");
  const auto b = fleet_->add("b");
  Probe probe_b(*b);
  connect(*a, "b");
  EXPECT_TRUE(a->is_connected(NodeId("b")));
  EXPECT_EQ(a->connected_nodes(), std::vector{NodeId("b")});
  ASSERT_TRUE(probe_b.wait_events<NodeConnected>(1));
  EXPECT_TRUE(b->is_connected(NodeId("a")));
  EXPECT_EQ(b->connected_nodes(), std::vector{NodeId("a")});
}

TEST_P(BasicNetworkOperations, SecondConnectToAConnectedPeerIsDoneAtOnce) {
  const auto a = fleet_->add("a");
  const auto b = fleet_->add("b");
  connect(*a, "b");
  connect(*a, "b");
  EXPECT_EQ(a->metrics().peers.at(NodeId("b")).connections, 1U);
}

TEST_P(BasicNetworkOperations, ConnectRefusesWhatIsNoPeer) {
  const auto a = fleet_->add("a");
  EXPECT_EQ(a->connect({NodeId("a"), "127.0.0.1", 1}).error(), Errc::kInvalidArgument);
  EXPECT_EQ(a->connect({NodeId(""), "127.0.0.1", 1}).error(), Errc::kInvalidArgument);
  EXPECT_EQ(a->connect({NodeId("with space"), "127.0.0.1", 1}).error(), Errc::kInvalidArgument);
}

TEST_P(ConnectionManagement, FirstAttemptFailsAndALaterOneSucceeds) {
  const auto a = fleet_->add("a");
  Probe probe(*a);
  Completion<> first;
  ASSERT_TRUE(a->connect(fleet_->address("b"), first.handler()));
  EXPECT_EQ(first.get(), Errc::kConnectionRefused);
  EXPECT_TRUE(probe.wait_error(Errc::kConnectionRefused));
  EXPECT_FALSE(a->is_connected(NodeId("b")));
  const auto b = fleet_->add("b");
  EXPECT_TRUE(probe.wait_events<NodeConnected>(1));
  EXPECT_EQ(first.calls(), 1U);
}

TEST_P(ConnectionManagement, DisconnectClosesAtBothEndsAndStopsDialling) {
  const auto a = fleet_->add("a");
  const auto b = fleet_->add("b");
  Probe probe_a(*a);
  Probe probe_b(*b);
  connect(*a, "b");
  ASSERT_TRUE(probe_b.wait_events<NodeConnected>(1));
  Completion<> disconnected;
  ASSERT_TRUE(a->disconnect(NodeId("b"), disconnected.handler()));
  EXPECT_FALSE(disconnected.get());
  ASSERT_TRUE(probe_b.wait_events<NodeDisconnected>(1));
  EXPECT_FALSE(a->is_connected(NodeId("b")));
  EXPECT_FALSE(b->is_connected(NodeId("a")));
  EXPECT_EQ(probe_a.seen().all<NodeDisconnected>().at(0).reason, Errc::kCancelled);
  EXPECT_EQ(probe_b.seen().all<NodeDisconnected>().at(0).reason, Errc::kConnectionLost);
  EXPECT_EQ(a->disconnect(NodeId("b")).error(), Errc::kNotConnected);
}

TEST_P(ConnectionManagement, DisconnectedPeerCanBeConnectedAgain) {
  const auto a = fleet_->add("a");
  const auto b = fleet_->add("b");
  for (int i = 0; i < 5; ++i) {
    connect(*a, "b");
    Completion<> disconnected;
    ASSERT_TRUE(a->disconnect(NodeId("b"), disconnected.handler()));
    ASSERT_FALSE(disconnected.get());
  }
  connect(*b, "a");
  EXPECT_TRUE(b->is_connected(NodeId("a")));
}

TEST_P(ConnectionManagement, DisconnectEndsAnAttemptThatIsUnderWay) {
  const auto a = fleet_->add("a");
  const auto b = fleet_->add("b");
  fleet_->isolate("a", "b");
  Completion<> connected;
  Completion<> disconnected;
  ASSERT_TRUE(a->connect(fleet_->address("b"), connected.handler()));
  ASSERT_TRUE(a->disconnect(NodeId("b"), disconnected.handler()));
  EXPECT_EQ(connected.get(), Errc::kCancelled);
  EXPECT_FALSE(disconnected.get());
}

TEST_P(ConnectionManagement, SeveralNodesFormAMesh) {
  const std::vector<std::string> names{"a", "b", "c", "d"};
  std::vector<std::shared_ptr<INetworkManager>> nodes;
  std::vector<std::unique_ptr<Probe>> probes;
  for (const auto& name : names) {
    nodes.push_back(fleet_->add(name));
    probes.push_back(std::make_unique<Probe>(*nodes.back()));
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    for (std::size_t j = i + 1; j < names.size(); ++j) connect(*nodes[i], names[j]);
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    ASSERT_TRUE(probes[i]->wait_events<NodeConnected>(3));
    EXPECT_EQ(nodes[i]->connected_nodes().size(), 3U);
  }
}

TEST_P(ConnectionManagement, LostConnectionIsMadeAgain) {
  const auto a = fleet_->add_node({.name = "a", .boot = {}, .quick_keep_alive = true});
  const auto b = fleet_->add_node({.name = "b", .boot = {}, .quick_keep_alive = true});
  Probe probe_a(*a);
  Probe probe_b(*b);
  connect(*a, "b");
  ASSERT_TRUE(probe_b.wait_events<NodeConnected>(1));
  for (std::size_t i = 1; i <= 3; ++i) {
    fleet_->drop_connection("a", "b");
    ASSERT_TRUE(probe_a.wait_events<NodeDisconnected>(i));
    ASSERT_TRUE(probe_a.wait_events<NodeConnected>(i + 1));
    ASSERT_TRUE(probe_b.wait_events<NodeConnected>(i + 1));
  }
  EXPECT_EQ(a->metrics().peers.at(NodeId("b")).reconnects, 3U);
}

TEST_P(ConnectionManagement, RestartedPeerIsFoundAgain) {
  const auto a = fleet_->add("a");
  auto b = fleet_->add_node({.name = "b", .boot = BootNumber(1)});
  Probe probe(*a);
  connect(*a, "b");
  Completion<> closed;
  b->close(closed.handler());
  ASSERT_FALSE(closed.get());
  b.reset();
  ASSERT_TRUE(probe.wait_events<NodeDisconnected>(1));
  b = fleet_->add_node({.name = "b", .boot = BootNumber(2)});
  ASSERT_TRUE(probe.wait_events<NodeConnected>(2));
  EXPECT_EQ(probe.seen().order.front(), "+b");
}

TEST_P(ConnectionManagement, RestartedPeerThatDialsSupersedesItsOldConnection) {
  const auto a = fleet_->add("a");
  auto b = fleet_->add_node({.name = "b", .boot = BootNumber(1)});
  Probe probe(*a);
  connect(*b, "a");
  ASSERT_TRUE(probe.wait_events<NodeConnected>(1));
  // The old process dies behind a cut cable: nobody tells `a`.
  fleet_->isolate("a", "b");
  b.reset();
  b = fleet_->add_node({.name = "b", .boot = BootNumber(2)});
  fleet_->heal("a", "b");
  connect(*b, "a");
  ASSERT_TRUE(probe.wait_events<NodeConnected>(2));
  const auto order = probe.seen().order;
  EXPECT_EQ((std::vector<std::string>{order.begin(), order.begin() + 3}),
            (std::vector<std::string>{"+b", "-b", "+b"}));
}

TEST_P(ConnectionManagement, SimultaneousDialsSettleOnOneConnection) {
  for (int round = 0; round < 40; ++round) {
    const auto a = fleet_->add("a");
    const auto b = fleet_->add("b");
    Probe probe_a(*a);
    Probe probe_b(*b);
    Completion<> from_a;
    Completion<> from_b;
    const PeerAddress to_a = fleet_->address("a");
    const PeerAddress to_b = fleet_->address("b");
    std::thread other([&] { EXPECT_TRUE(b->connect(to_a, from_b.handler())); });
    EXPECT_TRUE(a->connect(to_b, from_a.handler()));
    other.join();
    ASSERT_FALSE(from_a.get()) << from_a.get().message;
    ASSERT_FALSE(from_b.get()) << from_b.get().message;
    // What each sends now arrives: both hold the same connection, and it stays.
    Completion<> sent_a;
    Completion<> sent_b;
    ASSERT_TRUE(a->send_message(message_to("b", MessageType::kHeartbeat), sent_a.handler()));
    ASSERT_TRUE(b->send_message(message_to("a", MessageType::kHeartbeat), sent_b.handler()));
    ASSERT_FALSE(sent_a.get());
    ASSERT_FALSE(sent_b.get());
    ASSERT_TRUE(probe_a.wait_messages(1));
    ASSERT_TRUE(probe_b.wait_messages(1));
    EXPECT_TRUE(probe_a.seen().all<NodeDisconnected>().empty()) << "round " << round;
    EXPECT_TRUE(probe_b.seen().all<NodeDisconnected>().empty()) << "round " << round;
    EXPECT_EQ(a->metrics().total.connections, 1U);
    EXPECT_EQ(b->metrics().total.connections, 1U);
  }
}

TEST_P(ConnectionManagement, ForeignClusterIsRefusedAndBothEndsSayWhy) {
  const auto a = fleet_->add("a");
  const auto b = fleet_->add("b");
  ASSERT_TRUE(a->set_cluster(cluster(1)));
  ASSERT_TRUE(b->set_cluster(cluster(2)));
  Probe probe_a(*a);
  Probe probe_b(*b);
  Completion<> connected;
  ASSERT_TRUE(a->connect(fleet_->address("b"), connected.handler()));
  EXPECT_EQ(connected.get(), Errc::kForeignCluster);
  EXPECT_TRUE(probe_a.wait_error(Errc::kForeignCluster));
  EXPECT_TRUE(probe_b.wait_error(Errc::kForeignCluster));
  EXPECT_FALSE(a->is_connected(NodeId("b")));
  EXPECT_GE(a->metrics().total.handshake_failures, 1U);
  EXPECT_GE(b->metrics().total.handshake_failures, 1U);
}

TEST_P(ConnectionManagement, NodesOfOneClusterAndNewcomersConnect) {
  const auto a = fleet_->add("a");
  const auto b = fleet_->add("b");
  const auto c = fleet_->add("c");
  ASSERT_TRUE(a->set_cluster(cluster(1)));
  ASSERT_TRUE(a->set_cluster(cluster(1))) << "the same again is fine";
  EXPECT_EQ(a->set_cluster(cluster(2)).error(), Errc::kForeignCluster);
  EXPECT_EQ(a->cluster(), cluster(1));
  ASSERT_TRUE(b->set_cluster(cluster(1)));
  connect(*a, "b");
  connect(*a, "c");
}

TEST_P(ConnectionManagement, IsolatedPeerComesBackOnceHealed) {
  const auto a = fleet_->add_node({.name = "a", .boot = {}, .quick_keep_alive = true});
  const auto b = fleet_->add_node({.name = "b", .boot = {}, .quick_keep_alive = true});
  Probe probe(*a);
  Probe probe_b(*b);
  connect(*a, "b");
  ASSERT_TRUE(probe_b.wait_events<NodeConnected>(1));
  fleet_->isolate("a", "b");
  Completion<> swallowed;
  ASSERT_TRUE(a->send_message(message_to("b", MessageType::kHeartbeat), swallowed.handler()));
  EXPECT_FALSE(swallowed.get()) << "as with a cut cable, the operating system takes it";
  if (GetParam() == TransportKind::kWebSocket) {
    ASSERT_TRUE(probe.wait_events<NodeDisconnected>(1));
    EXPECT_EQ(probe.seen().all<NodeDisconnected>().at(0).reason, Errc::kKeepAliveTimedOut);
  }
  fleet_->heal("a", "b");
  ASSERT_TRUE(probe.wait_events<NodeConnected>(2));
  ASSERT_TRUE(probe_b.wait_events<NodeConnected>(2));
  ASSERT_TRUE(a->send_message(message_to("b", MessageType::kAck)));
  ASSERT_TRUE(probe_b.wait_messages(1));
  EXPECT_EQ(probe_b.seen().messages.at(0).type, MessageType::kAck) << "the first one was swallowed";
}

TEST_P(ConnectionManagement, CloseTellsThePeerAndRefusesWhatFollows) {
  const auto a = fleet_->add("a");
  const auto b = fleet_->add("b");
  Probe probe_a(*a);
  Probe probe_b(*b);
  connect(*a, "b");
  ASSERT_TRUE(probe_b.wait_events<NodeConnected>(1));
  Completion<> closed;
  a->close(closed.handler());
  EXPECT_EQ(a->connect(fleet_->address("b")).error(), Errc::kStopped);
  EXPECT_EQ(a->disconnect(NodeId("b")).error(), Errc::kStopped);
  EXPECT_EQ(a->send_message(message_to("b", MessageType::kHeartbeat)).error(), Errc::kStopped);
  EXPECT_EQ(a->broadcast_message({message_to("", MessageType::kHeartbeat), {}}).error(),
            Errc::kStopped);
  EXPECT_EQ(a->set_cluster(cluster(1)).error(), Errc::kStopped);
  EXPECT_FALSE(closed.get());
  EXPECT_TRUE(probe_b.wait_events<NodeDisconnected>(1));
  EXPECT_EQ(probe_a.seen().order, (std::vector<std::string>{"+b", "-b"}));
  EXPECT_TRUE(a->connected_nodes().empty());
  Completion<> again;
  a->close(again.handler());
  EXPECT_FALSE(again.get());
}

TEST_P(ConnectionManagement, CloseInsideACallbackIsFine) {
  const auto a = fleet_->add("a");
  const auto b = fleet_->add("b");
  Completion<> closed;
  const Subscription listener = a->subscribe([&](const NetworkEvent& event) {
    if (std::holds_alternative<NodeConnected>(event)) a->close(closed.handler());
  });
  ASSERT_TRUE(a->connect(fleet_->address("b")));
  EXPECT_FALSE(closed.get());
}

TEST_P(ConnectionManagement, DestructionInsideACallbackIsFine) {
  auto a = fleet_->add("a");
  const auto b = fleet_->add("b");
  Completion<> gone;
  Subscription listener = a->subscribe([&](const NetworkEvent& event) {
    if (!std::holds_alternative<NodeConnected>(event)) return;
    a.reset();
    gone.handler()(Error{});
  });
  Probe muted(*a);
  Completion<> connected;
  ASSERT_TRUE(a->connect(fleet_->address("b"), connected.handler()));
  EXPECT_FALSE(gone.get());
  EXPECT_FALSE(connected.get());
  EXPECT_TRUE(muted.seen().events.empty()) << "listeners of a destroyed manager hear nothing";
  listener.reset();
}

TEST_P(ConnectionManagement, CloseEndsAttemptsThatAreUnderWay) {
  const auto a = fleet_->add("a");
  fleet_->isolate("a", "b");
  const auto b = fleet_->add("b");
  Completion<> connected;
  Completion<> closed;
  ASSERT_TRUE(a->connect(fleet_->address("b"), connected.handler()));
  a->close(closed.handler());
  EXPECT_EQ(connected.get(), Errc::kStopped);
  EXPECT_FALSE(closed.get());
}

LOCKSTEP_ON_EVERY_TRANSPORT(BasicNetworkOperations);
LOCKSTEP_ON_EVERY_TRANSPORT(ConnectionManagement);

}  // namespace
}  // namespace lockstep::test
