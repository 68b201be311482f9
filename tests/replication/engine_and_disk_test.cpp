// What a replica does with an engine or a disk that is slow, hangs, fails or breaks the rules.
#include <gtest/gtest.h>

#include "replication/cluster.hpp"

namespace lockstep::test {
namespace {

using std::chrono::milliseconds;
using Applied = RecordingEngine::Applied;

std::vector<Applied> numbered(std::uint64_t first, std::initializer_list<const char*> texts) {
  std::vector<Applied> all;
  for (const char* text : texts) all.emplace_back(first++, text);
  return all;
}

void durable_engine(ClusterNode& node) { node.engine_disk = std::make_shared<EngineDisk>(); }

TEST(Engine, AppliesInOrderOncePerLifeOnEveryNode) {
  Cluster cluster;
  cluster.found();
  for (const char* text : {"a", "b", "c"}) ASSERT_TRUE(committed(cluster[1].write(text)));
  cluster.expect_converged();
  for (std::size_t node : {1u, 2u, 3u}) {
    EXPECT_EQ(cluster[node].engine().applied(), numbered(3, {"a", "b", "c"}));
  }
  cluster.restart(2);
  cluster.expect_converged();
  EXPECT_EQ(cluster[2].engine().applied(), numbered(3, {"a", "b", "c"}))
      << "nothing of it was durable, so all is applied again";
}

TEST(Engine, ResumesBehindWhatItHasDurably) {
  Cluster cluster(3, durable_engine);
  cluster.found();
  for (const char* text : {"a", "b"}) ASSERT_TRUE(committed(cluster[1].write(text)));
  cluster.expect_converged();
  cluster[2].stop();
  ASSERT_TRUE(committed(cluster[1].write("c")));
  cluster[2].start();
  cluster.expect_converged();
  EXPECT_EQ(cluster[2].engine().applied(), numbered(5, {"c"}));
  EXPECT_EQ(cluster[2].engine_disk->pairs.at("lockstep/applied"),
            "5:" + to_string(cluster[1].status().term));
}

TEST(Engine, DurableIndexBeyondTheLogIsRefusedNamingBoth) {
  Cluster cluster(1, durable_engine);
  cluster.found();
  ASSERT_TRUE(committed(cluster[1].write("a", kAppliedWrite)));
  cluster[1].stop();
  cluster[1].engine_disk->durable = Index(99);
  cluster[1].create();
  const Error error = await(cluster[1].manager().start());
  EXPECT_EQ(error, Errc::kCorruption);
  EXPECT_NE(error.message.find("99"), std::string::npos) << error.message;
  EXPECT_NE(error.message.find(" 3"), std::string::npos) << error.message;
}

TEST(Engine, OfAnotherHistoryIsRefused) {
  Cluster cluster(1, durable_engine);
  cluster.found();
  ASSERT_TRUE(committed(cluster[1].write("a", kAppliedWrite)));
  cluster[1].stop();
  cluster[1].engine_disk->pairs["lockstep/applied"] = "3:77";
  cluster[1].create();
  const Error error = await(cluster[1].manager().start());
  EXPECT_EQ(error, Errc::kForeignData);
  EXPECT_NE(error.message.find("77"), std::string::npos) << error.message;
}

TEST(Engine, MayReportWhatIsDurableLater) {
  Cluster cluster(1);
  cluster.found();
  ASSERT_TRUE(committed(cluster[1].write("a", kAppliedWrite)));
  EXPECT_EQ(cluster[1].status().durable_applied, Index(0));
  cluster[1].manager().report_durable_applied(Index(2));
  EXPECT_EQ(cluster[1].status().durable_applied, Index(2));
  cluster[1].manager().report_durable_applied(Index(1));
  EXPECT_EQ(cluster[1].status().durable_applied, Index(2)) << "it never goes back";
  cluster[1].manager().report_durable_applied(Index(99));
  EXPECT_EQ(cluster[1].status().durable_applied, Index(3)) << "no more than is applied";
}

TEST(Engine, MayReportBeforeItsApplicationIsKnown) {
  Cluster cluster(1);
  cluster.found();
  ASSERT_TRUE(committed(cluster[1].write("a", kAppliedWrite)));
  cluster[1].engine().gate.close();
  auto write = cluster[1].begin_write("b", kAppliedWrite);
  ASSERT_TRUE(cluster[1].engine().gate.await_waiter());
  cluster[1].manager().report_durable_applied(Index(4));
  EXPECT_EQ(cluster[1].status().durable_applied, Index(3)) << "what is known to be applied";
  cluster[1].engine().gate.open();
  ASSERT_TRUE(committed(await(std::move(write))));
  EXPECT_TRUE(eventually([&] { return cluster[1].status().durable_applied == Index(4); }));
}

TEST(Engine, ThatCannotRecoverKeepsTheReplicaFromStarting) {
  Cluster cluster(1);
  cluster[1].create();
  cluster[1].engine().fail_recovery = true;
  EXPECT_EQ(await(cluster[1].manager().start()), Errc::kIo);
  EXPECT_EQ(error_of(cluster[1].write("a")), Errc::kWrongState);
}

class BrokenEngine : public ::testing::TestWithParam<const char*> {};

TEST_P(BrokenEngine, StopsApplyingStepsDownAndReports) {
  Cluster cluster;
  cluster.found();
  ASSERT_TRUE(committed(cluster[1].write("good", kAppliedWrite)));
  cluster.expect_converged();
  // The others hear of the commit late, or they would fail alike.
  for (std::size_t node : {2u, 3u}) cluster[node].engine().gate.close();
  const WriteOutcome outcome =
      cluster[1].write(GetParam(), {.wait = WaitFor::kApplied, .timeout = milliseconds(0)});
  ASSERT_TRUE(std::holds_alternative<WriteUnknown>(outcome)) << to_string(outcome);
  EXPECT_EQ(error_of(outcome), Errc::kStateMachineFailed);
  const ReplicationStatus status = cluster[1].status();
  ASSERT_TRUE(status.failure);
  EXPECT_EQ(*status.failure, Errc::kStateMachineFailed);
  EXPECT_EQ(status.role, Role::kFollower);
  EXPECT_EQ(status.last_applied, Index(3)) << "nothing is skipped";
  EXPECT_EQ(error_of(cluster[1].write("x")), Errc::kStateMachineFailed);
  EXPECT_EQ(cluster[1].lead(), Errc::kStateMachineFailed);
  bool is_reported = false;
  for (const auto& error : cluster[1].events_of<ReplicationError>()) {
    is_reported = is_reported || error.error == Errc::kStateMachineFailed;
  }
  EXPECT_TRUE(is_reported);
}

INSTANTIATE_TEST_SUITE_P(Engine, BrokenEngine,
                         ::testing::Values("fail", "throw", "no seal", "two seals", "few results"));

TEST(Engine, AFailedOneOnAFollowerHarmsNobodyElse) {
  Cluster cluster;
  cluster.found();
  cluster[1].engine().gate.close();
  cluster[3].engine().gate.close();
  ASSERT_TRUE(committed(cluster[1].write("fail")));
  ASSERT_TRUE(eventually([&] { return cluster[2].status().failure.has_value(); }));
  ASSERT_TRUE(committed(cluster[1].write("next"))) << "n1 and n3 are a majority";
  EXPECT_EQ(cluster[2].engine().count(), 0u);
}

TEST(Engine, ThatHangsLosesNoHeartbeat) {
  Cluster cluster;
  cluster.found();
  cluster.expect_converged();
  cluster[1].engine().gate.close();
  ASSERT_TRUE(committed(cluster[1].write("a")));
  ASSERT_TRUE(cluster[1].engine().gate.await_waiter());
  const auto before = cluster[2].metrics().heartbeats_received;
  ASSERT_TRUE(eventually([&] { return cluster[2].metrics().heartbeats_received > before + 5; }));
  EXPECT_TRUE(committed(cluster[1].write("b"))) << "commits do not wait for the engine";
  EXPECT_EQ(cluster[1].status().role, Role::kLeader);
  EXPECT_EQ(cluster[1].status().last_applied, Index(2));
  cluster[1].engine().gate.open();
  cluster.expect_converged();
}

TEST(Engine, ResultsOfCommittedWritesComeEvenAfterLeadershipIsLost) {
  Cluster cluster;
  cluster.found();
  cluster.expect_converged();
  cluster[1].engine().gate.close();
  auto outcome = cluster[1].begin_write("a", kAppliedWrite);
  ASSERT_TRUE(cluster[1].engine().gate.await_waiter());
  // The other follower alone may have made it committed.
  ASSERT_TRUE(eventually(
      [&] { return cluster[1].follower("n2").match_index == cluster[1].status().last_index; }));
  EXPECT_FALSE(cluster[2].lead());
  ASSERT_TRUE(eventually([&] { return cluster[1].status().role == Role::kFollower; }));
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(committed(cluster[2].write("b")));
  cluster[1].engine().gate.open();
  const WriteOutcome done = await(std::move(outcome));
  ASSERT_TRUE(committed(done)) << to_string(done);
  EXPECT_EQ(committed(done)->result->value, "did a");
}

TEST(Disk, ThatHangsOnTheLeaderLosesNoHeartbeat) {
  Cluster cluster;
  cluster.found();
  cluster.expect_converged();
  cluster[1].faults->gate.close();
  auto outcome = cluster[1].begin_write("a", {.copies = 3});
  ASSERT_TRUE(cluster[1].faults->gate.await_waiter());
  const auto before = cluster[2].metrics().heartbeats_received;
  ASSERT_TRUE(eventually([&] { return cluster[2].metrics().heartbeats_received > before + 5; }));
  ASSERT_TRUE(eventually([&] { return cluster[2].engine().count() == 1; }))
      << "the others acknowledge and commit meanwhile";
  EXPECT_EQ(outcome.wait_for(milliseconds(0)), std::future_status::timeout);
  cluster[1].faults->gate.open();
  EXPECT_TRUE(committed(await(std::move(outcome)))->copies_met);
}

/// The majority commits what this leader's failed disk will never hold, so its engine never gets
/// it.
TEST(Disk, AFailedOneLeavesNobodyWaitingForTheEngine) {
  Cluster cluster;
  cluster.found();
  cluster.expect_converged();
  cluster[1].faults->gate.close();
  auto outcome =
      cluster[1].begin_write("a", {.wait = WaitFor::kApplied, .timeout = milliseconds(0)});
  ASSERT_TRUE(cluster[1].faults->gate.await_waiter());
  ASSERT_TRUE(eventually([&] { return cluster[1].status().commit_index == Index(3); }));
  cluster[1].faults->fail_from = cluster[1].faults->writes + 1;
  cluster[1].faults->gate.open();
  const WriteOutcome done = await(std::move(outcome));
  EXPECT_TRUE(std::holds_alternative<WriteUnknown>(done)) << to_string(done);
}

TEST(Disk, ThatHangsOnAFollowerHarmsNobodyElse) {
  Cluster cluster;
  cluster.found();
  cluster.expect_converged();
  cluster[2].faults->gate.close();
  EXPECT_TRUE(committed(cluster[1].write("a")));
  EXPECT_LT(cluster[2].status().durable_index, Index(3));
  EXPECT_LT(cluster[1].follower("n2").match_index, Index(3)) << "not before it is durable";
  const auto before = cluster[2].metrics().heartbeats_received;
  ASSERT_TRUE(eventually([&] { return cluster[2].metrics().heartbeats_received > before + 5; }));
  EXPECT_EQ(cluster[2].engine().count(), 0u);
  cluster[2].faults->gate.open();
  cluster.expect_converged();
}

TEST(Disk, TheVoteLeavesOnceItIsDurable) {
  Cluster cluster;
  cluster.found();
  cluster.expect_converged();
  cluster[3].stop();
  cluster[2].faults->gate.close();
  auto elected = cluster[1].manager().set_role(Role::kFollower);
  ASSERT_FALSE(await(std::move(elected)));
  elected = cluster[1].manager().set_role(Role::kLeader);
  ASSERT_TRUE(cluster[2].faults->gate.await_waiter());
  EXPECT_EQ(elected.wait_for(milliseconds(60)), std::future_status::timeout)
      << "a vote was counted that no disk has";
  cluster[2].faults->gate.open();
  EXPECT_FALSE(await(std::move(elected)));
}

TEST(Disk, AFailedOneStopsAcknowledgingStepsDownAndReports) {
  Cluster cluster;
  cluster.found();
  ASSERT_TRUE(committed(cluster[1].write("a", {.copies = 3})));
  cluster.isolate(1);
  cluster[1].faults->fail_from = cluster[1].faults->writes + 1;
  const WriteOutcome outcome = cluster[1].write("b", {.timeout = milliseconds(0)});
  ASSERT_TRUE(std::holds_alternative<WriteUnknown>(outcome)) << to_string(outcome);
  EXPECT_EQ(error_of(outcome), Errc::kSyncFailed);
  const ReplicationStatus status = cluster[1].status();
  ASSERT_TRUE(status.failure);
  EXPECT_EQ(*status.failure, Errc::kSyncFailed);
  EXPECT_EQ(status.role, Role::kFollower);
  EXPECT_EQ(error_of(cluster[1].write("c")), Errc::kSyncFailed);
  ASSERT_TRUE(eventually([&] { return !cluster[1].events_of<ReplicationError>().empty(); }));
  EXPECT_EQ(cluster[1].events_of<ReplicationError>()[0].error, Errc::kSyncFailed);
  cluster.heal(1);
  EXPECT_FALSE(cluster[2].lead());
  ASSERT_TRUE(committed(cluster[2].write("d")));
  EXPECT_LT(cluster[2].follower("n1").match_index, cluster[2].status().last_index);
  cluster[1].faults->fail_from = 0;
  cluster.restart(1);
  cluster.expect_converged(2);
}

TEST(Disk, EveryWriteOfAFollowersFailsOnce) {
  for (int number = 1; number <= 6; ++number) {
    Cluster cluster;
    cluster[3].faults->fail_from = number;
    cluster.start_all();
    auto founded = cluster[1].manager().bootstrap(cluster.members());
    if (number > 1) {
      ASSERT_FALSE(await(std::move(founded)));
      ASSERT_FALSE(cluster[1].lead());
    }
    // It may take several entries with one write.
    ASSERT_TRUE(eventually([&] {
      if (number > 1) {
        EXPECT_TRUE(committed(cluster[1].write("a")));
      }
      return cluster[3].status().failure.has_value();
    })) << "write "
        << number;
    EXPECT_EQ(*cluster[3].status().failure, Errc::kSyncFailed);
    cluster[3].faults->fail_from = 0;
    cluster.restart(3);
    if (number > 1) {
      cluster.expect_converged();
    } else {
      EXPECT_FALSE(await(std::move(founded))) << "the entry reaches it when it is back";
    }
  }
}

TEST(Disk, ThatBelongsToAnotherNodeIsRefused) {
  auto runtime = AsioRuntime::create();
  LoopbackNetwork network(runtime);
  LoopbackNodeOptions network_options;
  network_options.node = NodeId("n1");
  auto transport = network.add_node(network_options).value();
  auto executor = runtime->make_worker("wal");
  ReplicaOptions options;
  options.leadership = Leadership::kAssigned;
  options.node = NodeId("n1");
  options.log = [](LogLevel, std::string_view) {};
  auto manager =
      WALReplicationManager::create(
          options, {runtime, transport,
                    MemoryWALManager::create(NodeId("other"), GroupId(), *runtime, executor),
                    executor, std::make_shared<RecordingEngine>()})
          .value();
  EXPECT_EQ(await(manager->start()), Errc::kForeignData);
  EXPECT_FALSE(await(manager->stop()));
}

TEST(HangingDisk, OfTheLeaderIsToldByDeadlineAndTakesNoWritesMeanwhile) {
  Cluster cluster(3, [](ClusterNode& node) { node.options.stall_limit = milliseconds(400); });
  cluster.found();
  cluster.expect_converged();
  cluster[1].faults->gate.close();
  EXPECT_TRUE(committed(cluster[1].write("a"))) << "the others' disks are a majority";
  ASSERT_TRUE(cluster[1].faults->gate.await_waiter());
  ASSERT_TRUE(eventually([&] { return cluster[1].status().disk == DiskState::kStalled; }));
  const auto heartbeats = cluster[2].metrics().heartbeats_received;
  EXPECT_EQ(error_of(cluster[1].write("b")), Errc::kStalled);
  EXPECT_EQ(cluster[1].status().role, Role::kLeader);
  ASSERT_TRUE(
      eventually([&] { return cluster[2].metrics().heartbeats_received > heartbeats + 3; }));
  cluster[1].faults->gate.open();
  ASSERT_TRUE(eventually([&] { return cluster[1].status().disk == DiskState::kHealthy; }));
  // A busy machine may stall it once more.
  EXPECT_TRUE(eventually([&] { return committed(cluster[1].write("c")) != nullptr; }));
  cluster.expect_converged();
  EXPECT_EQ(cluster[1].engine().texts(), (std::vector<std::string>{"a", "c"}));
  ASSERT_TRUE(eventually([&] { return cluster[1].events_of<DiskStateChanged>().size() >= 2; }));
  EXPECT_EQ(cluster[1].events_of<DiskStateChanged>()[0].state, DiskState::kStalled);
  EXPECT_EQ(cluster[1].events_of<DiskStateChanged>()[1].state, DiskState::kHealthy);
}

TEST(HangingDisk, IsToldWhileTheLogIsOpening) {
  Cluster cluster(1, [](ClusterNode& node) { node.options.stall_limit = milliseconds(50); });
  cluster[1].create();
  cluster[1].faults->open_gate.close();
  auto started = cluster[1].manager().start();
  ASSERT_TRUE(eventually([&] { return cluster[1].status().disk == DiskState::kStalled; }));
  cluster[1].faults->open_gate.open();
  EXPECT_FALSE(await(std::move(started)));
  EXPECT_EQ(cluster[1].status().disk, DiskState::kHealthy);
}

TEST(HangingDisk, HoldsUpNoStopForLongerThanTheLimit) {
  Cluster cluster(1, [](ClusterNode& node) { node.options.stall_limit = milliseconds(50); });
  cluster.found();
  cluster[1].faults->gate.close();
  auto waiting = cluster[1].begin_write("a");
  ASSERT_TRUE(cluster[1].faults->gate.await_waiter());
  EXPECT_EQ(await(cluster[1].manager().stop()), Errc::kStalled);
  EXPECT_EQ(error_of(await(std::move(waiting))), Errc::kStopped);
  EXPECT_EQ(cluster[1].faults->alive, 1);
  cluster[1].faults->gate.open();
  EXPECT_TRUE(eventually([&] { return cluster[1].faults->alive == 0; })) << "let go after all";
  cluster[1].crash();
}

TEST(UnreadableEntries, OfALogThatTakesNoRepairAreReportedAndKeepItFromLeading) {
  Cluster cluster;
  cluster.found();
  ASSERT_TRUE(committed(cluster[1].write("a", {.copies = 3})));
  cluster[2].stop();
  cluster[2].faults->unreadable = 3;
  cluster[2].start();
  EXPECT_TRUE(eventually([&] { return cluster[2].status().damaged.size() == 1; }))
      << "it is met when it is to be applied";
  EXPECT_EQ(cluster[2].status().damaged[0], (IndexRange{Index(3), Index(3)}));
  ASSERT_TRUE(eventually([&] {
    for (const auto& error : cluster[2].events_of<ReplicationError>()) {
      if (error.error == Errc::kNotSupported) return true;
    }
    return false;
  }));
  EXPECT_EQ(cluster[2].lead(), Errc::kCorruption);
  EXPECT_TRUE(committed(cluster[1].write("b")));
  EXPECT_EQ(cluster[2].engine().count(), 0u) << "nothing is skipped";
  EXPECT_FALSE(cluster[2].status().failure);
}

TEST(UnreadableEntries, AreAppliedOnceTheyAreRepaired) {
  Cluster cluster;
  cluster.found();
  ASSERT_TRUE(committed(cluster[1].write("a", {.copies = 3})));
  cluster[2].stop();
  cluster[2].faults->unreadable = 3;
  cluster[2].faults->repairs = true;
  cluster[2].start();
  ASSERT_TRUE(committed(cluster[1].write("b")));
  cluster.expect_converged();
  EXPECT_EQ(cluster[2].faults->unreadable, 0u);
  EXPECT_EQ(cluster[2].engine().texts(), (std::vector<std::string>{"a", "b"}));
  EXPECT_FALSE(cluster[2].lead());
}

}  // namespace
}  // namespace lockstep::test
