// What a peer may throw at the WebSocket listener: each is refused with a reason, cut off and
// counted, within a deadline, and nobody else notices.
#include "lockstep/websocket_network_manager.hpp"
#include "transport/raw_peer.hpp"

namespace lockstep::test {
namespace {

class HostilePeer : public ::testing::Test {
 protected:
  void SetUp() override {
    a_ = make("a");
    b_ = make("b");
    probe_.emplace(*a_);
    bystander_.emplace(*b_);
    Completion<> connected;
    ASSERT_TRUE(b_->connect({NodeId("a"), "127.0.0.1", a_->local_port()}, connected.handler()));
    ASSERT_FALSE(connected.get());
    ASSERT_TRUE(probe_->wait_events<NodeConnected>(1));
  }
  void TearDown() override {
    ASSERT_TRUE(a_->send_message(message_to("b", MessageType::kHeartbeat)));
    EXPECT_TRUE(bystander_->wait_messages(1));
    EXPECT_TRUE(bystander_->seen().all<NodeDisconnected>().empty()) << "others are unaffected";
  }

  std::shared_ptr<WebSocketNetworkManager> make(const std::string& name) {
    WebSocketNetworkOptions options;
    options.node = NodeId(name);
    options.handshake_timeout = std::chrono::milliseconds(250);
    options.close_timeout = std::chrono::milliseconds(250);
    options.log = [](LogLevel, std::string_view) {};
    return WebSocketNetworkManager::create(options, runtime_).value();
  }
  void expect_refused(const std::string& request, const std::string& status,
                      const std::string& reason) {
    RawPeer peer(a_->local_port());
    peer.send(request);
    const std::string answer = peer.read_to_end();
    EXPECT_EQ(answer.substr(0, 12), "HTTP/1.1 " + status);
    EXPECT_NE(answer.find(reason), std::string::npos) << answer;
    EXPECT_TRUE(wait_counter(&PeerCounters::handshake_failures, 1));
    EXPECT_TRUE(probe_->wait_error(Errc::kHandshakeRefused));
  }
  bool wait_counter(std::uint64_t PeerCounters::*counter, std::uint64_t at_least) {
    const auto deadline = std::chrono::steady_clock::now() + kDeadline;
    while (a_->metrics().total.*counter < at_least) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      // An event follows each count; wait for the next one rather than for a while.
      Completion<> tick;
      if (!a_->send_message(message_to("b", MessageType::kAck), tick.handler())) return false;
      (void)tick.get();
    }
    return true;
  }

