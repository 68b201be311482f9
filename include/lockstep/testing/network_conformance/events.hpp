#pragma once

// Listeners and handlers: all hear, none disturbs another, and what one peer does is told in its
// order.

#include <map>
#include <stdexcept>

#include "lockstep/testing/network_conformance/fixture.hpp"

namespace lockstep::testing {

class NetworkEvents : public NetworkConformance {};
LOCKSTEP_CONFORMANCE_GROUP(NetworkEvents);

TEST_P(NetworkEvents, SeveralListenersHearTheSameInTheSameOrder) {
  const auto a = add("a");
  const auto b = add("b");
  NetworkProbe first(*a, false);
  NetworkProbe second(*a, false);
  NetworkProbe third(*a, false);
  for (int i = 0; i < 3; ++i) {
    connect(*a, "b");
    disconnect(*a, "b");
  }
  close(*a);
  EXPECT_EQ(first.order(), (std::vector<std::string>{"+b", "-b", "+b", "-b", "+b", "-b"}));
  EXPECT_EQ(second.order(), first.order());
  EXPECT_EQ(third.order(), first.order());
}

TEST_P(NetworkEvents, ListenersMayUnsubscribeThemselvesAndOthersInsideACallback) {
  const auto a = add("a");
  const auto b = add("b");
  Watched<int> calls_of_once;
  Watched<int> calls_of_victim;
  Subscription once;
  Subscription victim;
  once = a->subscribe([&](const NetworkEvent&) {
    once.reset();
    victim.reset();
    calls_of_once.change([](int& n) { ++n; });
  });
  victim = a->subscribe([&](const NetworkEvent&) { calls_of_victim.change([](int& n) { ++n; }); });
  NetworkProbe later(*a, false);
  for (int i = 0; i < 2; ++i) {
    connect(*a, "b");
    disconnect(*a, "b");
  }
  ASSERT_TRUE(later.wait_events<NodeDisconnected>(2));
  EXPECT_EQ(calls_of_once.get(), 1);
  EXPECT_EQ(calls_of_victim.get(), 0) << "its turn had not come";
}

TEST_P(NetworkEvents, ListenersMaySubscribeInsideACallback) {
  const auto a = add("a");
  const auto b = add("b");
  std::optional<NetworkProbe> inner;
  Completion<> made;
  const auto outer = a->subscribe([&](const NetworkEvent&) {
    if (inner) return;
    inner.emplace(*a);
    made.handler()(Error{});
  });
  ASSERT_TRUE(a->connect(testbed_->address("b")));
  ASSERT_FALSE(made.get());
  EXPECT_FALSE(send(*a, numbered("b", 1)));
  disconnect(*a, "b");
  EXPECT_TRUE(inner->wait_events<NodeDisconnected>(1));
}

TEST_P(NetworkEvents, CallbacksThatThrowHarmNobodyAndAreLoggedAndCounted) {
  LogLines log;
  const auto a = add("a");
  const auto b = add(TestNode{.name = "b", .log = log.sink()});
  const Subscription bad =
      b->subscribe([](const NetworkEvent&) { throw std::runtime_error("bad listener"); });
  NetworkProbe good(*b);
  auto bad_handler = b->set_handler(GroupId(9), {MessageType::kAck, MessageType::kAck},
                                    [](const ReplicationMessage&) { throw 42; });
  ASSERT_TRUE(bad_handler);
  connect(*a, "b");
  ASSERT_TRUE(good.wait_events<NodeConnected>(1)) << "the others are called";
  ReplicationMessage message = message_to("b", MessageType::kAck);
  message.group = GroupId(9);
  ASSERT_TRUE(a->send_message(message));
  ASSERT_TRUE(a->send_message(numbered("b", 1, MessageType::kAck)));
  ASSERT_TRUE(good.wait_messages(1));
  inside_a_callback(*b, [] {});
  EXPECT_EQ(b->metrics().listener_exceptions, 2U);
  Completion<> thrown;
  ASSERT_TRUE(b->send_message(numbered("a", 1), [done = thrown.handler()](const Error&) {
    done(Error{});
    throw std::runtime_error("bad completion");
  }));
  ASSERT_FALSE(thrown.get());
  inside_a_callback(*b, [] {});
  EXPECT_EQ(b->metrics().listener_exceptions, 3U);
  EXPECT_EQ(log.with("bad listener"), 1U);
  EXPECT_EQ(log.with("bad completion"), 1U);
  EXPECT_TRUE(b->is_connected(NodeId("a")));
}

TEST_P(NetworkEvents, OfOnePeerComeInItsOrder) {
  LOCKSTEP_CONFORMANCE_NEEDS(kDropConnection);
  const auto a = add("a");
  const std::vector<std::string> peers{"b", "c"};
  std::vector<std::shared_ptr<INetworkManager>> nodes;
  NetworkProbe probe(*a);
  for (const auto& peer : peers) {
    nodes.push_back(add(peer));
    connect(*nodes.back(), "a");
    ASSERT_TRUE(probe.wait_events<NodeConnected>(nodes.size()));
  }
  std::uint64_t number = 0;
  for (std::size_t round = 1; round <= 10; ++round) {
    for (std::size_t i = 0; i < peers.size(); ++i) {
      for (int n = 0; n < 20; ++n) {
        (void)nodes[i]->send_message(numbered("a", ++number));
      }
      testbed_->drop_connection(peers[i], "a");
    }
    ASSERT_TRUE(probe.wait_events<NodeConnected>(peers.size() * (round + 1)));
    for (std::size_t i = 0; i < peers.size(); ++i) {
      // Connected at both ends, or the next messages would be refused.
      while (!nodes[i]->is_connected(NodeId("a"))) inside_a_callback(*nodes[i], [] {});
    }
  }
  close(*a);
  for (const auto& peer : peers) {
    bool connected = false;
    std::uint64_t last = 0;
    for (const std::string& word : probe.order()) {
      if (word == "+" + peer) {
        EXPECT_FALSE(connected) << "connected twice";
        connected = true;
      } else if (word == "-" + peer) {
        EXPECT_TRUE(connected) << "disconnected without having been connected";
        connected = false;
      } else if (word.rfind(peer + ":", 0) == 0) {
        EXPECT_TRUE(connected) << "a message outside a connection";
        const std::uint64_t now = std::stoull(word.substr(peer.size() + 1));
        EXPECT_GT(now, last) << "late, or twice";
        last = now;
      }
    }
    EXPECT_FALSE(connected) << "disconnected is told at close, too";
  }
  for (const NodeDisconnected& event : probe.seen().all<NodeDisconnected>()) {
    EXPECT_TRUE(event.reason) << "with a reason";
  }
}

TEST_P(NetworkEvents, HandlersGetTheirGroupAndRangeAndTheRestIsCounted) {
  const auto a = add("a");
  const auto b = add("b");
  Watched<std::vector<MessageType>> got;
  const auto note = [&](const ReplicationMessage& message) {
    got.change([&](auto& types) { types.push_back(message.type); });
  };
  auto handler =
      b->set_handler(GroupId(2), {MessageType::kHeartbeat, MessageType::kSyncRequest}, note);
  ASSERT_TRUE(handler);
  const auto overlap = [&](MessageType first, MessageType last) {
    return b->set_handler(GroupId(2), {first, last}, note).error();
  };
  EXPECT_EQ(overlap(MessageType::kSyncRequest, MessageType::kAck), Errc::kInvalidArgument);
  EXPECT_EQ(overlap(MessageType::kWalEntry, MessageType::kHeartbeat), Errc::kInvalidArgument);
  EXPECT_EQ(overlap(MessageType::kAck, MessageType::kVoteRequest), Errc::kInvalidArgument);
  EXPECT_TRUE(b->set_handler(GroupId(3), {MessageType::kHeartbeat, MessageType::kAck}, note));

  connect(*a, "b");
  ReplicationMessage unhandled = message_to("b", MessageType::kAck);
  unhandled.group = GroupId(2);
  ReplicationMessage handled = message_to("b", MessageType::kElection);
  handled.group = GroupId(2);
  ASSERT_TRUE(a->send_message(unhandled));
  ASSERT_TRUE(a->send_message(handled));
  ASSERT_TRUE(got.wait([](const auto& types) { return !types.empty(); }));
  EXPECT_EQ(got.get(), std::vector{MessageType::kElection});
  EXPECT_EQ(b->metrics().unhandled_messages, 1U);
  handler->reset();
  auto instead = b->set_handler(GroupId(2), {MessageType::kWalEntry, MessageType::kAck}, note);
  EXPECT_TRUE(instead) << "the place is free again";
}

TEST_P(NetworkEvents, SubscriptionsMayOutliveTheManager) {
  auto a = add("a");
  const auto b = add("b");
  auto probe = std::make_unique<NetworkProbe>(*a);
  connect(*a, "b");
  a.reset();
  probe.reset();
}

}  // namespace lockstep::testing
