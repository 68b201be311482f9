#pragma once

// Every send has a result; a broadcast has one for each peer, and costs one encoding and one pass
// of hashing.

#include "lockstep/testing/network_conformance/fixture.hpp"

namespace lockstep::testing {

class NetworkSends : public NetworkConformance {
 protected:
  using Reports = std::vector<SendReport>;

  /// `a` connected to each of the others.
  void SetUp() override {
    for (const char* name : {"b", "c", "d"}) {
      nodes_.push_back(add(name));
      probes_.push_back(std::make_unique<NetworkProbe>(*nodes_.back()));
      connect(*a_, name);
      ASSERT_TRUE(probes_.back()->wait_events<NodeConnected>(1));
    }
  }
  Reports broadcast(Broadcast what) {
    Completion<Reports> done;
    const auto accepted = a_->broadcast_message(std::move(what), done.handler());
    EXPECT_TRUE(accepted) << accepted.error().message;
    return accepted ? done.get() : Reports{};
  }
  static Broadcast broadcast_of(ReplicationMessage message,
                                const std::vector<std::string>& targets = {}) {
    Broadcast result;
    result.message = std::move(message);
    for (const auto& target : targets) result.targets.push_back({NodeId(target), {}});
    return result;
  }

  std::shared_ptr<INetworkManager> a_ = add("a");
  std::vector<std::shared_ptr<INetworkManager>> nodes_;
  std::vector<std::unique_ptr<NetworkProbe>> probes_;
};
LOCKSTEP_CONFORMANCE_GROUP(NetworkSends);

TEST_P(NetworkSends, WhatCannotBeSentIsRefusedAtOnceAndItsHandlerNeverCalled) {
  const auto never = [](const Error&) { ADD_FAILURE() << "a refused call called its handler"; };
  const auto refusal = [&](const std::string& target, MessageData data = {}) {
    auto message = message_to(target, MessageType::kAppendEntries, std::move(data));
    const auto accepted = a_->send_message(std::move(message), never);
    return accepted ? Error{} : accepted.error();
  };
  EXPECT_EQ(refusal("nobody"), Errc::kNotConnected);
  EXPECT_EQ(refusal(""), Errc::kInvalidArgument);
  EXPECT_EQ(refusal("a"), Errc::kInvalidArgument);
  EXPECT_EQ(refusal("b", SharedBuffer::copy_of(std::string(300'000, 'x'))), Errc::kTooLarge);
  EXPECT_EQ(refusal("b", batch_of(make_entry(1, a_->max_entry_bytes() + 1))), Errc::kTooLarge);
  EXPECT_EQ(a_->disconnect(NodeId("nobody"), never).error(), Errc::kNotConnected);
  const PeerCounters to_b = a_->metrics().peers.at(NodeId("b"));
  EXPECT_EQ(to_b.sends_failed, 2U);
  EXPECT_EQ(to_b.sends_failed_by_reason.at(Errc::kTooLarge), 2U);
  EXPECT_FALSE(send(*a_, message_to("b", MessageType::kAck))) << "nothing else is harmed";
}

TEST_P(NetworkSends, CompleteExactlyOnce) {
  LOCKSTEP_CONFORMANCE_NEEDS(kDropConnection);
  std::vector<Completion<>> sent(200);
  const EntryBatch batch = batch_of(make_entry(1, 1 << 16));
  std::vector<bool> accepted;
  for (std::size_t i = 0; i < sent.size(); ++i) {
    if (i == 100) testbed_->drop_connection("a", "b");
    accepted.push_back(
        a_->send_message(message_to("b", MessageType::kAppendEntries, batch), sent[i].handler())
            .has_value());
  }
  for (std::size_t i = 0; i < sent.size(); ++i) {
    if (accepted[i]) (void)sent[i].get();
  }
  close(*a_);
  for (std::size_t i = 0; i < sent.size(); ++i) EXPECT_EQ(sent[i].calls(), accepted[i] ? 1U : 0U);
  EXPECT_TRUE(accepted[0]);
}

TEST_P(NetworkSends, BroadcastReachesAllConnectedAndReportsEach) {
  const Reports reports = broadcast(broadcast_of(numbered("", 77)));
  ASSERT_EQ(reports.size(), 3U);
  EXPECT_EQ(reports[0].node, NodeId("b"));
  EXPECT_EQ(reports[1].node, NodeId("c"));
  EXPECT_EQ(reports[2].node, NodeId("d"));
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_FALSE(reports[i].error) << reports[i].error.message;
    ASSERT_TRUE(probes_[i]->wait_messages(1));
    EXPECT_EQ(probes_[i]->seen().messages[0].message_id, message_id(77)) << "the caller's id";
    EXPECT_FALSE(probes_[i]->seen().messages[0].target_node);
  }
}

TEST_P(NetworkSends, BroadcastWithFieldsPerTargetSharesItsEntries) {
  EntryBatch batch = batch_of(make_entry(1, 1000));
  batch.fields = SharedBuffer::copy_of("for all");
  Broadcast what = broadcast_of(message_to("", MessageType::kAppendEntries, batch));
  what.targets = {{NodeId("b"), SharedBuffer::copy_of("for b")},
                  {NodeId("c"), {}},
                  {NodeId("nobody"), {}},
                  {NodeId("a"), {}}};
  const Reports reports = broadcast(what);
  ASSERT_EQ(reports.size(), 4U);
  EXPECT_FALSE(reports[0].error);
  EXPECT_FALSE(reports[1].error);
  EXPECT_EQ(reports[2].error, Errc::kNotConnected);
  EXPECT_EQ(reports[2].node, NodeId("nobody"));
  EXPECT_EQ(reports[3].error, Errc::kInvalidArgument);
  ASSERT_TRUE(probes_[0]->wait_messages(1));
  ASSERT_TRUE(probes_[1]->wait_messages(1));
  const auto at_b = std::get<EntryBatch>(probes_[0]->seen().messages[0].data);
  const auto at_c = std::get<EntryBatch>(probes_[1]->seen().messages[0].data);
  EXPECT_EQ(at_b.fields.view(), "for b");
  EXPECT_EQ(at_c.fields.view(), "for all");
  EXPECT_EQ(at_b.entries.at(0).digest, batch.entries[0].digest);
  EXPECT_EQ(at_c.entries.at(0).digest, batch.entries[0].digest);
}

TEST_P(NetworkSends, BroadcastIsEncodedAndHashedOnce) {
  const auto message =
      message_to("", MessageType::kAppendEntries, batch_of(make_entry(1, 100'000)));
  const auto cost = [&](const std::vector<std::string>& targets) {
    const NetworkMetrics before = a_->metrics();
    EXPECT_EQ(broadcast(broadcast_of(message, targets)).size(), targets.size());
    const NetworkMetrics after = a_->metrics();
    return std::pair(after.messages_encoded - before.messages_encoded,
                     after.bytes_hashed - before.bytes_hashed);
  };
  const auto to_one = cost({"b"});
  const auto to_three = cost({"b", "c", "d"});
  EXPECT_EQ(to_one.first, 1U);
  EXPECT_EQ(to_three, to_one);
  EXPECT_GT(to_one.second, 0U);
  EXPECT_LT(to_one.second, 10'000U) << "the payload's digest exists already";
}

TEST_P(NetworkSends, BroadcastToNobodyIsDone) {
  const auto e = add("e");
  Completion<Reports> done;
  ASSERT_TRUE(e->broadcast_message(broadcast_of(numbered("", 1)), done.handler()));
  EXPECT_TRUE(done.get().empty());
  EXPECT_EQ(done.calls(), 1U);
}

TEST_P(NetworkSends, EntriesAreHandedOverWithoutACopyOfTheirPayloads) {
  const std::size_t payload_bytes = 50'000;
  EntryBatch sent = batch_of(make_entry(1, payload_bytes));
  sent.fields = SharedBuffer::copy_of("fields");
  ASSERT_FALSE(send(*a_, message_to("b", MessageType::kAppendEntries, sent)));
  ASSERT_TRUE(probes_[0]->wait_messages(1));
  const PeerCounters out = a_->metrics().peers.at(NodeId("b"));
  const PeerCounters in = nodes_[0]->metrics().peers.at(NodeId("a"));
  EXPECT_EQ(out.payload_bytes_sent, payload_bytes);
  EXPECT_EQ(in.payload_bytes_received, payload_bytes);
  EXPECT_EQ(in.payload_bytes_copied, 0U);
  // What was received lies where it was received, entry behind fields.
  const auto message = probes_[0]->seen().messages.at(0);
  const auto& batch = std::get<EntryBatch>(message.data);
  EXPECT_EQ(batch.entries.at(0).encoded.data(), batch.fields.data() + batch.fields.size());
  LOCKSTEP_CONFORMANCE_NEEDS(kGather);
  EXPECT_EQ(out.payload_bytes_copied, 0U);
}

}  // namespace lockstep::testing