  std::shared_ptr<AsioRuntime> runtime_ = AsioRuntime::create();
  std::shared_ptr<WebSocketNetworkManager> a_;
  std::shared_ptr<WebSocketNetworkManager> b_;
  std::optional<Probe> probe_;
  std::optional<Probe> bystander_;
};

TEST_F(HostilePeer, UpgradeWithoutNodeId) {
  expect_refused(RawPeer::request("/replication", "lockstep.v1"), "400", "nodeId");
}

TEST_F(HostilePeer, UpgradeWithInvalidNodeId) {
  expect_refused(RawPeer::request("/replication?nodeId=a%20b", "lockstep.v1"), "400", "nodeId");
}

TEST_F(HostilePeer, UpgradeWithTwoNodeIds) {
  expect_refused(RawPeer::request("/replication?nodeId=x&nodeId=y", "lockstep.v1"), "400",
                 "nodeId");
}

TEST_F(HostilePeer, UpgradeInThisNodesOwnName) {
  expect_refused(RawPeer::request("/replication?nodeId=a", "lockstep.v1"), "409", "own");
}

TEST_F(HostilePeer, UpgradeOfAnotherPath) {
  expect_refused(RawPeer::request("/other?nodeId=x", "lockstep.v1"), "404", "/replication");
}

TEST_F(HostilePeer, UpgradeWithoutSubProtocol) {
  expect_refused(RawPeer::request("/replication?nodeId=x", ""), "400", "lockstep.v1");
}

TEST_F(HostilePeer, UpgradeWithUnknownSubProtocol) {
  expect_refused(RawPeer::request("/replication?nodeId=x", "chat, lockstep.v9"), "400",
                 "lockstep.v1");
}

TEST_F(HostilePeer, UpgradeFromAWebPage) {
  expect_refused(
      RawPeer::request("/replication?nodeId=x", "lockstep.v1\r\nOrigin: http://example.org"), "403",
      "web page");
}

TEST_F(HostilePeer, SubProtocolsInSeveralHeaderFields) {
  // Not hostile either: RFC 6455 allows it.
  RawPeer peer(a_->local_port());
  peer.send(
      RawPeer::request("/replication?nodeId=x", "chat\r\nSec-WebSocket-Protocol: lockstep.v1"));
  EXPECT_EQ(peer.read_to_end().substr(0, 12), "HTTP/1.1 101");
}

TEST_F(HostilePeer, PlainHttpRequest) {
  expect_refused("GET /replication?nodeId=x HTTP/1.1\r\nHost: x\r\n\r\n", "426", "WebSocket");
}

TEST_F(HostilePeer, NoHttpAtAll) {
  RawPeer peer(a_->local_port());
  peer.send("\x16\x03\x01 this is no HTTP\r\n\r\n");
  EXPECT_EQ(peer.read_to_end(), "");
  EXPECT_TRUE(wait_counter(&PeerCounters::handshake_failures, 1));
  EXPECT_TRUE(probe_->wait_error(Errc::kProtocolViolation));
}

TEST_F(HostilePeer, EndlessUpgradeRequest) {
  RawPeer peer(a_->local_port());
  peer.send("GET /" + std::string(20'000, 'x'));
  EXPECT_EQ(peer.read_to_end(), "");
  EXPECT_TRUE(wait_counter(&PeerCounters::handshake_failures, 1));
}

TEST_F(HostilePeer, SilenceInsteadOfAnUpgrade) {
  RawPeer peer(a_->local_port());
  EXPECT_EQ(peer.read_to_end(), "");
  EXPECT_TRUE(probe_->wait_error(Errc::kHandshakeTimedOut));
  EXPECT_EQ(a_->metrics().total.handshake_failures, 1U);
}

TEST_F(HostilePeer, SilenceInsteadOfHello) {
  RawPeer peer(a_->local_port());
  EXPECT_EQ(peer.upgrade("x").substr(0, 12), "HTTP/1.1 101");
  const auto refusal = peer.receive_as<wire::Refusal>();
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->code, Errc::kHandshakeTimedOut);
  (void)peer.read_to_end();
  EXPECT_TRUE(probe_->wait_error(Errc::kHandshakeTimedOut));
  EXPECT_EQ(a_->metrics().total.handshake_failures, 1U);
}

TEST_F(HostilePeer, GarbageInsteadOfHello) {
  RawPeer peer(a_->local_port());
  (void)peer.upgrade("x");
  peer.send_frame(std::string(200, 'g'));
  const auto refusal = peer.receive_as<wire::Refusal>();
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->code, Errc::kBadMagic);
  (void)peer.read_to_end();
  EXPECT_TRUE(probe_->wait_error(Errc::kBadMagic));
  EXPECT_EQ(a_->metrics().total.handshake_failures, 1U);
  EXPECT_EQ(a_->metrics().total.protocol_errors, 1U);
}

TEST_F(HostilePeer, MessageBeforeTheHandshakeIsNeverDelivered) {
  RawPeer peer(a_->local_port());
  (void)peer.upgrade("x");
  ReplicationMessage message = message_to("a", MessageType::kHeartbeat);
  message.source_node = NodeId("x");
  peer.send_frame(peer.encoder.encode(message).value().front());
  const auto refusal = peer.receive_as<wire::Refusal>();
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->code, Errc::kProtocolViolation);
  EXPECT_TRUE(probe_->wait_error(Errc::kProtocolViolation));
  EXPECT_TRUE(probe_->seen().messages.empty());
}

TEST_F(HostilePeer, HelloOfAnotherNodeThanTheUpgrade) {
  RawPeer peer(a_->local_port());
  (void)peer.upgrade("x");
  peer.send_frame(peer.encoder.encode(RawPeer::hello("b")).value());
  const auto refusal = peer.receive_as<wire::Refusal>();
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->code, Errc::kHandshakeRefused);
  EXPECT_NE(refusal->text.find("HELLO names node b"), std::string::npos);
  EXPECT_TRUE(probe_->wait_error(Errc::kHandshakeRefused));
}

TEST_F(HostilePeer, HelloTwice) {
  RawPeer peer(a_->local_port());
  (void)peer.upgrade("x");
  peer.send_frame(peer.encoder.encode(RawPeer::hello("x")).value());
  EXPECT_TRUE(peer.receive_as<wire::Hello>());
  peer.send_frame(peer.encoder.encode(RawPeer::hello("x")).value());
  (void)peer.read_to_end();
  EXPECT_TRUE(probe_->wait_error(Errc::kProtocolViolation));
}

TEST_F(HostilePeer, TextMessage) {
  RawPeer peer(a_->local_port());
  peer.connect("x");
  ASSERT_TRUE(probe_->wait_events<NodeConnected>(2));
  peer.send_frame(R"({"type":"HEARTBEAT"})", 1);
  EXPECT_TRUE(peer.is_told(Errc::kProtocolViolation));
  EXPECT_TRUE(probe_->wait_error(Errc::kProtocolViolation));
  EXPECT_EQ(a_->metrics().peers.at(NodeId("x")).protocol_errors, 1U);
}

