#pragma once

// A slow, hanging or lost peer costs a bounded amount of memory and nobody else's time, and nothing
// urgent waits behind what is large.

#include <functional>

#include "lockstep/testing/network_conformance/fixture.hpp"

namespace lockstep::testing {

class NetworkBackPressure : public NetworkConformance {
 protected:
  static constexpr std::size_t kPayloadBytes = 60'000;

  static ReplicationMessage entry_to(const std::string& target) {
    return message_to(target, MessageType::kAppendEntries, batch_of(make_entry(1, kPayloadBytes)));
  }
  /// Sends entries until one is refused, or there is no end of it; the refusal.
  static Error fill(INetworkManager& from, const std::string& target, Outcomes& outcomes,
                    std::size_t& accepted) {
    const ReplicationMessage message = entry_to(target);
    while (accepted < 2000) {
      const auto sent = from.send_message(message, outcomes.handler());
      if (!sent) return sent.error();
      ++accepted;
    }
    return {};
  }
};
LOCKSTEP_CONFORMANCE_GROUP(NetworkBackPressure);

TEST_P(NetworkBackPressure, BudgetIsRefusedAtOnceAndGivenBack) {
  const std::size_t budget = std::size_t{1} << 20;
  const auto a = add(TestNode{.name = "a", .max_queued_bytes_per_peer = budget});
  const auto b = add("b");
  NetworkProbe probe(*b);
  connect(*a, "b");
  Outcomes outcomes;
  std::size_t accepted = 0;
  Error refusal;
  PeerCounters full;
  // Nothing can leave meanwhile, so the budget fills up.
  inside_a_callback(*a, [&] {
    refusal = fill(*a, "b", outcomes, accepted);
    full = a->metrics().peers.at(NodeId("b"));
    const auto more = SharedBuffer::copy_of(std::string(kPayloadBytes, 'x'));
    EXPECT_TRUE(a->send_message(message_to("b", MessageType::kHeartbeat, more)))
        << "a full queue does not silence heartbeats";
  });
  EXPECT_EQ(refusal, Errc::kOverloaded);
  EXPECT_GT(accepted * kPayloadBytes, budget - 2 * kPayloadBytes);
  EXPECT_LE(accepted * kPayloadBytes, budget);
  EXPECT_EQ(full.queued_messages, accepted);
  EXPECT_LE(full.queued_bytes, budget);
  ASSERT_TRUE(outcomes.wait(accepted));
  EXPECT_EQ(outcomes.failed(), 0U);
  ASSERT_TRUE(probe.wait_messages(accepted + 1));
  const PeerCounters after = a->metrics().peers.at(NodeId("b"));
  EXPECT_EQ(after.queued_bytes, 0U);
  EXPECT_EQ(after.sends_failed_by_reason.at(Errc::kOverloaded), 1U);
  EXPECT_FALSE(send(*a, entry_to("b"))) << "there is room again";
}

TEST_P(NetworkBackPressure, BudgetOfAllPeersTogetherIsRefusedAtOnceAndGivenBack) {
  LOCKSTEP_CONFORMANCE_NEEDS(kTotalBudget);
  const std::size_t budget = std::size_t{1} << 20;
  const auto a = add(TestNode{.name = "a", .max_queued_bytes = budget});
  const auto b = add("b");
  const auto c = add("c");
  connect(*a, "b");
  connect(*a, "c");
  Outcomes outcomes;
  std::size_t accepted = 0;
  Error to_b;
  Error to_c;
  inside_a_callback(*a, [&] {
    to_b = fill(*a, "b", outcomes, accepted);
    const auto sent = a->send_message(entry_to("c"));
    to_c = sent ? Error{} : sent.error();
  });
  EXPECT_EQ(to_b, Errc::kOverloaded);
  EXPECT_EQ(to_c, Errc::kOverloaded) << "nothing is queued for c, but too much in all";
  EXPECT_LE(accepted * kPayloadBytes, budget);
  ASSERT_TRUE(outcomes.wait(accepted));
  EXPECT_FALSE(send(*a, entry_to("c"))) << "there is room again";
  EXPECT_EQ(a->metrics().total.queued_bytes, 0U);
}

TEST_P(NetworkBackPressure, FrozenReceiverCostsItsBudgetAndNobodyElse) {
  const std::size_t budget = std::size_t{2} << 20;
  const auto a = add(TestNode{.name = "a", .max_queued_bytes_per_peer = budget});
  const auto frozen = add("frozen");
  const auto b = add("b");
  NetworkProbe probe(*b);
  NetworkProbe probe_frozen(*frozen);
  connect(*a, "frozen");
  connect(*a, "b");
  ASSERT_TRUE(probe_frozen.wait_events<NodeConnected>(1));
  Freeze freeze(*frozen);
  Outcomes outcomes;
  std::size_t accepted = 0;
  EXPECT_EQ(fill(*a, "frozen", outcomes, accepted), Errc::kOverloaded);
  for (std::size_t i = 0; i < 50; ++i) {
    ASSERT_FALSE(send(*a, entry_to("b"))) << "others go on";
    ASSERT_TRUE(probe.wait_messages(i + 1));
    (void)fill(*a, "frozen", outcomes, accepted);
  }
  EXPECT_TRUE(a->send_message(message_to("frozen", MessageType::kHeartbeat)));
  const PeerCounters cost = a->metrics().peers.at(NodeId("frozen"));
  EXPECT_GT(cost.queued_bytes, budget / 2);
  EXPECT_LE(cost.max_queued_bytes, budget + budget / 16) << "and a reserve for control messages";
  EXPECT_EQ(a->metrics().peers.at(NodeId("b")).queued_bytes, 0U);
  freeze.thaw();
  ASSERT_TRUE(outcomes.wait(accepted));
  EXPECT_EQ(outcomes.failed(), 0U);
  EXPECT_TRUE(probe_frozen.wait_messages(accepted + 1)) << "late, but all";
}

TEST_P(NetworkBackPressure, HeartbeatsOvertakeWhatIsQueuedAndTheRestOfALargeEntry) {
  const auto a = add("a");
  const auto b = add("b");
  NetworkProbe probe(*b);
  connect(*a, "b");
  ASSERT_TRUE(probe.wait_events<NodeConnected>(1));
  constexpr std::uint64_t kHeartbeats = 10;
  const std::size_t large = a->max_entry_bytes();
  const auto bulk = message_to("b", MessageType::kAppendEntries, batch_of(make_entry(5, large)));
  Watched<std::uint64_t> sent_before_last;
  // One heartbeat after the other, each once the one before is written: they meet the entry at
  // different places.
  std::function<void(std::uint64_t)> beat = [&](std::uint64_t number) {
    if (number > kHeartbeats) {
      return sent_before_last.set(a->metrics().peers.at(NodeId("b")).bytes_sent);
    }
    EXPECT_TRUE(a->send_message(numbered("b", number), [&beat, number](const Error& error) {
      EXPECT_FALSE(error) << error.message;
      beat(number + 1);
    }));
  };
  Outcomes written;
  inside_a_callback(*a, [&] {
    EXPECT_TRUE(a->send_message(bulk, written.handler()));
    EXPECT_TRUE(a->send_message(bulk, written.handler()));
    beat(1);
  });
  ASSERT_TRUE(sent_before_last.wait([](std::uint64_t bytes) { return bytes > 0; }));
  EXPECT_GT(sent_before_last.get(), 4096U * kHeartbeats) << "the entry had begun";
  EXPECT_LT(sent_before_last.get(), large) << "and had not ended";
  ASSERT_TRUE(written.wait(2));
  ASSERT_TRUE(probe.wait_messages(2 + kHeartbeats));
  const auto messages = probe.seen().messages;
  for (std::uint64_t i = 0; i < kHeartbeats; ++i) {
    EXPECT_EQ(messages.at(i).message_id, message_id(i + 1));
  }
  EXPECT_EQ(messages.at(kHeartbeats).type, MessageType::kAppendEntries);
}

TEST_P(NetworkBackPressure, LargeEntryThatLosesItsConnectionIsLostAsAWhole) {
  LOCKSTEP_CONFORMANCE_NEEDS(kDropConnection);
  const auto a = add("a");
  const auto b = add("b");
  NetworkProbe probe_a(*a);
  NetworkProbe probe_b(*b);
  connect(*a, "b");
  ASSERT_TRUE(probe_b.wait_events<NodeConnected>(1));
  const auto large =
      message_to("b", MessageType::kAppendEntries, batch_of(make_entry(5, a->max_entry_bytes())));
  // Some of it is on its way when the heartbeat behind it has been written, and the peer, which
  // reads nothing, cannot have it all.
  Freeze frozen(*b);
  Completion<> lost;
  Watched<std::uint64_t> sent;
  inside_a_callback(*a, [&] {
    EXPECT_TRUE(a->send_message(large, lost.handler()));
    EXPECT_TRUE(a->send_message(numbered("b", 1), [&](const Error&) {
      sent.set(a->metrics().peers.at(NodeId("b")).bytes_sent);
      testbed_->drop_connection("a", "b");
    }));
  });
  ASSERT_TRUE(sent.wait([](std::uint64_t bytes) { return bytes > 0; }));
  EXPECT_GT(sent.get(), 4096U) << "the entry had begun";
  EXPECT_EQ(lost.get(), Errc::kConnectionLost) << "its sender is told";
  EXPECT_EQ(lost.calls(), 1U);
  frozen.thaw();
  ASSERT_TRUE(probe_a.wait_events<NodeConnected>(2));
  ASSERT_TRUE(probe_b.wait_events<NodeConnected>(2));
  EXPECT_EQ(a->metrics().peers.at(NodeId("b")).queued_bytes, 0U);
  // The new connection begins afresh: no rest of it, and it can be sent again.
  ASSERT_FALSE(send(*a, large));
  const auto whole = [](const NetworkProbe::Seen& seen) {
    return !seen.messages.empty() && seen.messages.back().type == MessageType::kAppendEntries;
  };
  ASSERT_TRUE(probe_b.wait(whole));
  std::size_t entries = 0;
  for (const auto& message : probe_b.seen().messages) {
    const auto* batch = std::get_if<EntryBatch>(&message.data);
    if (batch == nullptr) continue;
    ++entries;
    EXPECT_EQ(batch->entries.at(0).payload().size(), a->max_entry_bytes());
  }
  EXPECT_EQ(entries, 1U);
}

}  // namespace lockstep::testing
