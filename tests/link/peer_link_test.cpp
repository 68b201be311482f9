// One link, event by event.
#include "link/peer_link.hpp"

#include <gtest/gtest.h>

namespace lockstep::link {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class PeerLinkTest : public ::testing::Test {
 protected:
  PeerLinkTest() { become("m"); }

  /// The peer is "p" throughout: "m" is smaller than it, "z" larger.
  void become(const std::string& name) {
    local_.node = NodeId(name);
    local_.boot = BootNumber(1);
    link_.emplace(local_, NodeId("p"), options_);
  }
  Moment at() const { return {now_, 0}; }

  template <class T>
  static std::vector<T> all(const Actions& actions) {
    std::vector<T> result;
    for (const Action& action : actions) {
      if (const auto* found = std::get_if<T>(&action)) result.push_back(*found);
    }
    return result;
  }
  template <class T>
  static T only(const Actions& actions) {
    const auto found = all<T>(actions);
    EXPECT_EQ(found.size(), 1U);
    return found.empty() ? T{} : found.front();
  }

  wire::Hello peer_hello(std::uint64_t dial, std::uint64_t boot = 1) const {
    wire::Hello hello;
    hello.node = NodeId("p");
    hello.boot = BootNumber(boot);
    hello.dial = DialNumber(dial);
    return hello;
  }
  ConnectionId incoming() {
    const ConnectionId id = local_.draw_connection_id();
    EXPECT_TRUE(link_->on_accepted(id, at()).empty());
    return id;
  }
  /// Up, dialled by this node.
  ConnectionId dial_up() { return complete(only<Dial>(link_->configure(at())).connection); }
  /// The handshake of a dial.
  ConnectionId complete(ConnectionId id) {
    const auto hello = std::get<wire::Hello>(only<Send>(link_->on_dialled(id, at())).frame);
    EXPECT_EQ(link_->on_hello(id, peer_hello(hello.dial.value()), at()).size(), 2U);
    EXPECT_EQ(link_->up(), id);
    return id;
  }
  /// Up, dialled by the peer.
  ConnectionId accept_up(std::uint64_t dial = 1, std::uint64_t boot = 1) {
    const ConnectionId id = incoming();
    (void)link_->on_hello(id, peer_hello(dial, boot), at());
    (void)link_->on_ready(id, wire::Ready{1, 0}, at());
    EXPECT_EQ(link_->up(), id);
    return id;
  }

