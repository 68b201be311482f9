// Messages: what arrives, in what order, to whom, and what the sender hears of it.
#include <nlohmann/json.hpp>
#include <set>

#include "transport/fleet.hpp"
#include "transport/probe.hpp"

namespace lockstep::test {
namespace {

class MessageCommunication : public OnEveryTransport {
 protected:
  std::shared_ptr<INetworkManager> a_ = fleet_->add("a");
  std::shared_ptr<INetworkManager> b_ = fleet_->add("b");
  Probe probe_a_{*a_};
  Probe probe_b_{*b_};

  void SetUp() override {
    connect(*a_, "b");
    ASSERT_TRUE(probe_b_.wait_events<NodeConnected>(1));
  }
  /// Sends from a to b and gives back what came out.
  ReplicationMessage through(ReplicationMessage message) {
    const std::size_t before = probe_b_.seen().messages.size();
    Completion<> sent;
    const auto accepted = a_->send_message(std::move(message), sent.handler());
    EXPECT_TRUE(accepted) << accepted.error().message;
    if (!accepted) return {};
    EXPECT_FALSE(sent.get()) << sent.get().message;
    EXPECT_TRUE(probe_b_.wait_messages(before + 1));
    const auto messages = probe_b_.seen().messages;
    return messages.size() > before ? messages[before] : ReplicationMessage{};
  }
};

TEST_P(MessageCommunication, SendsBothWays) {
  ASSERT_TRUE(a_->send_message(message_to("b", MessageType::kHeartbeat)));
  ASSERT_TRUE(b_->send_message(message_to("a", MessageType::kAck)));
  ASSERT_TRUE(probe_a_.wait_messages(1));
  ASSERT_TRUE(probe_b_.wait_messages(1));
  EXPECT_EQ(probe_a_.seen().messages[0].type, MessageType::kAck);
  EXPECT_EQ(probe_a_.seen().messages[0].source_node, NodeId("b"));
  EXPECT_EQ(probe_b_.seen().messages[0].type, MessageType::kHeartbeat);
  EXPECT_EQ(probe_b_.seen().messages[0].source_node, NodeId("a"));
}

TEST_P(MessageCommunication, AllTypesOfTheSeedArrive) {
  const std::vector types{MessageType::kWalEntry,      MessageType::kHeartbeat,
                          MessageType::kElection,      MessageType::kSyncRequest,
                          MessageType::kVoteRequest,   MessageType::kVoteResponse,
                          MessageType::kAppendEntries, MessageType::kAck};
  for (const MessageType type : types) EXPECT_EQ(through(message_to("b", type)).type, type);
  EXPECT_EQ(through(message_to("b", host_message_type(7))).type, host_message_type(7));
}

TEST_P(MessageCommunication, FieldsArriveAndTheTransportFillsInTheRest) {
  ReplicationMessage message = message_to("b", MessageType::kHeartbeat);
  message.message_id = message_id(9);
  message.timestamp_ms = 1234;
  const ReplicationMessage given = through(message);
  EXPECT_EQ(given.message_id, message_id(9));
  EXPECT_EQ(given.timestamp_ms, 1234);
  EXPECT_EQ(given.target_node, NodeId("b"));
  EXPECT_EQ(given.group, GroupId(1));
  EXPECT_FALSE(given.checksum.is_none());

  const ReplicationMessage first = through(message_to("b", MessageType::kHeartbeat));
  const ReplicationMessage second = through(message_to("b", MessageType::kHeartbeat));
  EXPECT_FALSE(first.message_id.is_none());
  EXPECT_NE(first.message_id, second.message_id);
  EXPECT_NE(first.checksum, second.checksum);
  EXPECT_GT(first.timestamp_ms, 1'600'000'000'000);
}

TEST_P(MessageCommunication, StructuredDataArrives) {
  const nlohmann::json data = {{"collection", "users"}, {"n", 7}, {"list", {1, 2.5, nullptr}}};
  const auto message = through(
      message_to("b", MessageType::kSyncRequest, std::make_shared<const nlohmann::json>(data)));
  const auto* received = std::get_if<StructuredData>(&message.data);
  ASSERT_NE(received, nullptr);
  EXPECT_EQ(**received, data);
}

TEST_P(MessageCommunication, BytesArrive) {
  const std::string text(100'000, 'x');
  const auto message =
      through(message_to("b", host_message_type(1), SharedBuffer::copy_of(text + "end")));
  const auto* received = std::get_if<SharedBuffer>(&message.data);
  ASSERT_NE(received, nullptr);
  EXPECT_EQ(received->view(), text + "end");
}

TEST_P(MessageCommunication, EntryBatchArrivesWithFieldsAndDigests) {
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

TEST_P(MessageCommunication, LargeEntryArrivesInParts) {
  EntryBatch batch;
  batch.fields = SharedBuffer::copy_of("f");
  batch.entries.push_back(make_entry(5, (std::size_t{3} << 20) + 17));
  const auto message = through(message_to("b", MessageType::kAppendEntries, batch));
  const auto* received = std::get_if<EntryBatch>(&message.data);
  ASSERT_NE(received, nullptr);
  ASSERT_EQ(received->entries.size(), 1U);
  EXPECT_EQ(received->fields.view(), "f");
  EXPECT_EQ(received->entries[0].digest, batch.entries[0].digest);
  EXPECT_TRUE(received->entries[0].encoded.view() == batch.entries[0].encoded.view());
}

TEST_P(MessageCommunication, HeartbeatsOvertakeALargeEntry) {
  // Sent from one callback, so that all of it is queued before anything leaves.
  EntryBatch large;
  large.entries.push_back(make_entry(5, std::size_t{3} << 20));
  Completion<> queued;
  const Subscription listener = a_->subscribe([&](const NetworkEvent& event) {
    if (!std::holds_alternative<NodeDisconnected>(event)) return;
    queued.handler()(Error{});
  });
  Completion<> inside;
  ASSERT_TRUE(a_->send_message(message_to("b", MessageType::kAck), [&](const Error&) {
    EXPECT_TRUE(a_->send_message(message_to("b", MessageType::kAppendEntries, large)));
    EXPECT_TRUE(a_->send_message(message_to("b", MessageType::kHeartbeat)));
    inside.handler()(Error{});
  }));
  ASSERT_FALSE(inside.get());
  ASSERT_TRUE(probe_b_.wait_messages(3));
  const auto messages = probe_b_.seen().messages;
  EXPECT_EQ(messages[1].type, MessageType::kHeartbeat);
  EXPECT_EQ(messages[2].type, MessageType::kAppendEntries);
}

TEST_P(MessageCommunication, OrderIsKeptWithinAClass) {
  for (int i = 1; i <= 200; ++i) {
    ReplicationMessage message = message_to("b", MessageType::kHeartbeat);
    message.message_id = message_id(static_cast<std::uint8_t>(i));
    ASSERT_TRUE(a_->send_message(message));
  }
  ASSERT_TRUE(probe_b_.wait_messages(200));
  const auto order = probe_b_.seen().order;
  ASSERT_EQ(order.size(), 201U);
  EXPECT_EQ(order[0], "+a");
  for (int i = 1; i <= 200; ++i)
    EXPECT_EQ(order[static_cast<std::size_t>(i)], "a:" + std::to_string(i));
}

TEST_P(MessageCommunication, BroadcastReachesAllConnectedAndReportsEach) {
  const auto c = fleet_->add("c");
  Probe probe_c(*c);
  connect(*a_, "c");
  ASSERT_TRUE(probe_c.wait_events<NodeConnected>(1));
  Completion<std::vector<SendReport>> done;
  Broadcast broadcast;
  broadcast.message = message_to("", MessageType::kHeartbeat);
  broadcast.message.message_id = message_id(77);
  ASSERT_TRUE(a_->broadcast_message(broadcast, done.handler()));
  const auto reports = done.get();
  ASSERT_EQ(reports.size(), 2U);
  EXPECT_EQ(reports[0].node, NodeId("b"));
  EXPECT_EQ(reports[1].node, NodeId("c"));
  EXPECT_FALSE(reports[0].error);
  EXPECT_FALSE(reports[1].error);
  ASSERT_TRUE(probe_b_.wait_messages(1));
  ASSERT_TRUE(probe_c.wait_messages(1));
  EXPECT_EQ(probe_b_.seen().messages[0].message_id, message_id(77));
  EXPECT_EQ(probe_c.seen().messages[0].message_id, message_id(77));
  EXPECT_FALSE(probe_c.seen().messages[0].target_node);
}

TEST_P(MessageCommunication, BroadcastWithFieldsPerTargetSharesItsEntries) {
  const auto c = fleet_->add("c");
  Probe probe_c(*c);
  connect(*a_, "c");
  EntryBatch batch;
  batch.fields = SharedBuffer::copy_of("for all");
  batch.entries.push_back(make_entry(1, 1000));
  Broadcast broadcast;
  broadcast.message = message_to("", MessageType::kAppendEntries, batch);
  broadcast.targets = {{NodeId("b"), SharedBuffer::copy_of("for b")},
                       {NodeId("c"), {}},
                       {NodeId("nobody"), {}},
                       {NodeId("a"), {}}};
  Completion<std::vector<SendReport>> done;
  ASSERT_TRUE(a_->broadcast_message(broadcast, done.handler()));
  const auto reports = done.get();
  ASSERT_EQ(reports.size(), 4U);
  EXPECT_FALSE(reports[0].error);
  EXPECT_FALSE(reports[1].error);
  EXPECT_EQ(reports[2].error, Errc::kNotConnected);
  EXPECT_EQ(reports[3].error, Errc::kInvalidArgument);
  ASSERT_TRUE(probe_b_.wait_messages(1));
  ASSERT_TRUE(probe_c.wait_messages(1));
  const auto at_b = std::get<EntryBatch>(probe_b_.seen().messages[0].data);
  const auto at_c = std::get<EntryBatch>(probe_c.seen().messages[0].data);
  EXPECT_EQ(at_b.fields.view(), "for b");
  EXPECT_EQ(at_c.fields.view(), "for all");
  EXPECT_EQ(at_b.entries.at(0).digest, batch.entries[0].digest);
  EXPECT_EQ(at_c.entries.at(0).digest, batch.entries[0].digest);
}

TEST_P(MessageCommunication, BroadcastToNobodyIsDone) {
  const auto c = fleet_->add("c");
  Completion<std::vector<SendReport>> done;
  ASSERT_TRUE(c->broadcast_message({message_to("", MessageType::kHeartbeat), {}}, done.handler()));
  EXPECT_TRUE(done.get().empty());
  EXPECT_EQ(done.calls(), 1U);
}

TEST_P(MessageCommunication, HandlersGetTheirGroupAndRangeAndTheRestIsCounted) {
  Watched<std::vector<MessageType>> got;
  const auto add = [&](const ReplicationMessage& message) {
    got.change([&](auto& types) { types.push_back(message.type); });
  };
  auto handler =
      b_->set_handler(GroupId(2), {MessageType::kHeartbeat, MessageType::kSyncRequest}, add);
  ASSERT_TRUE(handler);
  const auto overlap = [&](MessageType first, MessageType last) {
    return b_->set_handler(GroupId(2), {first, last}, add).error();
  };
  EXPECT_EQ(overlap(MessageType::kSyncRequest, MessageType::kAck), Errc::kInvalidArgument);
  EXPECT_EQ(overlap(MessageType::kWalEntry, MessageType::kHeartbeat), Errc::kInvalidArgument);
  EXPECT_EQ(overlap(MessageType::kAck, MessageType::kVoteRequest), Errc::kInvalidArgument);
  auto other_group =
      b_->set_handler(GroupId(3), {MessageType::kHeartbeat, MessageType::kHeartbeat}, add);
  EXPECT_TRUE(other_group);

  ReplicationMessage unhandled = message_to("b", MessageType::kAck);
  unhandled.group = GroupId(2);
  ReplicationMessage handled = message_to("b", MessageType::kElection);
  handled.group = GroupId(2);
  ASSERT_TRUE(a_->send_message(unhandled));
  ASSERT_TRUE(a_->send_message(handled));
  ASSERT_TRUE(got.wait([](const auto& types) { return !types.empty(); }));
  EXPECT_EQ(got.get(), std::vector{MessageType::kElection});
  EXPECT_EQ(b_->metrics().unhandled_messages, 1U);
  handler->reset();
  auto instead = b_->set_handler(GroupId(2), {MessageType::kWalEntry, MessageType::kAck}, add);
  EXPECT_TRUE(instead) << "the place is free again";
}

TEST_P(MessageCommunication, ListenersMayUnsubscribeInsideACallback) {
  Watched<int> calls;
  Subscription once;
  once = b_->subscribe([&](const NetworkEvent&) {
    once.reset();
    calls.change([](int& n) { ++n; });
  });
  Probe later(*b_, false);
  const auto c = fleet_->add("c");
  const auto d = fleet_->add("d");
  connect(*c, "b");
  connect(*d, "b");
  ASSERT_TRUE(later.wait_events<NodeConnected>(2));
  EXPECT_EQ(calls.get(), 1);
}

TEST_P(MessageCommunication, ListenerThatThrowsHarmsNobodyElse) {
  const Subscription bad =
      b_->subscribe([](const NetworkEvent&) { throw std::runtime_error("listener"); });
  Probe good(*b_, false);
  auto bad_handler = b_->set_handler(GroupId(9), {MessageType::kAck, MessageType::kAck},
                                     [](const ReplicationMessage&) { throw 42; });
  ASSERT_TRUE(bad_handler);
  const auto c = fleet_->add("c");
  connect(*c, "b");
  ASSERT_TRUE(good.wait_events<NodeConnected>(1));
  ReplicationMessage message = message_to("b", MessageType::kAck);
  message.group = GroupId(9);
  ASSERT_TRUE(a_->send_message(message));
  ASSERT_TRUE(a_->send_message(message_to("b", MessageType::kAck)));
  ASSERT_TRUE(probe_b_.wait_messages(1));
  EXPECT_EQ(b_->metrics().listener_exceptions, 2U);
  EXPECT_TRUE(b_->is_connected(NodeId("a")));
}

TEST_P(MessageCommunication, SubscriptionsMayOutliveTheManager) {
  auto c = fleet_->add("c");
  auto probe = std::make_unique<Probe>(*c);
  c.reset();
  probe.reset();
}

LOCKSTEP_ON_EVERY_TRANSPORT(MessageCommunication);

}  // namespace
}  // namespace lockstep::test
