// Leadership that is handed over: by the operator, away from a sick disk, and from a process that
// is gone, in virtual time.
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "replication/cluster.hpp"
#include "replication/virtual_group.hpp"

namespace lockstep::test {
namespace {

using namespace std::chrono_literals;

TEST(Transfer, MovesLeadershipInAMomentAndLosesNoWrite) {
  VirtualGroup group(1);
  group.found();
  ASSERT_EQ(group.await_leader(), 1u);
  ASSERT_TRUE(committed(group.write(1, "a")));
  const auto before = group.simulated.elapsed();
  group.must_succeed([&](auto done) { group[1].manager->transfer_leadership(NodeId("n3"), done); });
  EXPECT_LT(group.simulated.elapsed() - before, 100ms) << "no time-out was waited for";
  EXPECT_EQ(group[3].status().role, Role::kLeader);
  EXPECT_EQ(group[1].status().leader, NodeId("n3"));
  EXPECT_TRUE(committed(group.write(3, "b")));
  EXPECT_EQ(group[3].status().term, Term(3));
}

TEST(Transfer, WritesAreRefusedMeanwhileAndTakenAgainWhenItFails) {
  VirtualGroup group(1);
  group.found();
  ASSERT_EQ(group.await_leader(), 1u);
  group.simulated.run_for(1s);
  group.isolate(2);
  std::optional<Error> outcome;
  group[1].manager->transfer_leadership(NodeId("n2"), [&](Error error) { outcome = error; });
  const WriteOutcome write = group.write(1, "a");
  EXPECT_EQ(error_of(write), Errc::kOverloaded);
  EXPECT_NE(error_of(write).message.find("n2"), std::string::npos);
  EXPECT_FALSE(outcome);
  ASSERT_TRUE(group.simulated.run_until([&] { return outcome.has_value(); }, 2100ms));
  EXPECT_EQ(*outcome, Errc::kTimedOut);
  EXPECT_EQ(group.leader(), 1u);
  EXPECT_TRUE(committed(group.write(1, "b")));
  EXPECT_EQ(group[1].status().term, Term(2));
}

TEST(Transfer, IsRefusedByWhomDoesNotLead) {
  VirtualGroup group(1);
  group.found();
  ASSERT_EQ(group.await_leader(), 1u);
  const auto transfer = [&](std::size_t from, const char* to) {
    return group.await(
        [&](auto done) { group[from].manager->transfer_leadership(NodeId(to), done); });
  };
  EXPECT_EQ(transfer(2, "n3"), Errc::kNotLeader);
  EXPECT_EQ(transfer(1, "n9"), Errc::kNotAMember);
  EXPECT_FALSE(transfer(1, "n1"));
}

/// In real time: the disk is one that blocks its thread. No election time-out passes here.
TEST(SickDisk, AnElectedLeaderWhoseDiskHangsHandsOver) {
  Cluster cluster(3, [](ClusterNode& node) {
    node.options.leadership = Leadership::kElected;
    node.options.election_timeout_min = kDeadline;
    node.options.election_timeout_max = 2 * kDeadline;
    node.options.stall_limit = 100ms;
  });
  cluster.found();
  cluster.expect_converged();
  cluster[1].faults->gate.close();
  EXPECT_TRUE(committed(cluster[1].write("a"))) << "the others have it";
  std::size_t next = 0;
  ASSERT_TRUE(eventually([&] {
    for (const std::size_t i : {2u, 3u}) {
      if (cluster[i].status().role == Role::kLeader) next = i;
    }
    return next != 0 && cluster[1].status().role == Role::kFollower;
  }));
  EXPECT_EQ(cluster[1].status().disk, DiskState::kStalled);
  EXPECT_TRUE(committed(cluster[next].write("b")));
  cluster[1].faults->gate.open();
  cluster.expect_converged(next);
}

TEST(SickDisk, AnAssignedLeaderStaysAndRefusesWrites) {
  Cluster cluster(3, [](ClusterNode& node) { node.options.stall_limit = 100ms; });
  cluster.found();
  cluster.expect_converged();
  cluster[1].faults->gate.close();
  EXPECT_TRUE(committed(cluster[1].write("a")));
  ASSERT_TRUE(eventually([&] { return cluster[1].status().disk == DiskState::kStalled; }));
  EXPECT_EQ(error_of(cluster[1].write("b")), Errc::kStalled);
  EXPECT_EQ(cluster[1].status().role, Role::kLeader);
  cluster[1].faults->gate.open();
  ASSERT_TRUE(eventually([&] { return cluster[1].status().disk == DiskState::kHealthy; }));
  EXPECT_TRUE(committed(cluster[1].write("c")));
}

constexpr auto kBenchmarkTimes = [](ReplicaOptions& options) {
  options.heartbeat_interval = 50ms;
  options.election_timeout_min = 150ms;
  options.election_timeout_max = 300ms;
};

TEST(FastElection, NobodyWaitsForAProcessThatIsGone) {
  std::vector<std::chrono::nanoseconds> took;
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    VirtualGroup group(seed, 3, kBenchmarkTimes);
    group.found();
    ASSERT_EQ(group.await_leader(), 1u);
    group.simulated.run_for(1s);
    const auto before = group.simulated.elapsed();
    group.kill(1);
    ASSERT_TRUE(group.await_leader(5s)) << "seed " << seed;
    took.push_back(group.simulated.elapsed() - before);
  }
  std::ranges::sort(took);
  EXPECT_LT(took[took.size() / 2], 120ms);
}

TEST(FastElection, ResettingAllConnectionsOfALivingLeaderAThousandTimesMovesNoTerm) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    VirtualGroup group(seed, 3, kBenchmarkTimes);
    group.found();
    ASSERT_EQ(group.await_leader(), 1u);
    group.simulated.run_for(1s);
    std::uint64_t written = 0;
    for (int i = 0; i < 1000; ++i) {
      group.network.drop_connection(NodeId("n1"), NodeId("n2"));
      group.network.drop_connection(NodeId("n1"), NodeId("n3"));
      // Some while the connections are not up again, some after a heartbeat or two.
      group.simulated.run_for(std::chrono::milliseconds(20 + 17 * (i % 11)));
      if (i % 100 == 0 && committed(group.write(1, "w" + std::to_string(i)))) ++written;
      ASSERT_EQ(group[1].status().term, Term(2)) << "seed " << seed << ", reset " << i + 1;
      ASSERT_EQ(group.leader(), 1u) << "seed " << seed << ", reset " << i + 1;
    }
    EXPECT_EQ(written, 10u);
    EXPECT_GE(group.network.fault_counts().connections_broken, 1000u);
  }
}

}  // namespace
}  // namespace lockstep::test
