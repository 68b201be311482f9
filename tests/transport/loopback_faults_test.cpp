// What travels, when, and what faults make of it: in virtual time, so that figures are exact.
#include <algorithm>

#include "transport/loopback_in_virtual_time.hpp"

namespace lockstep::test {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class LoopbackFaults : public LoopbackInVirtualTime {
 protected:
  std::uint64_t bytes_sent(const Node& node) { return node->metrics().total.bytes_sent; }

  Node a = add("a");
  Node b = add("b");
};

TEST_F(LoopbackFaults, DelayIsExactAndDirected) {
  connect(*a, *b);
  Arrivals at_a(*a, simulated_);
  Arrivals at_b(*b, simulated_);
  set(a_, b_, {.delay = 40ms});
  ASSERT_TRUE(a->send_message(numbered(1, b_)));
  ASSERT_TRUE(b->send_message(numbered(2, a_)));
  simulated_.run_for(40ms - 1ns);
  EXPECT_THAT(at_b.numbers(), IsEmpty());
  EXPECT_THAT(at_a.numbers(), ElementsAre(2)) << "the other way has no delay";
  simulated_.run_for(1ns);
  EXPECT_THAT(at_b.numbers(), ElementsAre(1));
}

TEST_F(LoopbackFaults, JitterSpreadsArrivalsOverItsWholeRange) {
  connect(*a, *b);
  Arrivals at_b(*b, simulated_);
  set(a_, b_, {.delay = 10ms, .jitter = 20ms});
  std::vector<Nanoseconds> took;
  for (int i = 0; i < 500; ++i) {
    const Nanoseconds sent = simulated_.elapsed();
    ASSERT_TRUE(a->send_message(numbered(1, b_)));
    simulated_.run_for(1s);
    ASSERT_EQ(at_b.all.size(), static_cast<std::size_t>(i) + 1);
    took.push_back(at_b.all.back().at - sent);
  }
  const auto [least, most] = std::minmax_element(took.begin(), took.end());
  EXPECT_GE(*least, 10ms);
  EXPECT_LT(*least, 11ms);
  EXPECT_LE(*most, 30ms);
  EXPECT_GT(*most, 29ms);
  Nanoseconds sum{0};
  for (const Nanoseconds one : took) sum += one;
  EXPECT_GT(sum / 500, 19ms) << "uniform";
  EXPECT_LT(sum / 500, 21ms);
}

TEST_F(LoopbackFaults, JitterKeepsTheOrderOfAConnection) {
  connect(*a, *b);
  Arrivals at_b(*b, simulated_);
  set(a_, b_, {.jitter = 50ms});
  std::vector<int> sent;
  for (int i = 1; i <= 200; ++i) {
    sent.push_back(i);
    ASSERT_TRUE(a->send_message(numbered(static_cast<std::uint8_t>(i), b_)));
    simulated_.run_for(1ms);
  }
  simulated_.run_for(1s);
  EXPECT_EQ(at_b.numbers(), sent);
}

TEST_F(LoopbackFaults, BytesTakeTheTimeThatTheRateSaysExactly) {
  connect(*a, *b);
  Arrivals at_b(*b, simulated_);
  constexpr std::uint64_t kRate = 1'000'003;
  set(a_, b_, {.bytes_per_second = kRate});
  const std::uint64_t bytes_before = bytes_sent(a);
  const Nanoseconds begun = simulated_.elapsed();
  for (std::uint8_t i = 1; i <= 100; ++i) {
    ASSERT_TRUE(a->send_message(numbered(i, b_, SharedBuffer::copy_of(std::string(10'007, 'x')))));
  }
  simulated_.run_for(1min);
  ASSERT_EQ(at_b.all.size(), 100U);
  const std::uint64_t bytes = bytes_sent(a) - bytes_before;
  EXPECT_GT(bytes, 1'000'700U);
  EXPECT_EQ((at_b.all.back().at - begun).count(),
            static_cast<std::int64_t>(bytes * 1'000'000'000 / kRate));
}

TEST_F(LoopbackFaults, LineThatWasIdleIsFreeAtOnce) {
  connect(*a, *b);
  Arrivals at_b(*b, simulated_);
  set(a_, b_, {.delay = 5ms, .bytes_per_second = 1000});
  for (std::uint8_t i = 1; i <= 2; ++i) {
    simulated_.run_for(1min);
    const std::uint64_t bytes_before = bytes_sent(a);
    const Nanoseconds sent = simulated_.elapsed();
    ASSERT_TRUE(a->send_message(numbered(i, b_)));
    simulated_.run_for(10s);
    ASSERT_EQ(at_b.all.size(), i);
    const auto bytes = static_cast<std::int64_t>(bytes_sent(a) - bytes_before);
    EXPECT_EQ(at_b.all.back().at - sent, 5ms + bytes * 1ms);
  }
}

TEST_F(LoopbackFaults, SlowLineHoldsTheSenderBack) {
  connect(*a, *b);
  Arrivals at_b(*b, simulated_);
  set(a_, b_, {.bytes_per_second = 1'000'000});
  const SharedBuffer megabyte_tenth = SharedBuffer::copy_of(std::string(100'000, 'x'));
  int written = 0;
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(a->send_message(numbered(1, b_, megabyte_tenth, MessageType::kWalEntry),
                                [&](const Error& error) { written += error ? 0 : 1; }));
  }
  simulated_.run_until_idle();
  EXPECT_EQ(written, 1) << "what waits for the line is bounded: 128 KiB and a frame";
  EXPECT_GT(a->metrics().total.queued_bytes, 9'800'000U);
  const Nanoseconds sent = simulated_.elapsed();
  ASSERT_TRUE(a->send_message(numbered(2, b_)));
  ASSERT_TRUE(
      simulated_.run_until([&] { return !at_b.all.empty() && at_b.all.back().number == 2; }, 1min));
  EXPECT_LE(simulated_.elapsed() - sent, 240ms) << "a heartbeat overtakes what is queued";
  simulated_.run_for(1min);
  EXPECT_EQ(written, 100);
  EXPECT_EQ(at_b.all.size(), 101U);
}

TEST_F(LoopbackFaults, BudgetInTotalIsSharedByAllPeers) {
  const Node c = add("c", [](LoopbackNodeOptions& options) {
    options.max_queued_bytes_per_peer = 2 << 20;
    options.max_queued_bytes = 3 << 20;
  });
  connect(*c, *a);
  connect(*c, *b);
  set(c_, a_, {.bytes_per_second = 1});
  set(c_, b_, {.bytes_per_second = 1});
  const SharedBuffer quarter = SharedBuffer::copy_of(std::string(250'000, 'x'));
  const auto fill = [&](const NodeId& target) {
    int accepted = 0;
    for (;; ++accepted) {
      const auto sent = c->send_message(numbered(1, target, quarter, MessageType::kWalEntry));
      if (!sent) {
        EXPECT_EQ(sent.error(), Errc::kOverloaded);
        return accepted;
      }
    }
  };
  EXPECT_EQ(fill(a_), 8) << "the budget of the peer";
  EXPECT_EQ(fill(b_), 4) << "what that leaves of the total";
}

TEST_F(LoopbackFaults, CutCableTakesNoMoreThanNobodyReads) {
  connect(*a, *b);
  network_.cut(a_, b_);
  std::vector<Error> outcomes;
  for (int i = 0; i < 30; ++i) {
    ASSERT_TRUE(a->send_message(numbered(1, b_, SharedBuffer::copy_of(std::string(100'000, 'x'))),
                                [&](const Error& error) { outcomes.push_back(error); }));
  }
  simulated_.run_for(1h);
  EXPECT_EQ(outcomes.size(), 10U) << "1 MiB, as much as the other end could leave unread";
  network_.heal(a_, b_);
  simulated_.run_until_idle();
  ASSERT_EQ(outcomes.size(), 30U);
  EXPECT_FALSE(outcomes[9]);
  for (std::size_t i = 10; i < 30; ++i) EXPECT_EQ(outcomes[i], Errc::kConnectionLost);
  EXPECT_EQ(network_.fault_counts().connections_broken, 1U);
}

TEST_F(LoopbackFaults, ConnectionEndsInTheMiddleOfAnEntry) {
  connect(*a, *b);
  Arrivals at_b(*b, simulated_);
  network_.drop_in_next_part(a_, b_);
  const std::uint64_t received_before = b->metrics().total.bytes_received;
  Completion<> whole;
  Completion<> lost;
  Completion<> again;
  ASSERT_TRUE(a->send_message(numbered(1, b_, entry_of(100)), whole.handler()));
  ASSERT_TRUE(a->send_message(numbered(2, b_, entry_of(1 << 20)), lost.handler()));
  ASSERT_TRUE(simulated_.run_until([&] { return lost.calls() == 1 && !b->is_connected(a_); }, 1s));
  EXPECT_FALSE(whole.get()) << "an entry in one piece is not meant";
  EXPECT_EQ(lost.get(), Errc::kConnectionLost);
  const std::uint64_t received = b->metrics().total.bytes_received - received_before;
  EXPECT_GT(received, 61'440U) << "a part came";
  EXPECT_LT(received, 130'000U) << "and no second one";
  ASSERT_TRUE(simulated_.run_until([&] { return a->is_connected(b_); }, 1s));
  EXPECT_THAT(at_b.numbers(), ElementsAre(1));
  ASSERT_TRUE(a->send_message(numbered(3, b_, entry_of(1 << 20)), again.handler()));
  simulated_.run_for(1s);
  EXPECT_FALSE(again.get()) << "it happens once";
  EXPECT_THAT(at_b.numbers(), ElementsAre(1, 3));
  EXPECT_EQ(b->metrics().total.protocol_errors, 0U);
}

TEST_F(LoopbackFaults, FlippedBitInAnyFrameIsFound) {
  connect(*a, *b);
  Arrivals at_b(*b, simulated_);
  for (const std::uint64_t bit : {700U, 0U, 40U, 600'000U}) {
    network_.flip_bit_in_next_frame(a_, b_, bit);
    ASSERT_TRUE(a->send_message(numbered(1, b_)));
    simulated_.run_for(1s);
    ASSERT_TRUE(a->is_connected(b_)) << "after a redial";
  }
  EXPECT_THAT(at_b.numbers(), IsEmpty());
  const auto metrics = b->metrics().total;
  EXPECT_EQ(metrics.checksum_rejections + metrics.protocol_errors, 4U);
  EXPECT_GE(metrics.checksum_rejections, 1U);
  EXPECT_EQ(network_.fault_counts().frames_flipped, 4U);
}

TEST_F(LoopbackFaults, FlippedBitInAHandshakeCostsAnAttempt) {
  network_.flip_bit_in_next_frame(b_, a_, 1000);
  Completion<> first;
  ASSERT_TRUE(a->connect({b_, "", 0}, first.handler()));
  simulated_.run_for(1s);
  EXPECT_EQ(first.get(), Errc::kBadChecksum);
  EXPECT_EQ(a->metrics().total.handshake_failures, 1U);
  EXPECT_TRUE(a->is_connected(b_));
}

TEST_F(LoopbackFaults, FramesAreFlippedAtTheRateAndNeverDelivered) {
  connect(*a, *b);
  Arrivals at_b(*b, simulated_);
  set(a_, b_, {.flipped_per_million = 100'000});
  std::size_t sent = 0;
  while (sent < 1000) {
    if (!a->send_message(numbered(1, b_))) {
      simulated_.run_for(10ms);
      continue;
    }
    ++sent;
    simulated_.run_for(1ms);
  }
  simulated_.run_for(1s);
  const std::uint64_t flipped = network_.fault_counts().frames_flipped;
  const auto metrics = b->metrics().total;
  EXPECT_EQ(metrics.checksum_rejections + metrics.protocol_errors, flipped);
  const std::size_t undelivered = sent - at_b.all.size();
  EXPECT_GT(undelivered, 70U);
  EXPECT_LT(undelivered, 130U);
  EXPECT_GE(flipped, undelivered) << "the rest hit handshakes";
}

TEST_F(LoopbackFaults, MessagesComeAgainOnTheNextConnection) {
  connect(*a, *b);
  Arrivals at_a(*a, simulated_);
  Arrivals at_b(*b, simulated_);
  const auto send = [&](const Node& from, std::uint8_t number, std::size_t bytes) {
    const NodeId& target = from == a ? b_ : a_;
    ASSERT_TRUE(from->send_message(numbered(number, target, entry_of(bytes))));
    simulated_.run_for(1s);
  };
  const auto reconnect = [&] {
    network_.drop_connection(a_, b_);
    simulated_.run_for(1s);
    ASSERT_TRUE(a->is_connected(b_) && b->is_connected(a_));
  };
  send(a, 1, 10);
  reconnect();
  EXPECT_THAT(at_b.numbers(), ElementsAre(1)) << "off unless asked for";

  set(a_, b_, {.repeated_after_reconnect = 2});
  set(b_, a_, {.repeated_after_reconnect = 1});
  send(a, 2, 10);
  send(a, 3, 200'000);
  send(a, 4, 10);
  send(b, 5, 10);
  reconnect();
  send(a, 6, 10);
  EXPECT_THAT(at_b.numbers(), ElementsAre(1, 2, 3, 4, 3, 4, 6));
  EXPECT_THAT(at_a.numbers(), ElementsAre(5, 5)) << "from the one that accepts, too";

  // In flight and lost: as a sender that was told nothing would.
  at_b.all.clear();
  network_.set_delay(a_, b_, 1min);
  send(a, 7, 10);
  network_.set_delay(a_, b_, 0ms);
  reconnect();
  EXPECT_THAT(at_b.numbers(), ElementsAre(6, 7));

  // What was cut short does not come back in part.
  at_b.all.clear();
  network_.drop_in_next_part(a_, b_);
  send(a, 8, 200'000);
  ASSERT_TRUE(a->is_connected(b_));
  EXPECT_THAT(at_b.numbers(), ElementsAre(6, 7));
  send(a, 9, 200'000);
  reconnect();
  EXPECT_THAT(at_b.numbers(), ElementsAre(6, 7, 9, 7, 9));
  EXPECT_EQ(b->metrics().total.protocol_errors, 0U);
  EXPECT_EQ(network_.fault_counts().messages_repeated, 12U);

  at_b.all.clear();
  set(a_, b_, {});
  reconnect();
  EXPECT_THAT(at_b.numbers(), IsEmpty());
}

TEST_F(LoopbackFaults, MessageThatWasUnderWayWhenRepeatingBeganIsNotRepeatedInPart) {
  connect(*a, *b);
  Arrivals at_b(*b, simulated_);
  set(a_, b_, {.bytes_per_second = 100'000});
  ASSERT_TRUE(a->send_message(numbered(1, b_, entry_of(1'000'000))));
  simulated_.run_for(5s);
  set(a_, b_, {.repeated_after_reconnect = 10});
  simulated_.run_for(1min);
  network_.drop_connection(a_, b_);
  simulated_.run_for(1s);
  EXPECT_TRUE(a->is_connected(b_));
  EXPECT_THAT(at_b.numbers(), ElementsAre(1));
  EXPECT_EQ(b->metrics().total.protocol_errors, 0U);
}

TEST_F(LoopbackFaults, NodeThatStartedAgainRepeatsNothingOfItsFormerLife) {
  set(a_, b_, {.repeated_after_reconnect = 10});
  connect(*a, *b);
  Arrivals at_b(*b, simulated_);
  ASSERT_TRUE(a->send_message(numbered(1, b_)));
  simulated_.run_for(1s);
  a.reset();
  a = add("a");
  connect(*a, *b);
  simulated_.run_for(1s);
  EXPECT_THAT(at_b.numbers(), ElementsAre(1));
}

TEST_F(LoopbackFaults, ClearingLeavesNone) {
  const LinkFaults all{.delay = 1h,
                       .jitter = 1h,
                       .bytes_per_second = 1,
                       .flipped_per_million = 1'000'000,
                       .repeated_after_reconnect = 5};
  connect(*a, *b);
  for (const bool everywhere : {false, true}) {
    set(a_, b_, all);
    network_.cut(a_, b_);
    network_.flip_bit_in_next_frame(a_, b_, 0);
    network_.flip_bit_in_next_entry_frame(a_, b_, 0);
    network_.drop_in_next_part(a_, b_);
    everywhere ? network_.clear_all_faults() : network_.clear_faults(a_, b_);
    Arrivals at_b(*b, simulated_);
    ASSERT_TRUE(a->send_message(numbered(1, b_)));
    ASSERT_TRUE(a->send_message(numbered(2, b_, entry_of(200'000))));
    simulated_.run_until_idle();
    EXPECT_THAT(at_b.numbers(), ElementsAre(1, 2));
    network_.drop_connection(a_, b_);
    simulated_.run_for(1s);
    EXPECT_THAT(at_b.numbers(), ElementsAre(1, 2));
  }
}

TEST_F(LoopbackFaults, HealingAllLeavesOtherFaults) {
  connect(*a, *b);
  Arrivals at_b(*b, simulated_);
  set(a_, b_, {.delay = 1s});
  network_.cut(a_, b_);
  network_.heal_all();
  ASSERT_TRUE(a->send_message(numbered(1, b_)));
  simulated_.run_for(1s - 1ns);
  EXPECT_THAT(at_b.numbers(), IsEmpty());
  simulated_.run_for(1ns);
  EXPECT_THAT(at_b.numbers(), ElementsAre(1));
}

TEST_F(LoopbackFaults, WhatIsOutOfRangeIsRefusedAndNamed) {
  const auto problems = check(LinkFaults{
      .delay = -1ns, .jitter = 24h + 1ns, .bytes_per_second = 0, .flipped_per_million = 1'000'001});
  ASSERT_EQ(problems.size(), 3U);
  EXPECT_EQ(problems[0].field, "delay");
  EXPECT_EQ(problems[1].field, "jitter");
  EXPECT_EQ(problems[2].field, "flipped_per_million");
  EXPECT_TRUE(
      check(LinkFaults{.delay = 24h, .jitter = 0ns, .flipped_per_million = 1'000'000}).empty());
  EXPECT_EQ(network_.set_faults(a_, b_, {.delay = -1ns}).error(), Errc::kInvalidArgument);
}

}  // namespace
}  // namespace lockstep::test
