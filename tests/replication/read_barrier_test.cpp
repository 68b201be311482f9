// `read_barrier`: linearizable reads on every node, in virtual time.
#include <gtest/gtest.h>

#include "replication/cluster.hpp"
#include "replication/read_barriers.hpp"
#include "replication/virtual_group.hpp"

namespace lockstep::test {
namespace {

using namespace std::chrono_literals;

/// The outcome of a `read_barrier`, once it is there.
std::shared_ptr<std::optional<Result<Index>>> begin_read(VirtualGroup& group, std::size_t number) {
  auto outcome = std::make_shared<std::optional<Result<Index>>>();
  group[number].manager->read_barrier([outcome](Result<Index> index) { *outcome = index; });
  return outcome;
}

Result<Index> read(VirtualGroup& group, std::size_t number) {
  const auto outcome = begin_read(group, number);
  EXPECT_TRUE(group.simulated.run_until([&] { return outcome->has_value(); }, 1h));
  return **outcome;
}

TEST(ReadBarrier, EveryNodeShowsWhatWasCommittedBefore) {
  VirtualGroup group(1);
  group.found();
  ASSERT_EQ(group.await_leader(), 1u);
  for (int i = 1; i <= 20; ++i) {
    ASSERT_TRUE(committed(group.write(1, "w" + std::to_string(i))));
    const std::size_t reader = 1 + static_cast<std::size_t>(i) % 3;
    const auto index = read(group, reader);
    ASSERT_TRUE(index) << index.error().message;
    EXPECT_EQ(group[reader].engine->count(), static_cast<std::size_t>(i)) << "n" << reader;
    EXPECT_LE(*index, group[reader].status().last_applied);
  }
}

TEST(ReadBarrier, AllThatWaitShareARound) {
  VirtualGroup group(1);
  group.found();
  ASSERT_EQ(group.await_leader(), 1u);
  group.simulated.run_for(1s);
  const auto before = group[1].manager->metrics().heartbeats_sent;
  std::vector<std::shared_ptr<std::optional<Result<Index>>>> outcomes;
  for (int i = 0; i < 300; ++i) {
    outcomes.push_back(begin_read(group, 1 + static_cast<std::size_t>(i) % 3));
  }
  group.simulated.run_for(50ms);
  for (const auto& outcome : outcomes) {
    ASSERT_TRUE(outcome->has_value());
    EXPECT_TRUE(**outcome);
  }
  EXPECT_LE(group[1].manager->metrics().heartbeats_sent - before, 20u);
}

TEST(ReadBarrier, ALeaderThatWasReplacedAnswersNone) {
  VirtualGroup group(1);
  group.found();
  ASSERT_EQ(group.await_leader(), 1u);
  group.isolate(1);
  const auto stale = begin_read(group, 1);
  ASSERT_TRUE(
      group.simulated.run_until([&] { return group[1].status().role != Role::kLeader; }, 2s));
  group.simulated.run_for(1ms);
  ASSERT_TRUE(stale->has_value());
  ASSERT_FALSE(**stale);
  EXPECT_EQ((*stale)->error(), Errc::kLeadershipLost);
  EXPECT_EQ(read(group, 1).error(), Errc::kNotLeader) << "nobody is known to lead";
}

TEST(ReadBarrier, WaitsForItsTimeAtMost) {
  VirtualGroup group(1, 3, [](ReplicaOptions& options) {
    options.leadership = Leadership::kAssigned;
    options.write_timeout = 3s;
  });
  group.found();
  group.must_succeed([&](auto done) { group[1].manager->set_role(Role::kLeader, done); });
  group.simulated.run_for(1s);
  group.isolate(1);
  const auto on_leader = begin_read(group, 1);
  const auto on_follower = begin_read(group, 2);
  group.simulated.run_for(2900ms);
  EXPECT_FALSE(on_leader->has_value());
  EXPECT_FALSE(on_follower->has_value());
  group.simulated.run_for(200ms);
  ASSERT_TRUE(on_leader->has_value() && on_follower->has_value());
  EXPECT_EQ((*on_leader)->error(), Errc::kTimedOut);
  EXPECT_EQ((*on_follower)->error(), Errc::kTimedOut);
}

TEST(ReadBarrier, EndsWithTheReplica) {
  VirtualGroup group(1);
  group.found();
  ASSERT_EQ(group.await_leader(), 1u);
  group.isolate(2);
  const auto waiting = begin_read(group, 2);
  group.must_succeed([&](auto done) { group[2].manager->stop(done); });
  ASSERT_TRUE(waiting->has_value());
  EXPECT_EQ((*waiting)->error(), Errc::kStopped);
  EXPECT_EQ(read(group, 2).error(), Errc::kStopped);
}

TEST(ReadBarriers, CallsThatComeMeanwhileShareTheNextQuestion) {
  replication::ReadBarriers reads(10ms, 41);
  const MonotonicTime now{1h};
  std::vector<Result<Index>> outcomes;
  const auto add = [&] {
    reads.add([&](Result<Index> outcome) { outcomes.push_back(outcome); }, now + 1s);
  };
  const auto finish = [&](Index applied, MonotonicTime at) {
    for (const auto& read : reads.take_finished(applied, at)) read.done(read.outcome);
  };
  EXPECT_FALSE(reads.take_question(now));
  add();
  EXPECT_EQ(reads.take_question(now), 42u);
  add();
  add();
  EXPECT_FALSE(reads.take_question(now + 9ms));
  EXPECT_EQ(reads.take_question(now + 10ms), 42u) << "asked again";
  reads.answered({41, {}, Index(1)});
  finish(Index(9), now);
  EXPECT_TRUE(outcomes.empty()) << "an answer to an earlier question";
  reads.answered({42, {}, Index(5)});
  finish(Index(4), now);
  EXPECT_TRUE(outcomes.empty()) << "not applied yet";
  finish(Index(5), now);
  ASSERT_EQ(outcomes.size(), 1u);
  EXPECT_EQ(*outcomes[0], Index(5));
  EXPECT_EQ(reads.take_question(now + 11ms), 43u);
  reads.answered({43, Errc::kNotLeader, {}});
  finish(Index(5), now);
  ASSERT_EQ(outcomes.size(), 3u);
  EXPECT_EQ(outcomes[2].error(), Errc::kNotLeader);
  EXPECT_FALSE(reads.take_question(now + 1min));
}

}  // namespace
}  // namespace lockstep::test
