// The log's beginning is released, by size and by the operator, and never more than may go.
#include <gtest/gtest.h>

#include "replication/cluster.hpp"

namespace lockstep::test {
namespace {

constexpr std::size_t kEntryBytes = 1000;

void durable_engine(ClusterNode& node) { node.engine_disk = std::make_shared<EngineDisk>(); }

/// Logs of some 40 entries, of which 25 are kept for those that lag.
void small_log(ClusterNode& node) {
  durable_engine(node);
  node.options.compaction_threshold_bytes = 40 * kEntryBytes;
  node.options.retention_bytes = 25 * kEntryBytes;
  node.options.tail_cache_bytes = 3 * kEntryBytes;
}

void write_many(Cluster& cluster, int count) {
  for (int i = 0; i < count; ++i) {
    ASSERT_TRUE(committed(cluster[1].write(std::string(kEntryBytes - 40, 'x'))));
  }
}

std::uint64_t entries_held(const ClusterNode& node) {
  const ReplicationStatus status = node.status();
  return status.last_index.value() + 1 - status.first_index.value();
}

TEST(Compaction, KeepsLogsSmallByItself) {
  Cluster cluster(3, small_log);
  cluster.found();
  write_many(cluster, 120);
  cluster.expect_converged();
  for (std::size_t node : {1u, 2u, 3u}) {
    EXPECT_TRUE(eventually([&] { return entries_held(cluster[node]) <= 52; }))
        << node << " holds " << entries_held(cluster[node]);
    EXPECT_TRUE(eventually([&] {
      return cluster[node].metrics().entries_released ==
             cluster[node].status().first_index.value() - 1;
    }));
  }
}

TEST(Compaction, ARestartFindsTheMembersAndGoesOn) {
  Cluster cluster(3, small_log);
  cluster.found();
  write_many(cluster, 60);
  cluster.expect_converged();
  ASSERT_TRUE(eventually([&] { return cluster[2].status().first_index > Index(10); }));
  const Index first = cluster[2].status().first_index;
  cluster.restart(2);
  // It may have released more before it stopped.
  EXPECT_GE(cluster[2].status().first_index, first);
  EXPECT_EQ(cluster[2].status().configuration.voters.size(), 3u);
  EXPECT_TRUE(cluster[2].status().bootstrapped);
  ASSERT_TRUE(eventually([&] { return cluster[1].follower("n2").connected; }));
  write_many(cluster, 1);
  cluster.expect_converged();
  write_many(cluster, 60);
  cluster.expect_converged();
  EXPECT_TRUE(eventually([&] { return entries_held(cluster[2]) <= 52; }));
  EXPECT_TRUE(cluster[2].engine().state() == cluster[1].engine().state());
  // It can lead with what is left.
  EXPECT_FALSE(cluster[2].lead());
  cluster.expect_converged(2);
}

TEST(Compaction, KeepsWhatAMemberLacksWithinTheRetention) {
  Cluster cluster(3, [](ClusterNode& node) {
    small_log(node);
    node.options.retention_bytes = 60 * kEntryBytes;
  });
  cluster.found();
  write_many(cluster, 10);
  cluster.expect_converged();
  const Index behind = cluster[3].status().last_index;
  cluster.isolate(3);
  write_many(cluster, 40);
  ASSERT_TRUE(eventually([&] { return cluster[1].status().first_index == behind.next(); }));
  cluster.heal(3);
  cluster.expect_converged();
  EXPECT_EQ(cluster[3].engine().installs, 0) << "fed from the log";
}

TEST(Compaction, OnlyWhatTheEngineHasDurable) {
  Cluster cluster(1, [](ClusterNode& node) {
    small_log(node);
    node.engine_disk.reset();  // a volatile one
  });
  cluster.found();
  write_many(cluster, 60);
  cluster.expect_converged();
  EXPECT_FALSE(await(cluster[1].manager().trigger_snapshot()));
  EXPECT_EQ(cluster[1].status().first_index, Index(1));
  cluster[1].manager().report_durable_applied(Index(17));
  EXPECT_FALSE(await(cluster[1].manager().trigger_snapshot()));
  EXPECT_EQ(cluster[1].status().first_index, Index(18));
}

TEST(Compaction, WithoutSnapshotsTheLogIsKeptWhole) {
  Cluster cluster(3, small_log);
  cluster.start_all();
  for (std::size_t node : {1u, 2u, 3u}) cluster[node].engine().no_snapshots = true;
  ASSERT_FALSE(await(cluster[1].manager().bootstrap(cluster.members())));
  ASSERT_FALSE(cluster[1].lead());
  write_many(cluster, 60);
  cluster.expect_converged();
  EXPECT_EQ(cluster[1].status().first_index, Index(1));
  EXPECT_EQ(cluster[2].status().first_index, Index(1));
}

TEST(TriggerSnapshot, ReleasesWhatTheEngineHas) {
  Cluster cluster(3, durable_engine);
  cluster.found();
  write_many(cluster, 10);
  cluster.expect_converged();
  const Index last = cluster[1].status().last_index;
  for (std::size_t node : {1u, 2u}) {
    EXPECT_FALSE(await(cluster[node].manager().trigger_snapshot()));
    EXPECT_EQ(cluster[node].status().first_index, last.next());
  }
  EXPECT_EQ(cluster[1].engine().snapshots, 0u) << "nobody needs one";
  EXPECT_EQ(cluster[2].engine().snapshots, last.value()) << "a follower cannot know that";
  EXPECT_FALSE(await(cluster[1].manager().trigger_snapshot())) << "nothing left to release";
  write_many(cluster, 3);
  cluster.expect_converged();
}

TEST(TriggerSnapshot, WithoutSnapshotsLeavesNobodyBehind) {
  Cluster cluster(3, durable_engine);
  cluster.found();
  write_many(cluster, 10);
  cluster.expect_converged();
  cluster.isolate(3);
  write_many(cluster, 5);
  const Index last = cluster[1].status().last_index;
  for (std::size_t node : {1u, 2u}) {
    ASSERT_TRUE(eventually([&] { return cluster[node].status().durable_applied == last; }));
    cluster[node].engine().no_snapshots = true;
  }
  for (std::size_t node : {1u, 2u}) {
    EXPECT_EQ(await(cluster[node].manager().trigger_snapshot()), Errc::kNotSupported);
    EXPECT_EQ(cluster[node].status().first_index, Index(1));
  }
  cluster.heal(3);
  cluster.expect_converged();
  cluster.expect_acknowledged();
  EXPECT_FALSE(await(cluster[1].manager().trigger_snapshot())) << "all members have it";
  EXPECT_GT(cluster[1].status().first_index, Index(10));
}

TEST(TriggerSnapshot, EveryCallCompletes) {
  Cluster cluster(1, durable_engine);
  cluster.start_all();
  EXPECT_FALSE(await(cluster[1].manager().trigger_snapshot()));
  ASSERT_FALSE(await(cluster[1].manager().bootstrap(cluster.members())));
  ASSERT_FALSE(cluster[1].lead());
  write_many(cluster, 10);
  std::vector<std::future<Error>> calls;
  for (int i = 0; i < 5; ++i) calls.push_back(cluster[1].manager().trigger_snapshot());
  for (auto& call : calls) EXPECT_FALSE(await(std::move(call)));
  // The engine is busy: an image waits for its turn, and the stop does not.
  cluster[1].engine().gate.close();
  auto write = cluster[1].begin_write("slow");
  ASSERT_TRUE(cluster[1].engine().gate.await_waiter());
  auto stopped = cluster[1].manager().stop();
  cluster[1].engine().gate.open();
  EXPECT_FALSE(await(std::move(stopped)));
  EXPECT_EQ(await(cluster[1].manager().trigger_snapshot()), Errc::kStopped);
}

}  // namespace
}  // namespace lockstep::test
