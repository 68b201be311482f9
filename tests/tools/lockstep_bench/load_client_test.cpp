#include "tools/lockstep_bench/load_client.hpp"

#include <gtest/gtest.h>

#include "lockstep/testing/simulated_runtime.hpp"
#include "replication/manual_executor.hpp"
#include "tools/lockstep_bench/silent_replica.hpp"

namespace lockstep::bench {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const WriteOutcome kCommitted = WriteCommitted{};
const WriteOutcome kOverloaded = WriteRejected{Errc::kOverloaded};
const WriteOutcome kLost = WriteUnknown{{}, {Errc::kLeadershipLost, "it led no more"}};

class LoadClientTest : public ::testing::Test {
 protected:
  void begin(const Load& load) {
    client.emplace(replica, *runtime, callbacks, load);
    client->start();
  }

  testing::SimulatedRuntime simulated{1};
  std::shared_ptr<Runtime> runtime = simulated.runtime();
  std::shared_ptr<IExecutor> callbacks = runtime->make_strand();
  SilentReplica replica;
  std::optional<LoadClient> client;
};

TEST_F(LoadClientTest, AClosedLoopKeepsSoManyUnderWay) {
  begin({.in_flight = 3});
  EXPECT_EQ(replica.waiting.size(), 3U);
  simulated.run_for(milliseconds(5));
  replica.answer(kCommitted);
  EXPECT_EQ(replica.waiting.size(), 3U) << "the next one follows at once";
  simulated.run_for(milliseconds(5));
  replica.answer_all(kCommitted);
  const ClientFigures seen = client->figures();
  EXPECT_EQ(seen.completed, 4U);
  EXPECT_EQ(seen.latency.max(), milliseconds(10));
  EXPECT_LT(seen.latency.quantile(0.5), milliseconds(6)) << "the one that followed";
  EXPECT_DOUBLE_EQ(seen.seconds, 0.010);
}

// No coordinated omission: who measures from the moment a write really began would find one slow
// write a stall.
TEST_F(LoadClientTest, AnOpenLoopGoesOnWhileNothingIsAnswered) {
  begin({.rate_per_s = 1000});
  for (int i = 0; i < 1000; ++i) {
    simulated.run_for(milliseconds(1));
    replica.answer_all(kCommitted);
  }
  const std::uint64_t before = client->figures().completed;
  simulated.run_for(seconds(1));
  EXPECT_EQ(replica.waiting.size(), 1000U);
  replica.answer_all(kCommitted);
  const ClientFigures seen = client->figures();
  EXPECT_EQ(seen.completed - before, 1000U);
  // Half of all writes fell into the stall, and waited for what was left of it.
  EXPECT_LE(seen.latency.quantile(0.45), milliseconds(1));
  EXPECT_GT(seen.latency.quantile(0.75), milliseconds(490));
  EXPECT_LT(seen.latency.quantile(0.75), milliseconds(510));
  EXPECT_GT(seen.latency.max(), milliseconds(998));
}

// Nor may the client be what hides a stall: its own thread was not let run here.
TEST_F(LoadClientTest, WritesThatBeginLateCountFromWhenTheyWereMeantToBegin) {
  const auto held_up = std::make_shared<test::ManualExecutor>();
  client.emplace(replica, *runtime, held_up, Load{.rate_per_s = 1000});
  client->start();
  replica.answer(kCommitted);
  simulated.run_for(milliseconds(100));
  EXPECT_TRUE(held_up->run_one());
  EXPECT_EQ(replica.waiting.size(), 100U);
  replica.answer_all(kCommitted);
  EXPECT_EQ(client->figures().latency.max(), milliseconds(99));
  EXPECT_GT(client->figures().latency.quantile(0.5), milliseconds(48));
}

// What is due but cannot even begin, as a quick generator would starve the completions, is late
// too.
TEST_F(LoadClientTest, AnOpenLoopThatIsBehindLetsOthersRunAndCountsWhatHasNotBegun) {
  const auto own_turns = std::make_shared<test::ManualExecutor>();
  client.emplace(replica, *runtime, own_turns, Load{.rate_per_s = 1'000'000});
  client->start();
  simulated.run_for(milliseconds(10));
  EXPECT_TRUE(own_turns->run_one());
  EXPECT_GE(replica.waiting.size(), 1U);
  EXPECT_LE(replica.waiting.size(), 1000U) << "of 10,000 that are due";
  const ClientFigures seen = client->figures();
  EXPECT_EQ(seen.unfinished, 10'001U);
  EXPECT_EQ(seen.latency.count(), 10'001U) << "each with its age";
  EXPECT_EQ(seen.latency.max(), milliseconds(10));
  EXPECT_LT(seen.latency.quantile(0.5), milliseconds(6));
  EXPECT_GT(seen.latency.quantile(0.5), milliseconds(4));
}

TEST_F(LoadClientTest, OverloadedWritesOfAClosedLoopComeAgainAndCountFromTheirFirstTry) {
  begin({.in_flight = 2});
  replica.answer_all(kOverloaded);
  EXPECT_EQ(replica.waiting.size(), 0U);
  simulated.run_for(milliseconds(1));
  ASSERT_EQ(replica.waiting.size(), 2U);
  replica.answer_all(kCommitted);
  const ClientFigures seen = client->figures();
  EXPECT_EQ(seen.overloaded, 2U);
  EXPECT_EQ(seen.failed, 0U);
  EXPECT_EQ(seen.latency.quantile(0), milliseconds(1));
}

TEST_F(LoadClientTest, FailuresAreCountedAndTheFirstIsKept) {
  begin({.in_flight = 1});
  replica.answer(kLost);
  simulated.run_for(milliseconds(1));
  replica.answer(kLost);
  const ClientFigures seen = client->figures();
  EXPECT_EQ(seen.failed, 2U);
  EXPECT_EQ(seen.first_failure, "it led no more");
  EXPECT_EQ(seen.completed, 0U);
}

TEST_F(LoadClientTest, AfterAMarkItCountsFromZero) {
  begin({.in_flight = 1});
  simulated.run_for(milliseconds(50));
  replica.answer(kCommitted);
  client->mark();
  simulated.run_for(milliseconds(2));
  replica.answer(kCommitted);
  const ClientFigures seen = client->figures();
  EXPECT_EQ(seen.completed, 1U);
  EXPECT_EQ(seen.latency.max(), milliseconds(2));
  EXPECT_DOUBLE_EQ(seen.seconds, 0.002);
}

TEST_F(LoadClientTest, IsIdleOnceWhatWasUnderWayHasEnded) {
  for (const double rate : {0.0, 1000.0}) {
    replica.waiting.clear();
    begin({.in_flight = 2, .rate_per_s = rate});
    simulated.run_for(milliseconds(3));
    client->stop();
    EXPECT_FALSE(client->is_idle());
    replica.answer_all(kLost);
    EXPECT_TRUE(client->is_idle());
    EXPECT_EQ(client->figures().failed, 0U) << "nobody measures any more";
    simulated.run_for(milliseconds(100));
    EXPECT_TRUE(replica.waiting.empty());
  }
}

TEST(ArrivalSchedule, IsEvenDoesNotDriftAndIsNotMovedByLateness) {
  const MonotonicTime start(std::chrono::nanoseconds(12345));
  ArrivalSchedule schedule(start, 3);
  EXPECT_TRUE(schedule.is_due(start));
  EXPECT_EQ(schedule.take(), start);
  EXPECT_FALSE(schedule.is_due(start + milliseconds(333)));
  // A second late: the intended starts are what they were.
  EXPECT_TRUE(schedule.is_due(start + milliseconds(1334)));
  EXPECT_EQ(schedule.take(), start + std::chrono::nanoseconds(333333333));
  for (int i = 2; i < 3'000'000; ++i) (void)schedule.take();
  EXPECT_EQ(schedule.take(), start + seconds(1'000'000));
}

}  // namespace
}  // namespace lockstep::bench
