// When a node campaigns (Raft §5.2).
#include "consensus/election_timer.hpp"

#include <gtest/gtest.h>

#include <set>

namespace lockstep::consensus {
namespace {

using namespace std::chrono_literals;

constexpr MonotonicTime kNow{1h};

/// In whole milliseconds.
std::chrono::milliseconds timeout_of(const ElectionTimer& timer, MonotonicTime since) {
  auto waited = 0ms;
  while (!timer.is_due(since + waited)) waited += 1ms;
  return waited;
}

TEST(ElectionTimer, TimeoutsLieInTheirRangeAndAreDrawnAnew) {
  ElectionTimer timer(150ms, 300ms, 1, kNow);
  std::set<std::chrono::milliseconds> drawn;
  for (int i = 0; i < 1000; ++i) {
    timer.restart(kNow);
    const auto timeout = timeout_of(timer, kNow);
    ASSERT_GE(timeout, 150ms);
    ASSERT_LE(timeout, 300ms);
    drawn.insert(timeout);
  }
  EXPECT_GT(drawn.size(), 120u) << "of 151, so that nodes seldom draw the same";
}

TEST(ElectionTimer, TheSeedDecides) {
  const auto first = [](std::uint64_t seed) {
    return timeout_of(ElectionTimer(150ms, 300ms, seed, kNow), kNow);
  };
  EXPECT_EQ(first(1), first(1));
  EXPECT_NE(first(1), first(2));
}

TEST(ElectionTimer, HearingOfTheLeaderBeginsTheSameTimeoutAgain) {
  ElectionTimer timer(150ms, 300ms, 1, kNow);
  const auto timeout = timeout_of(timer, kNow);
  timer.heard(kNow + 100ms);
  EXPECT_EQ(timeout_of(timer, kNow + 100ms), timeout);
}

TEST(ElectionTimer, WhatWasCutShortIsNotKept) {
  ElectionTimer timer(150ms, 300ms, 1, kNow);
  timer.expire();
  EXPECT_TRUE(timer.is_due(kNow));
  timer.heard(kNow);
  EXPECT_GE(timeout_of(timer, kNow), 150ms);
  timer.hasten(kNow, 50ms);
  EXPECT_LE(timeout_of(timer, kNow), 50ms);
  timer.heard(kNow);
  EXPECT_GE(timeout_of(timer, kNow), 150ms);
}

}  // namespace
}  // namespace lockstep::consensus