TEST_F(HostilePeer, MessageLongerThanAnyFrame) {
  RawPeer peer(a_->local_port());
  peer.connect("x");
  ASSERT_TRUE(probe_->wait_events<NodeConnected>(2));
  peer.send_frame("x", 2, wire::kMaxFrameBytes + 1);
  (void)peer.read_to_end();
  EXPECT_TRUE(probe_->wait_error(Errc::kTooLarge));
  EXPECT_EQ(a_->metrics().peers.at(NodeId("x")).protocol_errors, 1U);
}

TEST_F(HostilePeer, MessageInTheNameOfAnother) {
  RawPeer peer(a_->local_port());
  peer.connect("x");
  ASSERT_TRUE(probe_->wait_events<NodeConnected>(2));
  ReplicationMessage message = message_to("a", MessageType::kHeartbeat);
  message.source_node = NodeId("b");
  peer.send_frame(peer.encoder.encode(message).value().front());
  const auto goodbye = peer.receive_as<wire::Goodbye>();
  ASSERT_TRUE(goodbye);
  EXPECT_EQ(goodbye->code, Errc::kProtocolViolation);
  EXPECT_TRUE(probe_->wait_error(Errc::kProtocolViolation));
  EXPECT_TRUE(probe_->seen().messages.empty());
}

TEST_F(HostilePeer, DamagedFrame) {
  RawPeer peer(a_->local_port());
  peer.connect("x");
  ASSERT_TRUE(probe_->wait_events<NodeConnected>(2));
  ReplicationMessage message = message_to("a", MessageType::kHeartbeat);
  message.source_node = NodeId("x");
  auto bytes = wire::flatten(peer.encoder.encode(message).value().front());
  bytes.back() ^= 1;
  peer.send_frame(std::string(bytes.begin(), bytes.end()));
  const auto goodbye = peer.receive_as<wire::Goodbye>();
  ASSERT_TRUE(goodbye);
  EXPECT_EQ(goodbye->code, Errc::kBadChecksum);
  EXPECT_TRUE(probe_->wait_error(Errc::kBadChecksum));
  EXPECT_EQ(a_->metrics().peers.at(NodeId("x")).checksum_rejections, 1U);
  EXPECT_EQ(a_->metrics().total.protocol_errors, 0U);
}

TEST_F(HostilePeer, MessageInSeveralWebSocketFrames) {
  RawPeer peer(a_->local_port());
  peer.connect("x");
  // A final frame that continues one of 3,000 bytes.
  peer.send(std::string{0x02, static_cast<char>(0xfe), 0x0b, static_cast<char>(0xb8)} +
            std::string(4 + 3000, 0));
  peer.send(std::string{static_cast<char>(0x80), static_cast<char>(0x81)} + std::string(5, 0));
  EXPECT_TRUE(probe_->wait_error(Errc::kProtocolViolation));
  EXPECT_TRUE(peer.is_told(Errc::kProtocolViolation)) << "and why";
}

TEST_F(HostilePeer, LongFrameBeforeTheHandshakeIsRefusedByItsHeader) {
  RawPeer peer(a_->local_port());
  (void)peer.upgrade("x");
  peer.send_frame(std::string(100, 'x'), 2, 200'000);
  EXPECT_TRUE(probe_->wait_error(Errc::kTooLarge));
}

TEST_F(HostilePeer, RefusalIsNotBelievedToBeDamageSeenHere) {
  RawPeer peer(a_->local_port());
  (void)peer.upgrade("x");
  peer.send_frame(peer.encoder.encode(wire::Refusal{{Errc::kBadChecksum, "yours is damaged"}}));
  EXPECT_TRUE(probe_->wait_error(Errc::kBadChecksum));
  const PeerCounters total = a_->metrics().total;
  EXPECT_EQ(total.handshake_failures_by_reason.at(Errc::kBadChecksum), 1U);
  EXPECT_EQ(total.checksum_rejections, 0U);
  EXPECT_EQ(total.protocol_errors, 0U);
}

TEST_F(HostilePeer, UpgradesThatNeverComeDoNotLockOthersOut) {
  std::vector<std::unique_ptr<RawPeer>> idle;
  for (int i = 0; i < 300; ++i) idle.push_back(std::make_unique<RawPeer>(a_->local_port()));
  RawPeer peer(a_->local_port());
  EXPECT_EQ(peer.upgrade("x").substr(0, 12), "HTTP/1.1 101");
  EXPECT_TRUE(probe_->wait_error(Errc::kOverloaded));
  EXPECT_GE(a_->metrics().total.handshake_failures_by_reason.at(Errc::kOverloaded), 45U);
}

TEST_F(HostilePeer, OneNameHasAFewConnectionsOnly) {
  std::vector<std::unique_ptr<RawPeer>> peers;
  for (int i = 0; i < 17; ++i) {
    peers.push_back(std::make_unique<RawPeer>(a_->local_port()));
    (void)peers.back()->upgrade("x");
  }
  EXPECT_TRUE(probe_->wait_error(Errc::kOverloaded));
  EXPECT_TRUE(b_->is_connected(NodeId("a")));
}

}  // namespace
}  // namespace lockstep::test
