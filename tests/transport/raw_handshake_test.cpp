// Handshakes that a peer must be played for by hand: versions, numbers of dials, HELLO out of turn.
#include "lockstep/testing/network_conformance/log_lines.hpp"
#include "lockstep/websocket_network_manager.hpp"
#include "transport/raw_peer.hpp"

namespace lockstep::test {
namespace {

class RawHandshake : public ::testing::Test {
 protected:
  void SetUp() override {
    WebSocketNetworkOptions options;
    options.node = NodeId("a");
    options.log = log_.sink();
    a_ = WebSocketNetworkManager::create(options, runtime_).value();
    probe_.emplace(*a_);
  }
  /// Upgrades as `x` and says this HELLO.
  std::unique_ptr<RawPeer> dial(const wire::Hello& hello) {
    auto peer = std::make_unique<RawPeer>(a_->local_port());
    (void)peer->upgrade("x");
    peer->send_frame(peer->encoder.encode(hello).value());
    return peer;
  }
  static wire::Hello hello(std::uint64_t boot, std::uint64_t dial) {
    wire::Hello result = RawPeer::hello("x");
    result.boot = BootNumber(boot);
    result.dial = DialNumber(dial);
    return result;
  }
  static void finish(RawPeer& peer) {
    ASSERT_TRUE(peer.receive_as<wire::Hello>());
    peer.send_frame(peer.encoder.encode(wire::Ready{1, 0}));
  }
  void expect_refused(RawPeer& peer, Errc reason) {
    const auto refusal = peer.receive_as<wire::Refusal>();
    ASSERT_TRUE(refusal);
    EXPECT_EQ(refusal->code, reason) << refusal->text;
    EXPECT_FALSE(refusal->text.empty());
  }

  std::shared_ptr<AsioRuntime> runtime_ = AsioRuntime::create();
  testing::LogLines log_;
  std::shared_ptr<WebSocketNetworkManager> a_;
  std::optional<Probe> probe_;
};

TEST_F(RawHandshake, VersionsThatDoNotOverlapAreRefused) {
  wire::Hello newer = hello(1, 1);
  newer.protocol_min = static_cast<std::uint16_t>(wire::kProtocolMax + 1);
  newer.protocol_max = static_cast<std::uint16_t>(wire::kProtocolMax + 2);
  const auto peer = dial(newer);
  expect_refused(*peer, Errc::kBadVersion);
  EXPECT_TRUE(probe_->wait_error("x", Errc::kBadVersion));
  EXPECT_EQ(a_->metrics().total.handshake_failures_by_reason.at(Errc::kBadVersion), 1U);
  EXPECT_EQ(log_.with("no common protocol"), 1U);
}

TEST_F(RawHandshake, HigherDialNumberSupersedesWithinOneBoot) {
  const auto first = dial(hello(1, 4));
  finish(*first);
  ASSERT_TRUE(probe_->wait_events<NodeConnected>(1));
  const auto second = dial(hello(1, 5));
  finish(*second);
  ASSERT_TRUE(probe_->wait_events<NodeConnected>(2));
  EXPECT_EQ(probe_->order(), (std::vector<std::string>{"+x", "-x", "+x"}));
  EXPECT_EQ(probe_->seen().all<NodeDisconnected>().at(0).reason, Errc::kSuperseded);
  EXPECT_EQ(probe_->seen().all<NodeConnected>().at(1).connection,
            (ConnectionName{NodeId("x"), BootNumber(1), DialNumber(5)}));
}

TEST_F(RawHandshake, DialNumberThatIsNotHigherIsRefused) {
  const auto first = dial(hello(1, 4));
  finish(*first);
  ASSERT_TRUE(probe_->wait_events<NodeConnected>(1));
  for (const std::uint64_t number : {4U, 3U}) {
    const auto late = dial(hello(1, number));
    expect_refused(*late, Errc::kDuplicateConnection);
  }
  ReplicationMessage message = message_to("a", MessageType::kHeartbeat);
  message.source_node = NodeId("x");
  first->send_frame(first->encoder.encode(message).value().front());
  ASSERT_TRUE(probe_->wait_messages(1));
  EXPECT_TRUE(probe_->seen().all<NodeDisconnected>().empty()) << "the first one is kept";
}

TEST_F(RawHandshake, HelloAfterTheHandshakeEndsTheConnection) {
  const auto peer = dial(hello(1, 1));
  finish(*peer);
  ASSERT_TRUE(probe_->wait_events<NodeConnected>(1));
  peer->send_frame(peer->encoder.encode(hello(1, 1)).value());
  ASSERT_TRUE(probe_->wait_events<NodeDisconnected>(1));
  EXPECT_EQ(probe_->seen().all<NodeDisconnected>().at(0).reason, Errc::kProtocolViolation);
  EXPECT_EQ(a_->metrics().peers.at(NodeId("x")).protocol_errors, 1U);
}

}  // namespace
}  // namespace lockstep::test
