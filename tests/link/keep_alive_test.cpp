#include "link/keep_alive.hpp"

#include <gtest/gtest.h>

namespace lockstep::link {
namespace {

using std::chrono::seconds;
using Verdict = KeepAlive::Verdict;

TEST(KeepAlive, PingsEachInterval) {
  KeepAlive keep_alive(seconds(2), 3);
  keep_alive.start(seconds(100));
  EXPECT_EQ(keep_alive.next_tick(), seconds(102));
  EXPECT_EQ(keep_alive.on_timer(seconds(101)), Verdict::kTooEarly);
  EXPECT_EQ(keep_alive.on_timer(seconds(102)), Verdict::kPing);
  EXPECT_EQ(keep_alive.next_tick(), seconds(104));
}

TEST(KeepAlive, GivesUpAfterTheAllowedSilence) {
  KeepAlive keep_alive(seconds(2), 3);
  keep_alive.start(seconds(0));
  EXPECT_EQ(keep_alive.on_timer(seconds(2)), Verdict::kPing);
  EXPECT_EQ(keep_alive.on_timer(seconds(4)), Verdict::kPing);
  EXPECT_EQ(keep_alive.on_timer(seconds(6)), Verdict::kPing);
  EXPECT_EQ(keep_alive.on_timer(seconds(8)), Verdict::kDead);
}

TEST(KeepAlive, AnyByteProlongsIt) {
  KeepAlive keep_alive(seconds(1), 1);
  keep_alive.start(seconds(0));
  for (int now = 1; now < 20; ++now) {
    EXPECT_EQ(keep_alive.on_timer(seconds(now)), Verdict::kPing);
    keep_alive.on_bytes();
  }
  EXPECT_EQ(keep_alive.on_timer(seconds(20)), Verdict::kPing);
  EXPECT_EQ(keep_alive.on_timer(seconds(21)), Verdict::kDead);
}

TEST(KeepAlive, PauseOfTheOwnProcessCountsAsOneTick) {
  KeepAlive keep_alive(seconds(1), 3);
  keep_alive.start(seconds(0));
  EXPECT_EQ(keep_alive.on_timer(seconds(1)), Verdict::kPing);
  EXPECT_EQ(keep_alive.on_timer(seconds(61)), Verdict::kPing);
  EXPECT_EQ(keep_alive.next_tick(), seconds(62));
}

TEST(KeepAlive, IntervalOfZeroNeverTicks) {
  KeepAlive keep_alive(seconds(0), 3);
  keep_alive.start(seconds(5));
  EXPECT_FALSE(keep_alive.next_tick());
}

TEST(KeepAlive, MeasuresTheRoundTripOfTheNewestPing) {
  KeepAlive keep_alive(seconds(1), 3);
  const auto first = keep_alive.ping_sent(seconds(1));
  const auto second = keep_alive.ping_sent(seconds(5));
  EXPECT_NE(first, second);
  EXPECT_FALSE(keep_alive.pong(first, seconds(6)));
  EXPECT_EQ(keep_alive.pong(second, seconds(7)), seconds(2));
  EXPECT_FALSE(keep_alive.pong(second, seconds(8))) << "an answer counts once";
}

}  // namespace
}  // namespace lockstep::link
