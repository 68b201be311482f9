// A member that lacks what the log has released gets a snapshot, and then entries again.
#include <gtest/gtest.h>

#include <filesystem>

#include "replication/cluster.hpp"

namespace lockstep::test {
namespace {

void durable_engine(ClusterNode& node) { node.engine_disk = std::make_shared<EngineDisk>(); }

void write_many(Cluster& cluster, int count, std::size_t bytes = 100) {
  for (int i = 0; i < count; ++i) {
    ASSERT_TRUE(committed(cluster[1].write("write " + std::string(bytes, 'x'))));
  }
}

/// n3 is away, and what it lacks is released.
void leave_behind(Cluster& cluster, int count, std::size_t bytes = 100) {
  cluster.isolate(3);
  write_many(cluster, count, bytes);
  for (std::size_t node : {1u, 2u}) {
    ASSERT_TRUE(eventually(
        [&] { return cluster[node].status().durable_applied == cluster[1].status().last_index; }));
    ASSERT_FALSE(await(cluster[node].manager().trigger_snapshot()));
  }
  ASSERT_TRUE(eventually(
      [&] { return cluster[1].status().first_index > cluster[3].status().last_index.next(); }));
}

void expect_same_state(Cluster& cluster) {
  cluster.expect_converged();
  for (std::size_t node : {2u, 3u}) {
    EXPECT_TRUE(cluster[node].engine().state() == cluster[1].engine().state()) << node;
  }
}

TEST(Snapshot, BringsAMemberBack) {
  Cluster cluster(3, durable_engine);
  cluster.found();
  write_many(cluster, 10);
  cluster.expect_converged();
  leave_behind(cluster, 20);
  cluster.heal(3);
  expect_same_state(cluster);
  // The leader learns of it a little later.
  EXPECT_TRUE(eventually([&] { return cluster[1].events_of<SnapshotSent>().size() == 1; }));
  EXPECT_TRUE(eventually([&] { return cluster[3].events_of<SnapshotInstalled>().size() == 1; }));
  EXPECT_TRUE(eventually([&] { return !cluster[1].follower("n3").needs_snapshot; }));
  EXPECT_EQ(cluster[3].engine().installs, 1);
  EXPECT_EQ(cluster[3].metrics().snapshots_installed, 1u);
  EXPECT_EQ(cluster[1].metrics().snapshots_sent, 1u);
  EXPECT_TRUE(eventually([&] { return *cluster[1].engine().snapshots_alive == 0; }))
      << "an image lives no longer than its last transfer";

  write_many(cluster, 5);
  expect_same_state(cluster);
  cluster.restart(3);
  write_many(cluster, 5);
  expect_same_state(cluster);
  EXPECT_EQ(cluster[3].engine().installs, 0) << "of this life";
}

TEST(Snapshot, IsKeptInAFileWhileItComes) {
  const std::string folder = ::testing::TempDir() + "lockstep-spool-" +
                             std::to_string(::testing::UnitTest::GetInstance()->random_seed()) +
                             "-" + std::to_string(reinterpret_cast<std::uintptr_t>(&folder));
  Cluster cluster(3, [&](ClusterNode& node) {
    durable_engine(node);
    node.options.snapshot_folder = folder;
  });
  cluster.found();
  leave_behind(cluster, 20, 10'000);
  cluster.heal(3);
  expect_same_state(cluster);
  EXPECT_EQ(cluster[3].engine().installs, 1);
  EXPECT_TRUE(eventually([&] { return std::filesystem::is_empty(folder); })) << "and no longer";
  std::filesystem::remove_all(folder);
}

/// Its own tail, of which nobody knows what became, makes room.
TEST(Snapshot, OverAnUncommittedTailSaysSo) {
  Cluster cluster(3, durable_engine);
  cluster.found();
  write_many(cluster, 5);
  cluster.expect_converged();
  cluster.isolate(1);
  const Index committed_before = cluster[1].status().commit_index;
  for (int i = 0; i < 3; ++i) (void)cluster[1].begin_write("lost", kAsyncWrite);
  ASSERT_TRUE(eventually(
      [&] { return cluster[1].status().durable_index.value() == committed_before.value() + 3; }));
  ASSERT_FALSE(cluster[2].lead());
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(committed(cluster[2].write("kept")));
  ASSERT_TRUE(eventually(
      [&] { return cluster[2].status().durable_applied == cluster[2].status().last_index; }));
  ASSERT_FALSE(await(cluster[2].manager().trigger_snapshot()));
  ASSERT_TRUE(eventually(
      [&] { return cluster[2].status().first_index.value() > committed_before.value() + 3; }));
  cluster.heal(1);
  cluster.expect_converged(2);
  EXPECT_TRUE(cluster[1].engine().state() == cluster[2].engine().state());
  ASSERT_TRUE(eventually([&] { return !cluster[1].events_of<FateUnknown>().empty(); }));
  const auto unknown = cluster[1].events_of<FateUnknown>();
  ASSERT_EQ(unknown.size(), 1u);
  EXPECT_EQ(unknown[0].range,
            (IndexRange{committed_before.next(), Index(committed_before.value() + 3)}));
}

TEST(Snapshot, BringsSessionsAlong) {
  Cluster cluster(3, durable_engine);
  cluster.found();
  cluster.expect_converged();
  cluster.isolate(3);
  const auto session = await(cluster[1].manager().open_session());
  ASSERT_TRUE(session);
  WriteOptions once;
  once.session = SessionWrite{*session, 1, 1};
  ASSERT_TRUE(committed(cluster[1].write("once", once)));
  leave_behind(cluster, 5);
  cluster.heal(3);
  expect_same_state(cluster);
  ASSERT_EQ(cluster[3].engine().installs, 1);
  ASSERT_TRUE(eventually([&] { return !cluster[3].lead(); }));
  const WriteOutcome again = cluster[3].write("once", once);
  ASSERT_TRUE(committed(again)) << to_string(again);
  EXPECT_EQ(committed(again)->result->value, "did once");
  EXPECT_EQ(cluster[3].engine().count(), 0u) << "it is in the snapshot";
}

/// A write of an earlier leadership is committed, and what the engine said to it stays unknown
/// here.
TEST(Snapshot, TellsWhoeverWaitsForAResultInIt) {
  Cluster cluster(3, durable_engine);
  cluster.found();
  const WriteOptions patient{.wait = WaitFor::kApplied, .timeout = std::chrono::milliseconds(0)};
  cluster.expect_converged();
  const Index before = cluster[1].status().last_index;
  cluster[1].engine().gate.close();
  auto applied = cluster[1].begin_write("being applied", patient);
  ASSERT_TRUE(cluster[1].engine().gate.await_waiter());
  auto swallowed = cluster[1].begin_write("behind it", patient);
  ASSERT_TRUE(
      eventually([&] { return cluster[1].status().commit_index.value() == before.value() + 2; }));
  cluster.isolate(1);
  ASSERT_FALSE(cluster[2].lead());
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(committed(cluster[2].write("later")));
  ASSERT_TRUE(eventually(
      [&] { return cluster[2].status().durable_applied == cluster[2].status().last_index; }));
  ASSERT_FALSE(await(cluster[2].manager().trigger_snapshot()));
  cluster.heal(1);
  ASSERT_TRUE(eventually([&] { return cluster[1].faults->intents == 1; }));
  cluster[1].engine().gate.open();
  EXPECT_TRUE(committed(await(std::move(applied))));
  const WriteOutcome outcome = await(std::move(swallowed));
  ASSERT_TRUE(std::holds_alternative<WriteUnknown>(outcome)) << to_string(outcome);
  EXPECT_NE(error_of(outcome).message.find("snapshot"), std::string::npos)
      << error_of(outcome).message;
  cluster.expect_converged(2);
  EXPECT_TRUE(cluster[1].engine().state() == cluster[2].engine().state());
}

TEST(Snapshot, AnEngineThatCannotTakeItStopsTheReplica) {
  Cluster cluster(3, durable_engine);
  cluster.found();
  write_many(cluster, 5);
  leave_behind(cluster, 10);
  cluster[3].engine().fail_install = true;
  cluster.heal(3);
  ASSERT_TRUE(eventually([&] { return cluster[3].status().failure.has_value(); }));
  EXPECT_EQ(*cluster[3].status().failure, Errc::kStateMachineFailed);
  // The intent is there, and the engine is as it was: taken back, and tried anew.
  cluster.restart(3);
  expect_same_state(cluster);
}

TEST(Snapshot, AnEngineWithoutAnyIsReported) {
  Cluster cluster(3, durable_engine);
  cluster.found();
  write_many(cluster, 5);
  leave_behind(cluster, 10);
  cluster[1].engine().no_snapshots = true;
  cluster.heal(3);
  ASSERT_TRUE(eventually([&] { return cluster[1].follower("n3").needs_snapshot; }));
  cluster[1].engine().no_snapshots = false;  // tried again, after a while
  expect_same_state(cluster);
}

}  // namespace
}  // namespace lockstep::test
