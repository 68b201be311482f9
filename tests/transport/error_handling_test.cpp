// What goes wrong is said, counted, and harms nobody else.
#include <nlohmann/json.hpp>

#include "transport/fleet.hpp"
#include "transport/probe.hpp"

namespace lockstep::test {
namespace {

class ErrorHandling : public OnEveryTransport {};

TEST_P(ErrorHandling, ConnectWhereNobodyListensFails) {
  const auto a = fleet_->add("a");
  Completion<> connected;
  ASSERT_TRUE(a->connect(fleet_->address("nobody"), connected.handler()));
  EXPECT_EQ(connected.get(), Errc::kConnectionRefused);
}

TEST_P(ErrorHandling, SendToAnUnknownNodeIsRefusedAtOnce) {
  const auto a = fleet_->add("a");
  const auto never = [](const Error&) { ADD_FAILURE() << "a refused call called its handler"; };
  EXPECT_EQ(a->send_message(message_to("nobody", MessageType::kHeartbeat), never).error(),
            Errc::kNotConnected);
  EXPECT_EQ(a->send_message(message_to("", MessageType::kHeartbeat), never).error(),
            Errc::kInvalidArgument);
  EXPECT_EQ(a->send_message(message_to("a", MessageType::kHeartbeat), never).error(),
            Errc::kInvalidArgument);
  EXPECT_EQ(a->disconnect(NodeId("nobody"), never).error(), Errc::kNotConnected);
  EXPECT_EQ(a->metrics().total.sends_failed, 1U);
}

TEST_P(ErrorHandling, WhatFitsNoFrameIsRefusedAtOnce) {
  const auto a = fleet_->add("a");
  const auto b = fleet_->add("b");
  connect(*a, "b");
  const auto bytes = SharedBuffer::copy_of(std::string(300'000, 'x'));
  EXPECT_EQ(a->send_message(message_to("b", host_message_type(0), bytes)).error(), Errc::kTooLarge);
  EntryBatch batch;
  batch.entries.push_back(make_entry(1, (std::size_t{16} << 20) + 1));
  EXPECT_EQ(a->send_message(message_to("b", MessageType::kAppendEntries, batch)).error(),
            Errc::kTooLarge);
}

TEST_P(ErrorHandling, BudgetIsRefusedAtOnceAndGivenBack) {
  const std::size_t budget = std::size_t{1} << 20;
  const auto a = fleet_->add_node({.name = "a", .boot = {}, .max_queued_bytes_per_peer = budget});
  const auto b = fleet_->add("b");
  Probe probe(*b);
  connect(*a, "b");
  ASSERT_TRUE(probe.wait_events<NodeConnected>(1));
  EntryBatch batch;
  batch.entries.push_back(make_entry(1, 60'000));
  // Inside a callback nothing can leave meanwhile, so the budget fills up.
  Watched<std::size_t> accepted;
  Watched<std::size_t> completed;
  Completion<> full;
  ASSERT_TRUE(a->send_message(message_to("b", MessageType::kAck), [&](const Error&) {
    for (int i = 0; i < 100; ++i) {
      const auto sent =
          a->send_message(message_to("b", MessageType::kAppendEntries, batch),
                          [&](const Error&) { completed.change([](std::size_t& n) { ++n; }); });
      if (!sent) {
        const auto larger = SharedBuffer::copy_of(std::string(60'500, 'x'));
        EXPECT_TRUE(a->send_message(message_to("b", MessageType::kHeartbeat, larger)))
            << "a full queue does not silence heartbeats";
        return full.handler()(sent.error());
      }
      accepted.change([](std::size_t& n) { ++n; });
    }
  }));
  EXPECT_EQ(full.get(), Errc::kOverloaded);
  EXPECT_EQ(accepted.get(), budget / 60'300);
  ASSERT_TRUE(completed.wait([&](std::size_t n) { return n == accepted.get(); }));
  ASSERT_TRUE(probe.wait_messages(2 + accepted.get()));
  EXPECT_EQ(a->metrics().total.queued_bytes, 0U);
  EXPECT_EQ(a->metrics().total.sends_failed, 1U);
  EXPECT_TRUE(a->send_message(message_to("b", MessageType::kAppendEntries, batch)));
}

TEST_P(ErrorHandling, FlippedBitIsRefusedCountedAndTheLinkRecovers) {
  const auto a = fleet_->add("a");
  const auto b = fleet_->add("b");
  Probe probe(*b);
  Probe probe_a(*a);
  connect(*a, "b");
  ASSERT_TRUE(probe.wait_events<NodeConnected>(1));
  EntryBatch batch;
  batch.fields = SharedBuffer::copy_of("fields");
  batch.entries.push_back(make_entry(1, 500));
  // In the payload, which the entry digest covers, and in the fields, which the checksum does.
  const std::vector<std::uint64_t> bits{8 * 300, 8 * 70};
  for (std::size_t i = 0; i < bits.size(); ++i) {
    fleet_->flip_bit("a", "b", bits[i]);
    ASSERT_TRUE(a->send_message(message_to("b", MessageType::kAppendEntries, batch)));
    ASSERT_TRUE(probe_a.wait_events<NodeDisconnected>(i + 1));
    ASSERT_TRUE(probe.wait_events<NodeConnected>(i + 2));
    ASSERT_TRUE(probe_a.wait_events<NodeConnected>(i + 2));
    EXPECT_EQ(b->metrics().peers.at(NodeId("a")).checksum_rejections, i + 1);
  }
  EXPECT_TRUE(probe.seen().messages.empty());
  ASSERT_TRUE(a->send_message(message_to("b", MessageType::kAppendEntries, batch)));
  ASSERT_TRUE(probe.wait_messages(1));
  EXPECT_EQ(b->metrics().total.checksum_rejections, 2U);
}

TEST_P(ErrorHandling, CloseCompletesEverythingThatWasAccepted) {
  const auto a = fleet_->add("a");
  const auto b = fleet_->add("b");
  Probe probe(*b);
  connect(*a, "b");
  ASSERT_TRUE(probe.wait_events<NodeConnected>(1));
  EntryBatch batch;
  batch.entries.push_back(make_entry(1, 1 << 17));
  Watched<std::vector<Error>> outcomes;
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(a->send_message(
        message_to("b", MessageType::kAppendEntries, batch),
        [&](const Error& error) { outcomes.change([&](auto& all) { all.push_back(error); }); }));
  }
  Completion<> closed;
  a->close(closed.handler());
  ASSERT_FALSE(closed.get());
  const auto all = outcomes.get();
  ASSERT_EQ(all.size(), 20U) << "before close is done";
  for (const Error& error : all) EXPECT_FALSE(error) << error.message;
  EXPECT_TRUE(probe.wait_messages(20)) << "what was accepted is sent";
}

TEST_P(ErrorHandling, DestructionCompletesEverythingThatWasAccepted) {
  auto a = fleet_->add("a");
  const auto b = fleet_->add("b");
  connect(*a, "b");
  EntryBatch batch;
  batch.entries.push_back(make_entry(1, 1 << 17));
  Watched<int> outcomes;
  int accepted = 0;
  for (int i = 0; i < 40; ++i) {
    accepted +=
        a->send_message(message_to("b", MessageType::kAppendEntries, batch), [&](const Error&) {
           outcomes.change([](int& n) { ++n; });
         }).has_value();
  }
  a.reset();
  EXPECT_EQ(accepted, 40);
  EXPECT_TRUE(outcomes.wait([&](int n) { return n == accepted; }));
}

TEST_P(ErrorHandling, LostConnectionCompletesWhatWasAcceptedForIt) {
  const auto a = fleet_->add_node({.name = "a", .boot = {}, .quick_keep_alive = true});
  const auto b = fleet_->add_node({.name = "b", .boot = {}, .quick_keep_alive = true});
  Probe probe(*a);
  connect(*a, "b");
  EntryBatch batch;
  batch.entries.push_back(make_entry(1, 1 << 17));
  Watched<int> outcomes;
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(a->send_message(message_to("b", MessageType::kAppendEntries, batch),
                                [&](const Error&) { outcomes.change([](int& n) { ++n; }); }));
  }
  fleet_->drop_connection("a", "b");
  EXPECT_TRUE(outcomes.wait([](int n) { return n == 10; }));
  EXPECT_TRUE(probe.wait_events<NodeConnected>(2));
}

LOCKSTEP_ON_EVERY_TRANSPORT(ErrorHandling);

}  // namespace
}  // namespace lockstep::test
