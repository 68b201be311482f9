// Followers that were away, or went another way, are brought level: from memory, from the WAL,
// across terms, over links that fail in the middle.
#include <gtest/gtest.h>

#include "replication/cluster.hpp"

namespace lockstep::test {
namespace {

using std::chrono::milliseconds;

void write_many(ClusterNode& node, int count, const std::string& prefix = "") {
  std::vector<std::future<WriteOutcome>> outcomes;
  for (int i = 0; i < count; ++i) outcomes.push_back(node.begin_write(prefix + std::to_string(i)));
  for (auto& outcome : outcomes) ASSERT_TRUE(committed(await(std::move(outcome))));
}

TEST(CatchUp, AfterAnAbsenceFromMemory) {
  Cluster cluster;
  cluster.found();
  cluster[3].stop();
  write_many(cluster[1], 500);
  const int reads = cluster[1].faults->reads;
  cluster[3].start();
  cluster.expect_converged();
  EXPECT_EQ(cluster[1].faults->reads, reads) << "the tail is in memory";
}

TEST(CatchUp, AfterAnAbsenceFromTheWAL) {
  Cluster cluster(3, [](ClusterNode& node) { node.options.tail_cache_bytes = 200; });
  cluster.found();
  cluster[3].stop();
  write_many(cluster[1], 3000);
  const int reads = cluster[1].faults->reads;
  cluster[3].start();
  cluster.expect_converged();
  EXPECT_GT(cluster[1].faults->reads, reads) << "the tail was let go";
  EXPECT_EQ(cluster[3].engine().count(), 3000u);
}

TEST(CatchUp, WhileTheLeaderGoesOnWriting) {
  Cluster cluster(3, [](ClusterNode& node) { node.options.tail_cache_bytes = 2000; });
  cluster.found();
  cluster[3].stop();
  write_many(cluster[1], 500, "before ");
  cluster[3].start();
  write_many(cluster[1], 500, "during ");
  cluster.expect_converged();
}

TEST(CatchUp, AcrossTermsWithEveryoneHavingLed) {
  Cluster cluster;
  cluster.found();
  ASSERT_TRUE(committed(cluster[1].write("common", {.copies = 3})));
  // n1 collects a tail of its own in several terms, the others agree on something else.
  cluster.isolate(1);
  for (int i = 0; i < 5; ++i) (void)cluster[1].write("lost " + std::to_string(i), kAsyncWrite);
  for (int round = 0; round < 3; ++round) {
    ClusterNode& leader = cluster[2 + static_cast<std::size_t>(round) % 2];
    ASSERT_FALSE(leader.lead());
    write_many(leader, 2, "kept " + std::to_string(round) + " ");
  }
  cluster.heal(1);
  cluster.expect_converged(2);
  EXPECT_EQ(cluster[1].engine().count(), 7u);
  EXPECT_GT(cluster[2].metrics().appends_rejected, 0u) << "the logs had to be compared";
}

TEST(CatchUp, ANewLeaderWalksBackByTerms) {
  Cluster cluster;
  cluster.found();
  cluster[3].stop();
  for (int round = 0; round < 6; ++round) {
    ClusterNode& leader = cluster[1 + static_cast<std::size_t>(round) % 2];
    ASSERT_FALSE(leader.lead());
    write_many(leader, 100, std::to_string(round) + " ");
  }
  ASSERT_FALSE(cluster[1].lead());
  cluster[3].start();
  cluster.expect_converged();
  EXPECT_LT(cluster[1].metrics().appends_rejected, 10u) << "terms are skipped, not entries";
}

TEST(CatchUp, OverALinkThatDropsAgainAndAgain) {
  Cluster cluster;
  cluster.found();
  std::vector<std::future<WriteOutcome>> outcomes;
  for (int i = 0; i < 200; ++i) {
    outcomes.push_back(cluster[1].begin_write(std::string(5000, 'x') + std::to_string(i)));
    if (i % 20 == 5) cluster.network().drop_connection(NodeId("n1"), NodeId("n2"));
    if (i % 20 == 15) cluster.network().drop_connection(NodeId("n1"), NodeId("n3"));
  }
  for (auto& outcome : outcomes) EXPECT_TRUE(committed(await(std::move(outcome))));
  cluster.expect_converged();
}

TEST(CatchUp, ConnectionLostInTheMiddleOfALargeEntry) {
  Cluster cluster;
  cluster.found();
  cluster.expect_converged();
  for (const char* other : {"n2", "n3"}) {
    cluster.network().set_delay(NodeId("n1"), NodeId(other), milliseconds(20));
  }
  auto outcome = cluster[1].begin_write(std::string(3 << 20, 'x'));
  ASSERT_TRUE(eventually([&] { return cluster[1].status().durable_index == Index(3); }));
  for (const char* other : {"n2", "n3"}) {
    cluster.network().drop_connection(NodeId("n1"), NodeId(other));
    cluster.network().set_delay(NodeId("n1"), NodeId(other), milliseconds(0));
  }
  EXPECT_TRUE(committed(await(std::move(outcome))));
  cluster.expect_converged();
}

TEST(CatchUp, ADamagedFrameIsRefusedAndSentAgain) {
  Cluster cluster;
  cluster.found();
  cluster.expect_converged();
  for (const std::uint64_t bit : {100u, 2000u, 9000u}) {
    cluster.network().flip_bit_in_next_entry_frame(NodeId("n1"), NodeId("n2"), bit);
    const WriteOutcome outcome = cluster[1].write(std::string(2000, 'x'), {.copies = 3});
    ASSERT_TRUE(committed(outcome)) << to_string(outcome);
    EXPECT_TRUE(committed(outcome)->copies_met);
  }
  cluster.expect_converged();
}

TEST(CatchUp, ACutAndHealedLinkLosesNothing) {
  Cluster cluster;
  cluster.found();
  cluster.network().cut(NodeId("n1"), NodeId("n2"));
  write_many(cluster[1], 50);
  cluster.network().heal_all();
  cluster.expect_converged();
}

TEST(SyncWithNode, OnTheLeaderWaitsForTheFollower) {
  Cluster cluster;
  cluster.found();
  cluster.isolate(3);
  write_many(cluster[1], 20);
  auto level = cluster[1].manager().sync_with_node(NodeId("n3"));
  EXPECT_EQ(level.wait_for(milliseconds(0)), std::future_status::timeout);
  cluster.heal(3);
  EXPECT_FALSE(await(std::move(level)));
  EXPECT_EQ(cluster[3].status().durable_index, cluster[1].status().last_index);
}

TEST(SyncWithNode, OnAFollowerWaitsForWhatWasCommitted) {
  Cluster cluster;
  cluster.found();
  write_many(cluster[1], 20);
  ASSERT_TRUE(eventually([&] { return cluster[3].status().leader == NodeId("n1"); }));
  EXPECT_FALSE(await(cluster[3].manager().sync_with_node(NodeId("n1"))));
  EXPECT_EQ(cluster[3].engine().count(), 20u);
}

TEST(SyncWithNode, AQuestionThatIsLostIsAskedAgain) {
  Cluster cluster;
  cluster.found();
  ASSERT_TRUE(eventually([&] { return cluster[3].status().leader == NodeId("n1"); }));
  cluster.network().cut(NodeId("n3"), NodeId("n1"));
  auto level = cluster[3].manager().sync_with_node(NodeId("n1"));
  EXPECT_EQ(level.wait_for(milliseconds(50)), std::future_status::timeout);
  cluster.network().heal_all();
  EXPECT_FALSE(await(std::move(level)));
}

TEST(SyncWithNode, Refusals) {
  Cluster cluster(3, [](ClusterNode& node) { node.options.write_timeout = milliseconds(100); });
  cluster[1].create();
  EXPECT_EQ(await(cluster[1].manager().sync_with_node(NodeId("n2"))), Errc::kWrongState);
  cluster[1].stop();
  cluster.found();
  ASSERT_TRUE(eventually([&] { return cluster[2].status().leader == NodeId("n1"); }));
  EXPECT_EQ(await(cluster[1].manager().sync_with_node(NodeId("n9"))), Errc::kNotAMember);
  EXPECT_EQ(await(cluster[2].manager().sync_with_node(NodeId("n3"))), Errc::kNotLeader);
  cluster.isolate(3);
  (void)cluster[1].write("a");
  EXPECT_EQ(await(cluster[1].manager().sync_with_node(NodeId("n3"))), Errc::kTimedOut);
  EXPECT_EQ(await(cluster[3].manager().sync_with_node(NodeId("n1"))), Errc::kTimedOut);
}

TEST(SyncWithNode, EndsWithTheLeadership) {
  Cluster cluster;
  cluster.found();
  cluster.isolate(1);
  (void)cluster[1].write("a", kAsyncWrite);
  auto level = cluster[1].manager().sync_with_node(NodeId("n2"));
  EXPECT_FALSE(await(cluster[1].manager().set_role(Role::kFollower)));
  EXPECT_EQ(await(std::move(level)), Errc::kLeadershipLost);
}

}  // namespace
}  // namespace lockstep::test