  LinkOptions options_;
  Time now_{seconds(1000)};
  LocalNode local_;
  std::optional<PeerLink> link_;
};

TEST_F(PeerLinkTest, DialsGreetsAndComesUpAfterReady) {
  const ConnectionId id = only<Dial>(link_->configure(at())).connection;
  EXPECT_TRUE(link_->attempting());
  const auto hello = std::get<wire::Hello>(only<Send>(link_->on_dialled(id, at())).frame);
  EXPECT_EQ(hello.node, NodeId("m"));
  EXPECT_EQ(hello.dial, DialNumber(1));
  const Actions actions = link_->on_hello(id, peer_hello(1), at());
  ASSERT_EQ(actions.size(), 2U);
  EXPECT_TRUE(std::holds_alternative<wire::Ready>(std::get<Send>(actions[0]).frame));
  EXPECT_EQ(std::get<Up>(actions[1]).connection, id);
}

TEST_F(PeerLinkTest, AcceptorIsUpOnlyOnceReadyHasCome) {
  const ConnectionId id = incoming();
  EXPECT_TRUE(all<Up>(link_->on_hello(id, peer_hello(4), at())).empty());
  EXPECT_FALSE(link_->up());
  EXPECT_EQ(only<Up>(link_->on_ready(id, wire::Ready{1, 0}, at())).connection, id);
}

TEST_F(PeerLinkTest, RedialsForEverWithGrowingPauses) {
  ConnectionId id = only<Dial>(link_->configure(at())).connection;
  Time last_pause{0};
  for (int i = 0; i < 20; ++i) {
    const Failed failed = only<Failed>(link_->on_dial_failed(id, Errc::kConnectionRefused, at()));
    EXPECT_TRUE(failed.attempt);
    EXPECT_EQ(failed.kind, FailureKind::kDial);
    const Time due = link_->next_deadline().value();
    EXPECT_GE(due - now_, last_pause);
    last_pause = due - now_;
    EXPECT_TRUE(all<Dial>(link_->on_timer({due - Time(1), 0})).empty());
    now_ = due;
    id = only<Dial>(link_->on_timer(at())).connection;
  }
  EXPECT_EQ(last_pause, options_.redial_max / 2) << "random 0 is the shortest pause";
}

TEST_F(PeerLinkTest, ConnectionThatLastedIsRedialledAtOnce) {
  const ConnectionId id = dial_up();
  now_ += options_.redial_max;
  EXPECT_EQ(only<Down>(link_->on_closed(id, Errc::kConnectionLost, at())).connection, id);
  EXPECT_EQ(link_->next_deadline(), now_);
  EXPECT_EQ(all<Dial>(link_->on_timer(at())).size(), 1U);
}

TEST_F(PeerLinkTest, ConnectionThatDidNotLastIsRedialledAfterAPause) {
  const ConnectionId id = dial_up();
  (void)link_->on_closed(id, Errc::kConnectionLost, at());
  EXPECT_GT(link_->next_deadline().value(), now_);
}

TEST_F(PeerLinkTest, PeerThatAcceptsAndClosesAtOnceIsDialledWithGrowingPauses) {
  ConnectionId id = dial_up();
  Time last_pause{0};
  for (int i = 0; i < 20; ++i) {
    now_ += milliseconds(20);
    (void)link_->on_closed(id, Errc::kConnectionLost, at());
    const Time pause = link_->next_deadline().value() - now_;
    EXPECT_GT(pause, Time(0));
    EXPECT_GE(pause, last_pause);
    last_pause = pause;
    now_ += pause;
    id = complete(only<Dial>(link_->on_timer(at())).connection);
  }
  EXPECT_EQ(last_pause, options_.redial_max / 2) << "random 0 is the shortest pause";
}

TEST_F(PeerLinkTest, ConnectionThatOutlastsThePauseBeforeItIsRedialledAtOnceTimeAndAgain) {
  ConnectionId id = dial_up();
  for (int i = 0; i < 20; ++i) {
    now_ += options_.redial_min;
    (void)link_->on_closed(id, Errc::kConnectionLost, at());
    EXPECT_EQ(link_->next_deadline(), now_);
    const ConnectionId lost = only<Dial>(link_->on_timer(at())).connection;
    (void)link_->on_closed(lost, Errc::kConnectionLost, at());
    EXPECT_EQ(link_->next_deadline(), now_ + options_.redial_min / 2) << "a failed dial is not";
    now_ += options_.redial_min;
    id = complete(only<Dial>(link_->on_timer(at())).connection);
  }
}

TEST_F(PeerLinkTest, PeerThatClosesInOrderTimeAndAgainIsDialledWithGrowingPauses) {
  ConnectionId id = dial_up();
  Time last_pause{0};
  for (int i = 0; i < 20; ++i) {
    now_ += options_.redial_max - milliseconds(1);
    (void)link_->on_goodbye(id, wire::Goodbye{{Errc::kStopped, "not you"}}, at());
    (void)link_->on_closed(id, Errc::kConnectionLost, at());
    const Time pause = link_->next_deadline().value() - now_;
    EXPECT_GE(pause, last_pause);
    last_pause = pause;
    now_ += pause;
    id = complete(only<Dial>(link_->on_timer(at())).connection);
  }
  EXPECT_EQ(last_pause, options_.redial_max / 2);
}

TEST_F(PeerLinkTest, DialTimesOut) {
  const ConnectionId id = only<Dial>(link_->configure(at())).connection;
  now_ += options_.dial_timeout;
  const Actions actions = link_->on_timer(at());
  EXPECT_EQ(only<Failed>(actions).error, Errc::kTimedOut);
  EXPECT_EQ(only<Close>(actions).connection, id);
  EXPECT_EQ(only<Close>(actions).ending, Ending::kDrop);
}

TEST_F(PeerLinkTest, SilenceEndsTheHandshakeAtBothSides) {
  const ConnectionId dialled = only<Dial>(link_->configure(at())).connection;
  (void)link_->on_dialled(dialled, at());
  const ConnectionId accepted = incoming();
  now_ += options_.handshake_timeout;
  const auto failures = all<Failed>(link_->on_timer(at()));
  ASSERT_EQ(failures.size(), 2U);
  for (const Failed& failed : failures) {
    EXPECT_EQ(failed.kind, FailureKind::kHandshake);
    EXPECT_EQ(failed.error, Errc::kHandshakeTimedOut);
  }
  EXPECT_TRUE(failures[0].attempt);
  EXPECT_FALSE(failures[1].attempt);
  (void)accepted;
}

TEST_F(PeerLinkTest, BadHelloIsRefusedWithTheReason) {
  const ConnectionId id = incoming();
  wire::Hello hello = peer_hello(1);
  hello.lane = 3;
  const Actions actions = link_->on_hello(id, hello, at());
  EXPECT_EQ(only<Failed>(actions).kind, FailureKind::kHandshake);
  const Close close = only<Close>(actions);
  EXPECT_EQ(close.ending, Ending::kFarewell);
  EXPECT_EQ(std::get<wire::Refusal>(close.last_word).code, Errc::kNotSupported);
}

TEST_F(PeerLinkTest, RefusalReachesTheDiallerAndIsAFailedAttempt) {
  const ConnectionId id = only<Dial>(link_->configure(at())).connection;
  (void)link_->on_dialled(id, at());
  const Actions actions =
      link_->on_refusal(id, wire::Refusal{{Errc::kForeignCluster, "elsewhere"}}, at());
  EXPECT_EQ(only<Failed>(actions).error, Errc::kForeignCluster);
  EXPECT_NE(only<Failed>(actions).error.message.find("elsewhere"), std::string::npos);
  EXPECT_TRUE(only<Failed>(actions).attempt);
  EXPECT_TRUE(only<Failed>(actions).told_by_peer);
  EXPECT_GT(link_->next_deadline().value(), now_) << "dialling goes on";
}

TEST_F(PeerLinkTest, RefusedDuplicateIsNoFailure) {
  const ConnectionId id = only<Dial>(link_->configure(at())).connection;
  (void)link_->on_dialled(id, at());
  const Actions actions =
      link_->on_refusal(id, wire::Refusal{{Errc::kDuplicateConnection, ""}}, at());
  EXPECT_TRUE(all<Failed>(actions).empty());
  EXPECT_EQ(only<Close>(actions).connection, id);
}

TEST_F(PeerLinkTest, LastWordsOutOfTurnAreViolations) {
  const ConnectionId up = accept_up();
  const Actions late = link_->on_refusal(up, wire::Refusal{{Errc::kStopped, ""}}, at());
  EXPECT_EQ(only<Failed>(late).error, Errc::kProtocolViolation);
  const ConnectionId id = incoming();
  const Actions early = link_->on_goodbye(id, wire::Goodbye{{Errc::kStopped, ""}}, at());
  EXPECT_EQ(only<Failed>(early).kind, FailureKind::kHandshake);
  EXPECT_EQ(only<Failed>(early).error, Errc::kProtocolViolation);
}

TEST_F(PeerLinkTest, DiallerThatHadToWaitGetsTheFullTimeForReady) {
  const ConnectionId own = only<Dial>(link_->configure(at())).connection;
  (void)link_->on_dialled(own, at());
  const ConnectionId theirs = incoming();
  (void)link_->on_hello(theirs, peer_hello(1), at());
  now_ += options_.handshake_timeout - Time(1);
  (void)link_->on_closed(own, Errc::kConnectionLost, at());
  now_ += options_.handshake_timeout - Time(1);
  EXPECT_TRUE(all<Failed>(link_->on_timer(at())).empty());
  now_ += Time(1);
  EXPECT_EQ(all<Failed>(link_->on_timer(at())).size(), 1U);
}

TEST_F(PeerLinkTest, LateHelloClosesTheLinkAsAViolation) {
  const ConnectionId id = accept_up();
  const Actions actions = link_->on_hello(id, peer_hello(1), at());
  EXPECT_EQ(only<Failed>(actions).kind, FailureKind::kFrame);
  EXPECT_EQ(only<Down>(actions).reason, Errc::kProtocolViolation);
  EXPECT_EQ(std::get<wire::Goodbye>(only<Close>(actions).last_word).code, Errc::kProtocolViolation);
}

TEST_F(PeerLinkTest, KeepAliveEndsASilentConnection) {
  const ConnectionId id = accept_up();
  int pings = 0;
  Actions actions;
  while (link_->up()) {
    now_ = link_->next_deadline().value();
    actions = link_->on_timer(at());
    pings += static_cast<int>(all<Ping>(actions).size());
    ASSERT_LT(pings, 10);
  }
  EXPECT_EQ(pings, options_.missed_pings);
  EXPECT_EQ(only<Down>(actions).reason, Errc::kKeepAliveTimedOut);
  EXPECT_EQ(only<Close>(actions).connection, id);
}

TEST_F(PeerLinkTest, BytesKeepAConnectionAndPongsMeasureIt) {
  const ConnectionId id = accept_up();
  for (int i = 0; i < 20; ++i) {
    now_ = link_->next_deadline().value();
    const Ping ping = only<Ping>(link_->on_timer(at()));
    EXPECT_EQ(link_->on_pong(id, ping.number, now_ + milliseconds(3)), milliseconds(3));
  }
  EXPECT_EQ(link_->up(), id);
}

TEST_F(PeerLinkTest, ForgetClosesInOrderAndDropsAfterADeadline) {
  const ConnectionId id = dial_up();
  const Actions actions = link_->forget(Error(Errc::kCancelled, "enough"), at());
  EXPECT_EQ(only<Down>(actions).reason, Errc::kCancelled);
  EXPECT_EQ(only<Close>(actions).ending, Ending::kFlush);
  EXPECT_FALSE(link_->idle());
  now_ += options_.close_timeout;
  const Close drop = only<Close>(link_->on_timer(at()));
  EXPECT_EQ(drop.connection, id);
  EXPECT_EQ(drop.ending, Ending::kDrop);
  EXPECT_TRUE(link_->idle());
  EXPECT_FALSE(link_->next_deadline());
}

TEST_F(PeerLinkTest, HigherBootNumberSupersedesAtOnce) {
  const ConnectionId old = dial_up();
  const ConnectionId id = incoming();
  const Actions actions = link_->on_hello(id, peer_hello(1, 2), at());
  EXPECT_EQ(only<Down>(actions).connection, old);
  EXPECT_EQ(only<Close>(actions).connection, old);
  EXPECT_EQ(only<Send>(actions).connection, id);
}

TEST_F(PeerLinkTest, LowerBootNumberIsRefusedAndSaysWhy) {
  const ConnectionId old = accept_up(1, 5);
  const ConnectionId id = incoming();
  const Actions actions = link_->on_hello(id, peer_hello(9, 4), at());
  EXPECT_EQ(std::get<wire::Refusal>(only<Close>(actions).last_word).code, Errc::kSuperseded);
  EXPECT_EQ(link_->up(), old);
}

TEST_F(PeerLinkTest, DuplicateIsRefusedAndTheKeptConnectionProbed) {
  const ConnectionId kept = dial_up();
  const ConnectionId id = incoming();
  const Actions actions = link_->on_hello(id, peer_hello(1), at());
  EXPECT_EQ(only<Close>(actions).connection, id);
  EXPECT_EQ(std::get<wire::Refusal>(only<Close>(actions).last_word).code,
            Errc::kDuplicateConnection);
  EXPECT_EQ(only<Ping>(actions).connection, kept);
  EXPECT_TRUE(all<Failed>(actions).empty()) << "nothing went wrong";
}

TEST_F(PeerLinkTest, SmallerNodeLetsAnIncomingDialWaitForItsOwn) {
  const ConnectionId own = only<Dial>(link_->configure(at())).connection;
  (void)link_->on_dialled(own, at());
  const ConnectionId theirs = incoming();
  EXPECT_TRUE(link_->on_hello(theirs, peer_hello(1), at()).empty());
  // Its own fails: now the other is taken.
  const Actions actions = link_->on_closed(own, Errc::kConnectionLost, at());
  EXPECT_EQ(only<Send>(actions).connection, theirs);
}

TEST_F(PeerLinkTest, LargerNodeGivesWay) {
  become("z");
  const ConnectionId own = only<Dial>(link_->configure(at())).connection;
  (void)link_->on_dialled(own, at());
  const ConnectionId theirs = incoming();
  const Actions actions = link_->on_hello(theirs, peer_hello(1), at());
  EXPECT_EQ(only<Close>(actions).connection, own);
  EXPECT_EQ(only<Send>(actions).connection, theirs);
}

TEST_F(PeerLinkTest, DialThatHasNoTransportYetGivesWay) {
  const ConnectionId own = only<Dial>(link_->configure(at())).connection;
  const ConnectionId theirs = incoming();
  const Actions actions = link_->on_hello(theirs, peer_hello(1), at());
  EXPECT_EQ(only<Close>(actions).connection, own) << "its address may lead nowhere";
  EXPECT_EQ(only<Send>(actions).connection, theirs);
}

TEST_F(PeerLinkTest, ConfigureAgainStartsANewAttemptWithAHigherDialNumber) {
  const ConnectionId first = only<Dial>(link_->configure(at())).connection;
  const Actions actions = link_->configure(at());
  EXPECT_EQ(only<Close>(actions).connection, first);
  const ConnectionId second = only<Dial>(actions).connection;
  const auto hello = std::get<wire::Hello>(only<Send>(link_->on_dialled(second, at())).frame);
  EXPECT_EQ(hello.dial, DialNumber(2));
}

TEST_F(PeerLinkTest, DialNumbersGoOnWhenAPeerWasForgottenInBetween) {
  (void)link_->configure(at());
  (void)link_->forget(Error(Errc::kCancelled, "enough"), at());
  link_.emplace(local_, NodeId("p"), options_);
  const ConnectionId id = only<Dial>(link_->configure(at())).connection;
  const auto hello = std::get<wire::Hello>(only<Send>(link_->on_dialled(id, at())).frame);
  EXPECT_EQ(hello.dial, DialNumber(2));
}

TEST_F(PeerLinkTest, EventsOfForgottenConnectionsAreIgnored) {
  const ConnectionId unknown(77);
  EXPECT_TRUE(link_->on_hello(unknown, peer_hello(1), at()).empty());
  EXPECT_TRUE(link_->on_ready(unknown, wire::Ready{}, at()).empty());
  EXPECT_TRUE(link_->on_refusal(unknown, wire::Refusal{}, at()).empty());
  EXPECT_TRUE(link_->on_goodbye(unknown, wire::Goodbye{}, at()).empty());
  EXPECT_TRUE(link_->on_closed(unknown, Errc::kConnectionLost, at()).empty());
  EXPECT_TRUE(link_->on_bad_frame(unknown, Errc::kBadMagic, at()).empty());
  EXPECT_TRUE(link_->on_dialled(unknown, at()).empty());
  EXPECT_FALSE(link_->on_pong(unknown, 1, now_));
}

TEST_F(PeerLinkTest, GoodbyeEndsTheConnectionWithThePeersReason) {
  const ConnectionId id = accept_up();
  const Actions actions = link_->on_goodbye(id, wire::Goodbye{{Errc::kStopped, "gone home"}}, at());
  const Down down = only<Down>(actions);
  EXPECT_EQ(down.reason, Errc::kConnectionLost);
  EXPECT_NE(down.reason.message.find("gone home"), std::string::npos);
}

TEST_F(PeerLinkTest, ForeignPeerInMidHandshakeIsSentAwayOnceTheClusterIsKnown) {
  const ConnectionId id = incoming();
  wire::Hello hello = peer_hello(1);
  hello.cluster = ClusterId({1});
  (void)link_->on_hello(id, hello, at());
  local_.cluster = ClusterId({2});
  EXPECT_EQ(only<Close>(link_->on_cluster_set(at())).reason, Errc::kForeignCluster);
  (void)link_->on_ready(id, wire::Ready{1, 0}, at());
  EXPECT_FALSE(link_->up());
}

TEST_F(PeerLinkTest, ForeignPeerThatGotInBeforeIsSentAwayOnceTheClusterIsKnown) {
  const ConnectionId id = incoming();
  wire::Hello hello = peer_hello(1);
  hello.cluster = ClusterId({1});
  (void)link_->on_hello(id, hello, at());
  (void)link_->on_ready(id, wire::Ready{1, 0}, at());
  ASSERT_EQ(link_->up(), id);
  local_.cluster = ClusterId({1});
  EXPECT_TRUE(link_->on_cluster_set(at()).empty());
  local_.cluster = ClusterId({2});
  EXPECT_EQ(only<Down>(link_->on_cluster_set(at())).reason, Errc::kForeignCluster);
}

}  // namespace
}  // namespace lockstep::link
