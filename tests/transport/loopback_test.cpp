// What only the loopback network has: faults on demand, nodes that leave and come back.
#include "lockstep/asio_runtime.hpp"
#include "lockstep/loopback_network.hpp"
#include "transport/probe.hpp"

namespace lockstep::test {
namespace {

using std::chrono::milliseconds;

class Loopback : public ::testing::Test {
 protected:
  std::shared_ptr<INetworkManager> add(const std::string& name) {
    auto added = network_->add_node(options_of(name));
    EXPECT_TRUE(added) << added.error().message;
    return added ? *added : nullptr;
  }
  static LoopbackNodeOptions options_of(const std::string& name) {
    LoopbackNodeOptions options;
    options.node = NodeId(name);
    options.log = [](LogLevel, std::string_view) {};
    return options;
  }
  static void connect(INetworkManager& from, const std::string& to) {
    Completion<> connected;
    ASSERT_TRUE(from.connect({NodeId(to), "", 0}, connected.handler()));
    ASSERT_FALSE(connected.get());
  }

  const NodeId a_{"a"};
  const NodeId b_{"b"};
  std::shared_ptr<AsioRuntime> runtime_ = AsioRuntime::create();
  std::optional<LoopbackNetwork> network_{std::in_place, runtime_};
};

TEST_F(Loopback, NodeIsThereOnceAndMayComeBack) {
  auto first = add("a");
  EXPECT_EQ(network_->add_node(options_of("a")).error(), Errc::kWrongState);
  EXPECT_EQ(network_->add_node(options_of("not valid")).error(), Errc::kInvalidArgument);
  first->close();
  EXPECT_TRUE(network_->add_node(options_of("a"))) << "closing makes room at once";
  EXPECT_TRUE(network_->add_node(options_of("a"))) << "so does destruction";
}

TEST_F(Loopback, CutLosesOneDirectionOnly) {
  const auto a = add("a");
  const auto b = add("b");
  Probe probe_a(*a);
  Probe probe_b(*b);
  connect(*a, "b");
  ASSERT_TRUE(probe_b.wait_events<NodeConnected>(1));
  network_->cut(a_, b_);
  Completion<> swallowed;
  ASSERT_TRUE(a->send_message(message_to("b", MessageType::kHeartbeat), swallowed.handler()));
  EXPECT_FALSE(swallowed.get());
  ASSERT_TRUE(b->send_message(message_to("a", MessageType::kAck)));
  EXPECT_TRUE(probe_a.wait_messages(1));
  EXPECT_TRUE(a->is_connected(b_)) << "nobody notices a cut cable";
  EXPECT_TRUE(b->is_connected(a_));
  // Healed: the connection with the gap breaks, and a whole one follows.
  network_->heal(a_, b_);
  ASSERT_TRUE(probe_b.wait_events<NodeConnected>(2));
  ASSERT_TRUE(probe_a.wait_events<NodeConnected>(2));
  ASSERT_TRUE(a->send_message(message_to("b", MessageType::kAck)));
  ASSERT_TRUE(probe_b.wait_messages(1));
  EXPECT_EQ(probe_b.seen().messages.at(0).type, MessageType::kAck);
}

TEST_F(Loopback, MakesItsFramesInOnePieceAndCountsThat) {
  const auto a = add("a");
  const auto b = add("b");
  Probe probe(*b);
  connect(*a, "b");
  EntryBatch batch;
  batch.entries.push_back(make_entry(1, 5000));
  ASSERT_TRUE(a->send_message(message_to("b", MessageType::kAppendEntries, batch)));
  ASSERT_TRUE(probe.wait_messages(1));
  EXPECT_EQ(a->metrics().total.payload_bytes_copied, 5000U);
  EXPECT_EQ(b->metrics().total.payload_bytes_copied, 0U);
}

TEST_F(Loopback, CutThatCostNothingLeavesTheConnection) {
  const auto a = add("a");
  const auto b = add("b");
  Probe probe_b(*b);
  connect(*a, "b");
  ASSERT_TRUE(probe_b.wait_events<NodeConnected>(1));
  network_->cut(a_, b_);
  network_->heal_all();
  ASSERT_TRUE(a->send_message(message_to("b", MessageType::kAck)));
  ASSERT_TRUE(probe_b.wait_messages(1));
  EXPECT_EQ(probe_b.seen().order.size(), 2U) << "connected, message";
}

TEST_F(Loopback, DialWaitsForTheCableToBeWhole) {
  const auto a = add("a");
  const auto b = add("b");
  network_->cut(b_, a_);
  Completion<> connected;
  ASSERT_TRUE(a->connect({b_, "", 0}, connected.handler()));
  EXPECT_EQ(connected.calls(), 0U);
  network_->heal_all();
  EXPECT_FALSE(connected.get());
}

TEST_F(Loopback, DelayIsKeptAndSoIsTheOrder) {
  const auto a = add("a");
  const auto b = add("b");
  Probe probe_b(*b);
  connect(*a, "b");
  ASSERT_TRUE(probe_b.wait_events<NodeConnected>(1));
  network_->set_delay(a_, b_, milliseconds(40));
  const auto begun = std::chrono::steady_clock::now();
  ReplicationMessage message = message_to("b", MessageType::kHeartbeat);
  for (std::uint8_t i = 1; i <= 20; ++i) {
    message.message_id = message_id(i);
    Completion<> sent;
    ASSERT_TRUE(a->send_message(message, sent.handler()));
    ASSERT_FALSE(sent.get());
    if (i == 10) network_->set_delay(a_, b_, milliseconds(0));
  }
  ASSERT_TRUE(probe_b.wait_messages(20));
  EXPECT_GE(std::chrono::steady_clock::now() - begun, milliseconds(40));
  const auto messages = probe_b.seen().messages;
  for (std::size_t i = 0; i < 20; ++i) EXPECT_EQ(messages[i].message_id.bytes()[0], i + 1);
}

TEST_F(Loopback, MessageAcceptedForAConnectionThatIsGoneIsReported) {
  const auto a = add("a");
  const auto b = add("b");
  connect(*a, "b");
  // In one callback, so that the loss comes before the message can leave.
  Completion<> accepted;
  Completion<> lost;
  ASSERT_TRUE(a->send_message(message_to("b", MessageType::kAck), [&](const Error&) {
    network_->drop_connection(a_, b_);
    const auto sent = a->send_message(message_to("b", MessageType::kAck), lost.handler());
    accepted.handler()(sent ? Error{} : sent.error());
  }));
  ASSERT_FALSE(accepted.get());
  EXPECT_EQ(lost.get(), Errc::kConnectionLost);
  EXPECT_EQ(a->metrics().total.queued_bytes, 0U);
  EXPECT_EQ(a->metrics().total.sends_failed, 1U);
}

TEST_F(Loopback, NetworkLivesAsLongAsItsManagers) {
  const auto a = add("a");
  const auto b = add("b");
  network_.reset();
  runtime_.reset();
  Probe probe(*b);
  connect(*a, "b");
  ASSERT_TRUE(a->send_message(message_to("b", MessageType::kAck)));
  EXPECT_TRUE(probe.wait_messages(1));
}

}  // namespace
}  // namespace lockstep::test
