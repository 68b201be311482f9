#pragma once

// Closing sends or reports what was accepted, ends within its deadline whatever the peers do, and
// is the end of all callbacks.

#include <atomic>

#include "lockstep/testing/network_conformance/fixture.hpp"

namespace lockstep::testing {

class NetworkClosing : public NetworkConformance {
 protected:
  /// Keeps some messages under way to a peer for as long as that goes.
  class Flood {
   public:
    Flood(std::shared_ptr<INetworkManager> from, const std::string& to) {
      for (int i = 0; i < 32; ++i) send(from, to);
    }

   private:
    static void send(const std::weak_ptr<INetworkManager>& from, const std::string& to) {
      const auto manager = from.lock();
      if (!manager) return;
      auto message =
          message_to(to, MessageType::kAck, SharedBuffer::copy_of(std::string(500, 'x')));
      (void)manager->send_message(std::move(message), [from, to](const Error& error) {
        if (!error) send(from, to);
      });
    }
  };
};
LOCKSTEP_CONFORMANCE_GROUP(NetworkClosing);

TEST_P(NetworkClosing, TellsThePeerAndRefusesWhatFollows) {
  const auto a = add("a");
  const auto b = add("b");
  NetworkProbe probe_a(*a);
  NetworkProbe probe_b(*b);
  connect(*a, "b");
  ASSERT_TRUE(probe_b.wait_events<NodeConnected>(1));
  Completion<> closed;
  a->close(closed.handler());
  ClusterId::Bytes cluster{1};
  EXPECT_EQ(a->connect(testbed_->address("b")).error(), Errc::kStopped);
  EXPECT_EQ(a->disconnect(NodeId("b")).error(), Errc::kStopped);
  EXPECT_EQ(a->send_message(message_to("b", MessageType::kHeartbeat)).error(), Errc::kStopped);
  EXPECT_EQ(a->broadcast_message({message_to("", MessageType::kHeartbeat), {}}).error(),
            Errc::kStopped);
  EXPECT_EQ(a->set_cluster(ClusterId(cluster)).error(), Errc::kStopped);
  EXPECT_FALSE(closed.get());
  EXPECT_TRUE(probe_b.wait_events<NodeDisconnected>(1));
  EXPECT_EQ(probe_a.order(), (std::vector<std::string>{"+b", "-b"}));
  EXPECT_EQ(probe_a.seen().all<NodeDisconnected>().at(0).reason, Errc::kStopped);
  EXPECT_TRUE(a->connected_nodes().empty());
}

TEST_P(NetworkClosing, TwiceWaitsForTheSameEnd) {
  const auto a = add("a");
  const auto b = add("b");
  connect(*a, "b");
  Completion<> first;
  Completion<> second;
  a->close(first.handler());
  a->close(second.handler());
  EXPECT_FALSE(first.get());
  EXPECT_FALSE(second.get());
  close(*a);
  a->close();
}

TEST_P(NetworkClosing, SendsWhatWasAcceptedBefore) {
  const auto a = add("a");
  const auto b = add("b");
  NetworkProbe probe(*b);
  connect(*a, "b");
  const EntryBatch batch = batch_of(make_entry(1, 1 << 17));
  Outcomes outcomes;
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(
        a->send_message(message_to("b", MessageType::kAppendEntries, batch), outcomes.handler()));
  }
  close(*a);
  EXPECT_EQ(outcomes.count(), 20U) << "before close is done";
  EXPECT_EQ(outcomes.failed(), 0U);
  EXPECT_TRUE(probe.wait_messages(20));
}

TEST_P(NetworkClosing, ReportsWhatAPeerDoesNotTakeWithinTheDeadline) {
  const auto a = add(TestNode{.name = "a", .patience = std::chrono::milliseconds(200)});
  const auto b = add("b");
  connect(*a, "b");
  Freeze frozen(*b);
  const EntryBatch batch = batch_of(make_entry(1, std::size_t{1} << 20));
  Outcomes outcomes;
  for (int i = 0; i < 24; ++i) {
    ASSERT_TRUE(
        a->send_message(message_to("b", MessageType::kAppendEntries, batch), outcomes.handler()));
  }
  close(*a);
  EXPECT_EQ(outcomes.count(), 24U) << "before close is done";
  EXPECT_GT(outcomes.failed(), 0U);
  EXPECT_EQ(a->metrics().total.queued_bytes, 0U);
}

TEST_P(NetworkClosing, InsideAListenerIsFine) {
  const auto a = add("a");
  const auto b = add("b");
  Completion<> closed;
  const Subscription listener = a->subscribe([&](const NetworkEvent& event) {
    if (std::holds_alternative<NodeConnected>(event)) a->close(closed.handler());
  });
  ASSERT_TRUE(a->connect(testbed_->address("b")));
  EXPECT_FALSE(closed.get());
}

