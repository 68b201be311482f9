// `replicate`: what a write waits for, and every way in which it can end.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "replication/cluster.hpp"

namespace lockstep::test {
namespace {

using std::chrono::milliseconds;

TEST(Writes, SyncCompletesOnAMajorityAndIsAppliedEverywhere) {
  Cluster cluster;
  cluster.found();
  const WriteOutcome outcome = cluster[1].write("a");
  ASSERT_TRUE(committed(outcome)) << to_string(outcome);
  EXPECT_EQ(committed(outcome)->id.index, Index(3)) << "behind bootstrap entry and no-op";
  cluster.expect_converged();
  EXPECT_EQ(cluster[3].engine().texts(), std::vector<std::string>{"a"});
}

TEST(Writes, SyncWithOneFollowerLessStillCompletes) {
  Cluster cluster;
  cluster.found();
  cluster[3].stop();
  EXPECT_TRUE(committed(cluster[1].write("a")));
  cluster[3].start();
  cluster.expect_converged();
}

TEST(Writes, SyncWithoutAMajorityIsUnknownAndCommitsLaterOnceHealed) {
  Cluster cluster;
  cluster.found();
  cluster.expect_converged();
  cluster.isolate(1);
  const Index before = cluster[1].status().commit_index;
  const WriteOutcome outcome = cluster[1].write("a", {.timeout = milliseconds(50)});
  ASSERT_TRUE(std::holds_alternative<WriteUnknown>(outcome)) << to_string(outcome);
  EXPECT_EQ(error_of(outcome), Errc::kTimedOut);
  EXPECT_EQ(cluster[1].status().commit_index, before);
  EXPECT_EQ(cluster[1].engine().count(), 0u);
  cluster.heal(1);
  cluster.expect_converged();
  EXPECT_EQ(cluster[2].engine().texts(), std::vector<std::string>{"a"});
  EXPECT_EQ(cluster[1].metrics().writes_unknown, 1u);
}

TEST(Writes, AsyncIsLocallyDurableBeforeTheMajority) {
  Cluster cluster;
  cluster.found();
  cluster.expect_converged();
  cluster.isolate(1);
  const Index before = cluster[1].status().commit_index;
  const WriteOutcome outcome = cluster[1].write("a", kAsyncWrite);
  ASSERT_TRUE(std::holds_alternative<WriteLocallyDurable>(outcome)) << to_string(outcome);
  EXPECT_GE(cluster[1].status().durable_index, std::get<WriteLocallyDurable>(outcome).id.index);
  EXPECT_EQ(cluster[1].status().commit_index, before) << "the commit index is always a majority's";
  EXPECT_EQ(cluster[1].engine().count(), 0u) << "nobody applies beyond it";
  cluster.heal(1);
  cluster.expect_converged();
  EXPECT_EQ(cluster[3].engine().texts(), std::vector<std::string>{"a"});
}

TEST(Writes, AsyncIsNotCompleteBeforeThisDiskHasIt) {
  Cluster cluster;
  cluster.found();
  cluster[1].faults->gate.close();
  auto outcome = cluster[1].begin_write("a", kAsyncWrite);
  ASSERT_TRUE(eventually([&] { return cluster[1].follower("n2").match_index == Index(3); }));
  EXPECT_EQ(outcome.wait_for(milliseconds(0)), std::future_status::timeout);
  cluster[1].faults->gate.open();
  EXPECT_TRUE(std::holds_alternative<WriteLocallyDurable>(await(std::move(outcome))));
}

TEST(Writes, SyncCountsTheMajorityWithoutTheLeadersOwnDisk) {
  Cluster cluster;
  cluster.found();
  cluster.expect_converged();
  cluster[1].faults->gate.close();
  const WriteOutcome outcome = cluster[1].write("a");
  EXPECT_TRUE(committed(outcome)) << to_string(outcome);
  EXPECT_LT(cluster[1].status().durable_index, committed(outcome)->id.index);
  ASSERT_TRUE(eventually([&] { return cluster[2].engine().count() == 1; }));
  EXPECT_EQ(cluster[1].engine().count(), 0u) << "the engine never gets ahead of its own log";
  cluster[1].faults->gate.open();
  cluster.expect_converged();
}

TEST(Writes, TheReplicasModeIsTheDefault) {
  Cluster cluster(3, [](ClusterNode& node) { node.options.mode = ReplicationMode::kAsync; });
  cluster.found();
  EXPECT_TRUE(std::holds_alternative<WriteLocallyDurable>(cluster[1].write("a")));
  EXPECT_TRUE(committed(cluster[1].write("b", {.mode = ReplicationMode::kSync})));
}

TEST(Writes, AppliedReturnsTheEnginesResult) {
  Cluster cluster;
  cluster.found();
  const WriteOutcome done = cluster[1].write("a", kAppliedWrite);
  ASSERT_TRUE(committed(done));
  ASSERT_TRUE(committed(done)->result);
  EXPECT_EQ(committed(done)->result->value, "did a");
  EXPECT_FALSE(committed(done)->result->status);
  const WriteOutcome rejected = cluster[1].write("reject this", kAppliedWrite);
  ASSERT_TRUE(committed(rejected)) << "a rejected command is a result, not a failure";
  EXPECT_EQ(committed(rejected)->result->status, std::errc::permission_denied);
  EXPECT_FALSE(committed(cluster[1].write("b"))->result) << "nobody asked";
}

TEST(Writes, CopiesWaitForMoreThanTheMajority) {
  Cluster cluster;
  cluster.found();
  const WriteOutcome all = cluster[1].write("a", {.copies = 3});
  ASSERT_TRUE(committed(all));
  EXPECT_TRUE(committed(all)->copies_met);
  for (std::size_t node : {1u, 2u, 3u}) EXPECT_GE(cluster[node].status().durable_index, Index(3));
}

TEST(Writes, CopiesUnmetInTimeIsStillCommitted) {
  Cluster cluster;
  cluster.found();
  cluster.isolate(3);
  const WriteOutcome outcome = cluster[1].write("a", {.timeout = milliseconds(300), .copies = 3});
  ASSERT_TRUE(committed(outcome)) << to_string(outcome);
  EXPECT_FALSE(committed(outcome)->copies_met);
}

TEST(Writes, WishesThatCannotBeMetTogetherAreRefused) {
  Cluster cluster(1);
  cluster.found();
  for (const WriteOptions& options :
       {WriteOptions{.mode = ReplicationMode::kAsync, .wait = WaitFor::kApplied},
        WriteOptions{.mode = ReplicationMode::kAsync, .copies = 2},
        WriteOptions{.timeout = milliseconds(-1)}}) {
    EXPECT_EQ(error_of(cluster[1].write("a", options)), Errc::kInvalidArgument);
  }
  EXPECT_TRUE(committed(cluster[1].write("b", {.timeout = milliseconds::max()})));
  EXPECT_EQ(cluster[1].metrics().writes_rejected, 3u);
}

TEST(Writes, AFollowerRejectsAndNamesTheLeader) {
  Cluster cluster;
  cluster.found();
  ASSERT_TRUE(eventually([&] { return cluster[2].status().leader == NodeId("n1"); }));
  const WriteOutcome outcome = cluster[2].write("a");
  ASSERT_TRUE(std::holds_alternative<WriteRejected>(outcome));
  EXPECT_EQ(error_of(outcome), Errc::kNotLeader);
  EXPECT_EQ(error_of(outcome), Advice::kTryAnotherNode);
  EXPECT_NE(error_of(outcome).message.find("n1"), std::string::npos) << error_of(outcome).message;
}

TEST(Writes, TooLargeIsRejectedAtOnceAndTheLargestIsNot) {
  Cluster cluster(3, [](ClusterNode& node) { node.options.max_entry_bytes = 1000; });
  cluster.found();
  EXPECT_EQ(error_of(cluster[1].write(std::string(1001, 'x'))), Errc::kTooLarge);
  EXPECT_TRUE(committed(cluster[1].write(std::string(1000, 'x'))));
}

TEST(Writes, BeyondTheBudgetIsOverloadedAndTheBudgetComesBack) {
  Cluster cluster(3, [](ClusterNode& node) {
    node.options.max_entry_bytes = 1000;
    node.options.max_uncommitted_bytes = 4500;
  });
  cluster.found();
  cluster.isolate(1);
  const std::string payload(900, 'x');
  std::vector<std::future<WriteOutcome>> held;
  for (int i = 0; i < 3; ++i) held.push_back(cluster[1].begin_write(payload));
  const WriteOutcome refused = cluster[1].write(payload);
  EXPECT_EQ(error_of(refused), Errc::kOverloaded);
  EXPECT_EQ(error_of(refused), Advice::kBackOffAndRetry);
  EXPECT_EQ(cluster[1].status().pending_entries, 3u);
  cluster.heal(1);
  for (auto& outcome : held) EXPECT_TRUE(committed(await(std::move(outcome))));
  for (int i = 0; i < 9; ++i) EXPECT_TRUE(committed(cluster[1].write(payload)));
  EXPECT_EQ(cluster[1].status().pending_entries, 0u);
}

TEST(Writes, BudgetComesBackFromWritesThatWereGivenUp) {
  Cluster cluster(3, [](ClusterNode& node) {
    node.options.max_entry_bytes = 1000;
    node.options.max_uncommitted_bytes = 1000;
  });
  cluster.found();
  cluster.isolate(1);
  const std::string payload(900, 'x');
  auto lost = cluster[1].begin_write(payload);
  ASSERT_TRUE(eventually([&] { return cluster[1].status().last_index == Index(3); }));
  EXPECT_FALSE(await(cluster[1].manager().set_role(Role::kFollower)));
  EXPECT_EQ(error_of(await(std::move(lost))), Errc::kLeadershipLost);
  cluster.heal(1);
  EXPECT_FALSE(cluster[1].lead());
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(committed(cluster[1].write(payload)));
}

TEST(Writes, BudgetComesBackFromWritesThatWereRefused) {
  Cluster cluster(2, [](ClusterNode& node) {
    node.options.max_entry_bytes = 1000;
    node.options.max_uncommitted_bytes = 1000;
  });
  cluster.found();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(error_of(cluster[2].write(std::string(900, 'x'))), Errc::kNotLeader);
  }
}

TEST(Writes, NotStartedAndStoppedReject) {
  Cluster cluster(1);
  cluster[1].create();
  EXPECT_EQ(error_of(cluster[1].write("a")), Errc::kWrongState);
  EXPECT_FALSE(await(cluster[1].manager().stop()));
  EXPECT_EQ(error_of(cluster[1].write("a")), Errc::kStopped);
}

TEST(Writes, OrderOfCallsIsTheOrderInTheLog) {
  Cluster cluster;
  cluster.found();
  std::vector<std::future<WriteOutcome>> outcomes;
  std::vector<std::string> expected;
  for (int i = 0; i < 120; ++i) {
    std::string text = std::to_string(i) + "-";
    if (i % 30 == 7) text.resize(1 << 20, 'L');
    if (i % 10 == 3) text.resize(70'000, 'l');
    if (i % 10 == 5) text.resize(64 << 10, 'm');
    expected.push_back(text);
    outcomes.push_back(cluster[1].begin_write(text));
  }
  Index last;
  for (auto& outcome : outcomes) {
    const WriteOutcome done = await(std::move(outcome));
    ASSERT_TRUE(committed(done)) << to_string(done);
    EXPECT_GT(committed(done)->id.index, last);
    last = committed(done)->id.index;
  }
  cluster.expect_converged();
  EXPECT_EQ(cluster[2].engine().texts(), expected);
}

TEST(Writes, SmallestAndLargestPayload) {
  Cluster cluster;
  cluster.found();
  EXPECT_TRUE(committed(cluster[1].write("")));
  const std::string largest(16 << 20, 'x');
  const WriteOutcome outcome = cluster[1].write(largest);
  EXPECT_TRUE(committed(outcome)) << to_string(outcome);
  cluster.expect_converged();
  EXPECT_EQ(cluster[3].engine().texts(), (std::vector<std::string>{"", largest}));
}

TEST(Writes, FromManyThreadsEachInItsOrder) {
  Cluster cluster;
  cluster.found();
  constexpr int kEach = 200;
  std::vector<std::thread> threads;
  std::atomic<int> done{0};
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        cluster[1].manager().replicate(Payload(std::to_string(t) + ":" + std::to_string(i)),
                                       [&](WriteOutcome outcome) {
                                         EXPECT_TRUE(committed(outcome)) << to_string(outcome);
                                         ++done;
                                       });
      }
    });
  }
  for (auto& thread : threads) thread.join();
  ASSERT_TRUE(eventually([&] { return done == 3 * kEach; }));
  cluster.expect_converged();
  std::map<char, int> next;
  for (const std::string& text : cluster[3].engine().texts()) {
    EXPECT_EQ(std::stoi(text.substr(2)), next[text[0]]++) << text;
  }
}

}  // namespace
}  // namespace lockstep::test
