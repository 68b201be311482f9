#include "link/handshake.hpp"

#include <gtest/gtest.h>

namespace lockstep::link {
namespace {

using Phase = Handshake::Phase;

LocalNode local(const std::string& name, std::uint64_t boot = 1) {
  LocalNode node;
  node.node = NodeId(name);
  node.boot = BootNumber(boot);
  return node;
}

ClusterId cluster(std::uint8_t number) {
  ClusterId::Bytes bytes{};
  bytes[0] = number;
  return ClusterId(bytes);
}

/// A HELLO that "a" takes from "b" on its dial 7.
wire::Hello good_hello() {
  wire::Hello hello;
  hello.node = NodeId("b");
  hello.boot = BootNumber(5);
  hello.dial = DialNumber(7);
  return hello;
}

Handshake dialler() {
  Handshake handshake(Side::kDialler, NodeId("b"), DialNumber(7));
  (void)handshake.open(local("a"));
  return handshake;
}

TEST(Handshake, EndsAtBothEnds) {
  LocalNode a = local("a", 3);
  LocalNode b = local("b", 4);
  a.features = 0b0110;
  b.features = 0b0011;
  a.cluster = cluster(1);
  Handshake dials(Side::kDialler, NodeId("b"), DialNumber(9));
  Handshake accepts(Side::kAcceptor, NodeId("a"), DialNumber());
  EXPECT_EQ(dials.phase(), Phase::kOpening);
  ASSERT_TRUE(accepts.receive(dials.open(a), b));
  EXPECT_EQ(accepts.phase(), Phase::kJudging);
  EXPECT_EQ(accepts.dial(), DialNumber(9));
  EXPECT_EQ(accepts.peer_boot(), BootNumber(3));
  EXPECT_EQ(accepts.peer_cluster(), cluster(1));
  ASSERT_TRUE(dials.receive(accepts.accept(b), a));
  EXPECT_TRUE(dials.done());
  EXPECT_EQ(dials.ready().features, 0b0010U);
  EXPECT_FALSE(accepts.done());
  ASSERT_TRUE(accepts.receive(dials.ready()));
  EXPECT_TRUE(accepts.done());
}

TEST(Handshake, RefusesWhatDoesNotFit) {
  struct Case {
    const char* name;
    std::function<void(wire::Hello&)> spoil;
    Errc expected;
  };
  const std::vector<Case> cases{
      {"nothing wrong", [](wire::Hello&) {}, Errc{}},
      {"another node", [](auto& h) { h.node = NodeId("c"); }, Errc::kHandshakeRefused},
      {"our own id", [](auto& h) { h.node = NodeId("a"); }, Errc::kHandshakeRefused},
      {"foreign cluster", [](auto& h) { h.cluster = cluster(2); }, Errc::kForeignCluster},
      {"same cluster", [](auto& h) { h.cluster = cluster(1); }, Errc{}},
      {"too new", [](auto& h) { h.protocol_min = h.protocol_max = 2; }, Errc::kBadVersion},
      {"too old", [](auto& h) { h.protocol_min = h.protocol_max = 0; }, Errc::kBadVersion},
      {"wider range", [](auto& h) { h.protocol_max = 9; }, Errc{}},
      {"lane", [](auto& h) { h.lane = 1; }, Errc::kNotSupported},
      {"authentication",
       [](auto& h) { h.authentication = static_cast<wire::AuthenticationMethod>(1); },
       Errc::kNotSupported},
      {"another dial", [](auto& h) { h.dial = DialNumber(8); }, Errc::kProtocolViolation},
  };
  LocalNode a = local("a");
  a.cluster = cluster(1);
  for (const Case& c : cases) {
    wire::Hello hello = good_hello();
    c.spoil(hello);
    Handshake handshake = dialler();
    const auto received = handshake.receive(hello, a);
    EXPECT_EQ(handshake.done(), c.expected == Errc{}) << c.name;
    if (c.expected == Errc{}) {
      EXPECT_TRUE(received) << c.name;
    } else {
      ASSERT_FALSE(received) << c.name;
      EXPECT_EQ(received.error(), c.expected) << c.name;
      EXPECT_FALSE(received.error().message.empty()) << c.name;
    }
  }
}

TEST(Handshake, AsksThePolicyAboutWhoeverIsGoodOtherwise) {
  LocalNode a = local("a");
  std::vector<NodeId> asked;
  a.admit = [&](const wire::Hello& hello) -> Result<> {
    asked.push_back(hello.node);
    if (hello.boot == good_hello().boot) return Error(Errc::kNodeBarred, "not today");
    return {};
  };
  wire::Hello foreign = good_hello();
  foreign.node = NodeId("c");
  Handshake handshake = dialler();
  EXPECT_EQ(handshake.receive(foreign, a).error(), Errc::kHandshakeRefused);
  EXPECT_TRUE(asked.empty());
  const auto refused = handshake.receive(good_hello(), a);
  EXPECT_EQ(refused.error(), Errc::kNodeBarred);
  EXPECT_EQ(refused.error().message, "not today");
  EXPECT_FALSE(handshake.done());
  wire::Hello other = good_hello();
  other.boot = other.boot.next();
  EXPECT_TRUE(handshake.receive(other, a));
  EXPECT_EQ(asked.size(), 2U);
}

TEST(Handshake, UninitialisedNodesMeetAnyCluster) {
  Handshake handshake = dialler();
  wire::Hello hello = good_hello();
  hello.cluster = cluster(2);
  EXPECT_TRUE(handshake.receive(hello, local("a")));
}

TEST(Handshake, RefusesFramesOutOfTurn) {
  const LocalNode a = local("a");
  Handshake done = dialler();
  ASSERT_TRUE(done.receive(good_hello(), a));
  EXPECT_EQ(done.receive(good_hello(), a).error(), Errc::kProtocolViolation) << "late HELLO";
  EXPECT_EQ(done.receive(wire::Ready{}).error(), Errc::kProtocolViolation) << "READY to a dialler";

  Handshake accepts(Side::kAcceptor, NodeId("b"), DialNumber());
  EXPECT_EQ(accepts.receive(wire::Ready{}).error(), Errc::kProtocolViolation) << "READY first";
  ASSERT_TRUE(accepts.receive(good_hello(), a));
  EXPECT_EQ(accepts.receive(good_hello(), a).error(), Errc::kProtocolViolation) << "repeated";
  EXPECT_EQ(accepts.receive(wire::Ready{}).error(), Errc::kProtocolViolation) << "unanswered";
  (void)accepts.accept(a);
  EXPECT_EQ(accepts.receive(wire::Ready{2, 0}).error(), Errc::kProtocolViolation) << "version";
  EXPECT_EQ(accepts.receive(wire::Ready{1, 1}).error(), Errc::kProtocolViolation) << "features";
  EXPECT_TRUE(accepts.receive(wire::Ready{1, 0}));
}

}  // namespace
}  // namespace lockstep::link
