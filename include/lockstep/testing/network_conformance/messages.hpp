#pragma once

// Messages arrive whole, unchanged, once, in order within their class; what is damaged does not
// arrive.

#include <future>

#include "lockstep/testing/network_conformance/fixture.hpp"
#include "lockstep/testing/structured_text.hpp"

namespace lockstep::testing {

class NetworkMessages : public NetworkConformance {
 protected:
  std::shared_ptr<INetworkManager> a_ = add("a");
  std::shared_ptr<INetworkManager> b_ = add("b");
  NetworkProbe probe_a_{*a_};
  NetworkProbe probe_b_{*b_};

  void SetUp() override {
    connect(*a_, "b");
    ASSERT_TRUE(probe_b_.wait_events<NodeConnected>(1));
  }
  /// Sends from a to b and gives back what came out.
  ReplicationMessage through(ReplicationMessage message) {
    const std::size_t before = probe_b_.seen().messages.size();
    const Error sent = send(*a_, std::move(message));
    EXPECT_FALSE(sent) << sent.message;
    if (sent) return {};
    EXPECT_TRUE(probe_b_.wait_messages(before + 1));
    const auto messages = probe_b_.seen().messages;
    return messages.size() > before ? messages[before] : ReplicationMessage{};
  }
};
LOCKSTEP_CONFORMANCE_GROUP(NetworkMessages);

TEST_P(NetworkMessages, TravelBothWays) {
  ASSERT_TRUE(a_->send_message(message_to("b", MessageType::kHeartbeat)));
  ASSERT_TRUE(b_->send_message(message_to("a", MessageType::kAck)));
  ASSERT_TRUE(probe_a_.wait_messages(1));
  ASSERT_TRUE(probe_b_.wait_messages(1));
  EXPECT_EQ(probe_a_.seen().messages[0].type, MessageType::kAck);
  EXPECT_EQ(probe_a_.seen().messages[0].source_node, NodeId("b"));
  EXPECT_EQ(probe_b_.seen().messages[0].type, MessageType::kHeartbeat);
  EXPECT_EQ(probe_b_.seen().messages[0].source_node, NodeId("a"));
}

TEST_P(NetworkMessages, AllTypesArrive) {
  const std::vector types{MessageType::kWalEntry,      MessageType::kHeartbeat,
                          MessageType::kElection,      MessageType::kSyncRequest,
                          MessageType::kVoteRequest,   MessageType::kVoteResponse,
                          MessageType::kAppendEntries, MessageType::kAck};
  for (const MessageType type : types) EXPECT_EQ(through(message_to("b", type)).type, type);
  EXPECT_EQ(through(message_to("b", host_message_type(7))).type, host_message_type(7));
}

TEST_P(NetworkMessages, FieldsArriveAndTheTransportFillsInTheRest) {
  ReplicationMessage message = numbered("b", 9);
  message.timestamp_ms = 1234;
  const ReplicationMessage given = through(message);
  EXPECT_EQ(given.message_id, message_id(9)) << "the caller's id is kept";
  EXPECT_EQ(given.timestamp_ms, 1234);
  EXPECT_EQ(given.target_node, NodeId("b"));
  EXPECT_EQ(given.group, GroupId(1));
  EXPECT_FALSE(given.checksum.is_none());

  const ReplicationMessage first = through(message_to("b", MessageType::kHeartbeat));
  const ReplicationMessage second = through(message_to("b", MessageType::kHeartbeat));
  EXPECT_FALSE(first.message_id.is_none());
  EXPECT_NE(first.message_id, second.message_id) << "drawn afresh";
  EXPECT_NE(first.checksum, second.checksum);
  EXPECT_GT(first.timestamp_ms, 0);
}

TEST_P(NetworkMessages, StructuredDataArrives) {
  const std::string text = R"({"collection":"users","list":[1,2.5,null],"n":7})";
  const auto message =
      through(message_to("b", MessageType::kSyncRequest, structured_from_text(text)));
  const auto* received = std::get_if<StructuredData>(&message.data);
  ASSERT_NE(received, nullptr);
  EXPECT_EQ(text_of(*received), text);
}

TEST_P(NetworkMessages, BytesArrive) {
  const std::string text = std::string(100'000, 'x') + "end";
  const auto message = through(message_to("b", host_message_type(1), SharedBuffer::copy_of(text)));
  const auto* received = std::get_if<SharedBuffer>(&message.data);
  ASSERT_NE(received, nullptr);
  EXPECT_EQ(received->view(), text);
}

TEST_P(NetworkMessages, EntryBatchArrivesWithFieldsAndDigests) {
  EntryBatch batch;
  batch.fields = SharedBuffer::copy_of("fields");
  for (std::uint64_t i = 1; i <= 20; ++i) batch.entries.push_back(make_entry(i, i * 100));
  const auto message = through(message_to("b", MessageType::kAppendEntries, batch));
  const auto* received = std::get_if<EntryBatch>(&message.data);
  ASSERT_NE(received, nullptr);
  EXPECT_EQ(received->fields.view(), "fields");
  ASSERT_EQ(received->entries.size(), 20U);
  for (std::size_t i = 0; i < 20; ++i) {
    EXPECT_EQ(received->entries[i].header, batch.entries[i].header);
    EXPECT_EQ(received->entries[i].digest, batch.entries[i].digest);
    EXPECT_EQ(received->entries[i].encoded.view(), batch.entries[i].encoded.view());
  }
}

TEST_P(NetworkMessages, LargeEntryArrivesInOnePiece) {
  EntryBatch batch = batch_of(make_entry(5, (std::size_t{3} << 20) + 17));
  batch.fields = SharedBuffer::copy_of("f");
  const auto message = through(message_to("b", MessageType::kAppendEntries, batch));
  const auto* received = std::get_if<EntryBatch>(&message.data);
  ASSERT_NE(received, nullptr);
  ASSERT_EQ(received->entries.size(), 1U);
  EXPECT_EQ(received->fields.view(), "f");
  EXPECT_EQ(received->entries[0].digest, batch.entries[0].digest);
  EXPECT_TRUE(received->entries[0].encoded.view() == batch.entries[0].encoded.view());
}

TEST_P(NetworkMessages, LargestEntryArrives) {
  const Entry entry = make_entry(5, a_->max_entry_bytes());
  const auto message = through(message_to("b", MessageType::kAppendEntries, batch_of(entry)));
  const auto* received = std::get_if<EntryBatch>(&message.data);
  ASSERT_NE(received, nullptr);
  EXPECT_TRUE(received->entries.at(0).encoded.view() == entry.encoded.view());
}

TEST_P(NetworkMessages, OrderIsKeptWithinAClassAndNoneIsLost) {
  Outcomes outcomes;
  for (std::uint64_t i = 1; i <= 1000; ++i) {
    ASSERT_TRUE(a_->send_message(numbered("b", i), outcomes.handler()));
  }
  ASSERT_TRUE(probe_b_.wait_messages(1000));
  ASSERT_TRUE(outcomes.wait(1000));
  EXPECT_EQ(outcomes.failed(), 0U);
  const auto order = probe_b_.order();
  ASSERT_EQ(order.size(), 1001U);
  EXPECT_EQ(order[0], "+a");
  for (std::size_t i = 1; i <= 1000; ++i) ASSERT_EQ(order[i], "a:" + std::to_string(i));
}

TEST_P(NetworkMessages, ThreadsMaySendAtTheSameTime) {
  constexpr std::uint64_t kThreads = 4;
  constexpr std::uint64_t kEach = 200;
  std::vector<std::future<void>> threads;
  for (std::uint64_t t = 0; t < kThreads; ++t) {
    threads.push_back(std::async(std::launch::async, [this, t] {
      for (std::uint64_t i = 0; i < kEach; ++i) {
        EXPECT_TRUE(a_->send_message(numbered("b", t << 32 | i)));
      }
    }));
  }
  for (auto& thread : threads) thread.get();
  ASSERT_TRUE(probe_b_.wait_messages(kThreads * kEach));
  std::vector<std::uint64_t> next(kThreads, 0);
  for (const auto& message : probe_b_.seen().messages) {
    const std::uint64_t number = number_of(message.message_id);
    ASSERT_EQ(number & 0xffffffff, next.at(number >> 32)++) << "a thread's own order";
  }
  EXPECT_EQ(next, std::vector<std::uint64_t>(kThreads, kEach));
}

TEST_P(NetworkMessages, DamagedOnesAreRefusedAndCountedAndTheLinkRecovers) {
  LOCKSTEP_CONFORMANCE_NEEDS(kFlipBit);
  EntryBatch batch = batch_of(make_entry(1, 500));
  batch.fields = SharedBuffer::copy_of("fields");
  // In the payload, which the entry's digest covers, and in the header and the fields, which the
  // frame's checksum does. The last is in the first part of an entry in parts.
  const std::vector<std::uint64_t> bits{8 * 300, 8 * 70, 8 * 20, 8 * 100'000};
  for (std::size_t i = 0; i < bits.size(); ++i) {
    testbed_->flip_bit("a", "b", bits[i]);
    const bool in_parts = i + 1 == bits.size();
    if (in_parts) batch.entries[0] = make_entry(1, std::size_t{1} << 20);
    ASSERT_TRUE(a_->send_message(message_to("b", MessageType::kAppendEntries, batch)));
    ASSERT_TRUE(probe_a_.wait_events<NodeDisconnected>(i + 1));
    ASSERT_TRUE(probe_b_.wait_events<NodeConnected>(i + 2));
    ASSERT_TRUE(probe_a_.wait_events<NodeConnected>(i + 2));
    EXPECT_EQ(b_->metrics().peers.at(NodeId("a")).checksum_rejections, i + 1);
  }
  EXPECT_TRUE(probe_b_.seen().messages.empty());
  EXPECT_TRUE(probe_b_.seen().has_error("a", Errc::kBadChecksum));
  EXPECT_TRUE(probe_b_.seen().has_error("a", Errc::kBadEntryDigest));
  ASSERT_TRUE(a_->send_message(message_to("b", MessageType::kAppendEntries, batch)));
  ASSERT_TRUE(probe_b_.wait_messages(1));
  EXPECT_EQ(b_->metrics().total.checksum_rejections, bits.size());
}

}  // namespace lockstep::testing