TEST_P(NetworkClosing, InsideAMessageHandlerAndACompletionIsFine) {
  const auto a = add("a");
  const auto b = add("b");
  Completion<> closed_b;
  const auto handler =
      b->set_handler(GroupId(1), {MessageType::kAck, MessageType::kAck},
                     [&](const ReplicationMessage&) { b->close(closed_b.handler()); });
  ASSERT_TRUE(handler);
  connect(*a, "b");
  Completion<> closed_a;
  ASSERT_TRUE(a->send_message(message_to("b", MessageType::kAck),
                              [&](const Error&) { a->close(closed_a.handler()); }));
  EXPECT_FALSE(closed_a.get());
  EXPECT_FALSE(closed_b.get());
}

TEST_P(NetworkClosing, EndsAttemptsThatAreUnderWay) {
  const auto a = add(TestNode{.name = "a", .patience = std::chrono::milliseconds(200)});
  const auto b = add("b");
  const auto c = add("c");
  Freeze silent(*b);
  Completion<> to_silent;
  Completion<> to_nobody;
  ASSERT_TRUE(a->connect(testbed_->address("b"), to_silent.handler()));
  ASSERT_TRUE(a->connect(testbed_->address("nobody"), to_nobody.handler()));
  Completion<> to_isolated;
  const bool isolates = testbed_->lacks(Feature::kIsolate).empty();
  if (isolates) {
    testbed_->isolate("a", "c");
    ASSERT_TRUE(a->connect(testbed_->address("c"), to_isolated.handler()));
  }
  close(*a);
  EXPECT_EQ(to_silent.calls(), 1U) << "before close is done";
  EXPECT_EQ(to_silent.get(), Errc::kStopped);
  EXPECT_EQ(to_nobody.calls(), 1U);
  if (isolates) {
    EXPECT_EQ(to_isolated.get(), Errc::kStopped);
  }
}

TEST_P(NetworkClosing, WhileAPeerFloodsIsTheEndOfAllCallbacks) {
  const auto a = add("a");
  const auto b = add("b");
  const auto c = add("c");
  std::atomic<bool> closed{false};
  std::atomic<int> late{0};
  Watched<int> received;
  const auto handler = a->set_handler(GroupId(1), {MessageType::kAck, MessageType::kAck},
                                      [&](const ReplicationMessage&) {
                                        late += closed ? 1 : 0;
                                        received.change([](int& n) { ++n; });
                                      });
  ASSERT_TRUE(handler);
  const auto listener = a->subscribe([&](const NetworkEvent&) { late += closed ? 1 : 0; });
  connect(*b, "a");
  connect(*c, "a");
  const Flood from_b(b, "a");
  const Flood from_c(c, "a");
  ASSERT_TRUE(received.wait([](int n) { return n >= 500; }));
  Completion<> done;
  a->close([&, handler = done.handler()](Error error) {
    closed = true;
    handler(std::move(error));
  });
  ASSERT_FALSE(done.get());
  close(*b);
  close(*c);
  EXPECT_EQ(late, 0);
}

TEST_P(NetworkClosing, DestructionCompletesEverythingThatWasAccepted) {
  auto a = add("a");
  const auto b = add("b");
  connect(*a, "b");
  const EntryBatch batch = batch_of(make_entry(1, 1 << 17));
  std::vector<Completion<>> sent(40);
  for (auto& completion : sent) {
    ASSERT_TRUE(
        a->send_message(message_to("b", MessageType::kAppendEntries, batch), completion.handler()));
  }
  a.reset();
  for (auto& completion : sent) {
    (void)completion.get();
    EXPECT_EQ(completion.calls(), 1U);
  }
}

TEST_P(NetworkClosing, DestructionInsideACallbackIsFine) {
  auto a = add("a");
  const auto b = add("b");
  Completion<> gone;
  Subscription listener = a->subscribe([&](const NetworkEvent& event) {
    if (!std::holds_alternative<NodeConnected>(event)) return;
    a.reset();
    gone.handler()(Error{});
  });
  NetworkProbe muted(*a);
  Completion<> connected;
  ASSERT_TRUE(a->connect(testbed_->address("b"), connected.handler()));
  EXPECT_FALSE(gone.get());
  EXPECT_FALSE(connected.get());
  EXPECT_TRUE(muted.seen().events.empty()) << "listeners of a destroyed manager hear nothing";
  listener.reset();
}

}  // namespace lockstep::testing
