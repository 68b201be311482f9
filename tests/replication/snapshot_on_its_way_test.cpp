// A snapshot on its way, in virtual time: who it holds up, and what becomes of it when things
// change.
#include <gtest/gtest.h>

#include "replication/virtual_group.hpp"

namespace lockstep::test {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kImageBytes = 30 * 30'000;
constexpr std::uint64_t kBytesPerSecond = 100'000;

/// Led by n1 until somebody else is told to; an image takes some nine seconds.
class SnapshotOnItsWay : public ::testing::Test {
 protected:
  SnapshotOnItsWay() {
    for (std::size_t i = 1; i <= 3; ++i) {
      group_[i].engine_disk = std::make_shared<EngineDisk>();
    }
    group_.found();
    lead(1);
    group_.isolate(3);
    write(1, 30, std::string(kImageBytes / 30, 'x'));
    group_.simulated.run_for(1s);
    for (const std::size_t i : {1u, 2u}) {
      group_.must_succeed([&](auto done) { group_[i].manager->trigger_snapshot(done); });
    }
    group_.network.heal_all();
  }

  void lead(std::size_t number) {
    group_.must_succeed([&](auto done) { group_[number].manager->set_role(Role::kLeader, done); });
  }
  void write(std::size_t leader, int count, const std::string& text) {
    for (int i = 0; i < count; ++i) {
      ASSERT_TRUE(std::holds_alternative<WriteCommitted>(group_.write(leader, text)));
    }
  }
  /// Of the image, at n3, as `leader` knows it.
  [[nodiscard]] std::uint64_t arrived(std::size_t leader) {
    for (const FollowerStatus& follower : group_[leader].status().followers) {
      if (follower.node == group_[3].id) return follower.snapshot_bytes_arrived;
    }
    return 0;
  }
  void run_until_half_has_arrived(std::size_t leader) {
    ASSERT_TRUE(
        group_.simulated.run_until([&] { return arrived(leader) > kImageBytes / 2; }, 1min));
    ASSERT_LT(arrived(leader), kImageBytes * 9 / 10);
  }
  void expect_agreement(std::size_t leader) {
    ASSERT_TRUE(group_.simulated.run_until(
        [&] { return group_[3].status().last_applied == group_[leader].status().last_index; },
        5min));
    EXPECT_TRUE(group_[3].engine->state() == group_[leader].engine->state());
    EXPECT_EQ(group_[3].engine->installs, 1);
    EXPECT_TRUE(group_[3].events_of<ReplicationError>().empty());
  }
  [[nodiscard]] ReplicationMetrics metrics(std::size_t number) {
    return group_[number].manager->metrics();
  }

  VirtualGroup group_{1, 3, [](ReplicaOptions& options) {
                        options.leadership = Leadership::kAssigned;
                        options.snapshot_bytes_per_second = kBytesPerSecond;
                        options.retention_bytes = 2'000'000;
                      }};
};

TEST_F(SnapshotOnItsWay, HoldsUpNeitherHeartbeatsNorWrites) {
  run_until_half_has_arrived(1);
  const std::uint64_t heartbeats = metrics(3).heartbeats_received;
  const MonotonicTime begin = group_.simulated.now();
  write(1, 50, "meanwhile");
  // A round trip takes 8 ms at most.
  EXPECT_LT(group_.simulated.now() - begin, 50 * 20ms);
  group_.simulated.run_for(2s);
  EXPECT_GE(metrics(3).heartbeats_received, heartbeats + 9) << "one each 200 ms";
  EXPECT_EQ(metrics(3).snapshots_installed, 0u);
  EXPECT_TRUE(group_[2].engine->count() == group_[1].engine->count());
  expect_agreement(1);
  EXPECT_LT(metrics(3).snapshot_bytes_received, kImageBytes + 200'000) << "sent once";
}

TEST_F(SnapshotOnItsWay, GoesOnAfterALostConnection) {
  run_until_half_has_arrived(1);
  group_.network.drop_connection(group_[1].id, group_[3].id);
  expect_agreement(1);
  EXPECT_LT(metrics(3).snapshot_bytes_received, kImageBytes + 300'000) << "not from its beginning";
}

/// It has applied the same, so its image is the same.
TEST_F(SnapshotOnItsWay, GoesOnFromTheNextLeader) {
  run_until_half_has_arrived(1);
  group_.kill(1);
  lead(2);
  write(2, 3, "by the next");
  expect_agreement(2);
  EXPECT_EQ(group_[3].engine->state().size(), 33u);
  EXPECT_LT(metrics(3).snapshot_bytes_received, kImageBytes + 300'000) << "not from its beginning";
}

/// It has applied more: of the image that came half nothing is used.
TEST_F(SnapshotOnItsWay, IsBegunAnewByALeaderWithAnotherImage) {
  run_until_half_has_arrived(1);
  write(1, 1, "not in the first image");
  group_.simulated.run_for(1s);
  group_.kill(1);
  lead(2);
  write(2, 3, "by the next");
  expect_agreement(2);
  EXPECT_EQ(group_[3].engine->state().size(), 34u);
  EXPECT_GT(metrics(3).snapshot_bytes_received, kImageBytes * 3 / 2);
}

/// The receiver's spool is gone with its process.
TEST_F(SnapshotOnItsWay, IsBegunAnewWhenTheReceiverRestarts) {
  run_until_half_has_arrived(1);
  group_.kill(3);
  group_.simulated.run_for(1s);
  group_.start(3);
  expect_agreement(1);
}

TEST_F(SnapshotOnItsWay, IsLetGoBeforeAStopEnds) {
  run_until_half_has_arrived(1);
  ASSERT_EQ(*group_[1].engine->snapshots_alive, 1);
  group_.must_succeed([&](auto done) { group_[1].manager->stop(done); });
  EXPECT_EQ(*group_[1].engine->snapshots_alive, 0);
}

/// The log does not wait for ever for somebody that is gone: the image is let go, a later one is
/// taken.
TEST_F(SnapshotOnItsWay, HoldsUpTheLogOnlyWithinTheBudget) {
  run_until_half_has_arrived(1);
  group_.isolate(3);
  const Index first = group_[1].status().first_index;
  // As much as is kept, and more.
  write(1, 100, std::string(50'000, 'y'));
  group_.simulated.run_for(1s);
  group_.must_succeed([&](auto done) { group_[1].manager->trigger_snapshot(done); });
  EXPECT_GT(group_[1].status().first_index, first.next());
  group_.simulated.run_for(1s);
  EXPECT_LE(*group_[1].engine->snapshots_alive, 1) << "the old image is let go";
}

}  // namespace
}  // namespace lockstep::test
