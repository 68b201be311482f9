// `stop` in every state: each accepted call is completed exactly once, and nothing is left behind.
#include <gtest/gtest.h>

#include <algorithm>

#include <array>
#include <atomic>

#include "replication/cluster.hpp"

namespace lockstep::test {
namespace {

using std::chrono::milliseconds;

/// Counts how often each of many calls was completed.
class CallCounter {
 public:
  explicit CallCounter(std::size_t calls) : counts_(calls) {}
  auto call(std::size_t number) {
    return [this, number](const auto&) { ++counts_[number]; };
  }
  [[nodiscard]] bool all_once() const {
    return std::ranges::all_of(counts_, [](const auto& count) { return count == 1; });
  }

 private:
  std::vector<std::atomic<int>> counts_;
};

TEST(Stop, BeforeStart) {
  Cluster cluster(1);
  cluster[1].create();
  EXPECT_FALSE(await(cluster[1].manager().stop()));
  EXPECT_EQ(await(cluster[1].manager().start()), Errc::kStopped);
  EXPECT_EQ(cluster[1].faults->alive, 0) << "the WAL is let go";
}

TEST(Stop, WhileTheLogIsOpening) {
  Cluster cluster(1);
  cluster[1].create();
  cluster[1].faults->open_gate.close();
  auto started = cluster[1].manager().start();
  ASSERT_TRUE(cluster[1].faults->open_gate.await_waiter());
  auto stopped = cluster[1].manager().stop();
  EXPECT_EQ(await(std::move(started)), Errc::kStopped);
  EXPECT_EQ(stopped.wait_for(milliseconds(0)), std::future_status::timeout);
  cluster[1].faults->open_gate.open();
  EXPECT_FALSE(await(std::move(stopped)));
  EXPECT_EQ(cluster[1].faults->closes, 1) << "it was opened after all";
  EXPECT_EQ(cluster[1].faults->alive, 0);
  cluster[1].crash();
  cluster[1].start();
}

TEST(Stop, WhileTheEngineIsRecovering) {
  Cluster cluster(1);
  cluster[1].create();
  cluster[1].engine().gate.close();
  auto started = cluster[1].manager().start();
  ASSERT_TRUE(cluster[1].engine().gate.await_waiter());
  auto stopped = cluster[1].manager().stop();
  EXPECT_EQ(await(std::move(started)), Errc::kStopped);
  cluster[1].engine().gate.open();
  EXPECT_FALSE(await(std::move(stopped)));
}

TEST(Stop, Twice) {
  Cluster cluster(1);
  cluster.found();
  auto first = cluster[1].manager().stop();
  auto second = cluster[1].manager().stop();
  EXPECT_FALSE(await(std::move(first)));
  EXPECT_FALSE(await(std::move(second)));
  EXPECT_FALSE(await(cluster[1].manager().stop()));
  EXPECT_EQ(cluster[1].faults->closes, 1);
}

TEST(Stop, CompletesEveryWaitingCallOnce) {
  Cluster cluster;
  cluster.found();
  cluster.isolate(1);
  auto& manager = cluster[1].manager();
  constexpr std::size_t kWrites = 60;
  CallCounter calls(kWrites + 4);
  std::atomic<int> unknown{0};
  for (std::size_t i = 0; i < kWrites; ++i) {
    const std::size_t size = i % 20 == 3 ? 500'000 : 100;
    manager.replicate(Payload(std::string(size, 'x')), [&, i](const WriteOutcome& outcome) {
      if (!committed(outcome)) ++unknown;
      calls.call(i)(outcome);
    });
  }
  manager.sync_with_node(NodeId("n2"), calls.call(kWrites));
  manager.stop(calls.call(kWrites + 1));
  manager.sync_with_node(NodeId("n3"), calls.call(kWrites + 2));
  manager.set_role(Role::kLeader, calls.call(kWrites + 3));
  EXPECT_TRUE(eventually([&] { return calls.all_once(); }));
  EXPECT_EQ(unknown, static_cast<int>(kWrites));
  EXPECT_EQ(cluster[1].status().pending_entries, 0u);
}

TEST(Stop, EndsBootstrapAndElection) {
  Cluster cluster;
  cluster[1].start();
  auto founded = cluster[1].manager().bootstrap(cluster.members());
  EXPECT_FALSE(await(cluster[1].manager().stop()));
  EXPECT_EQ(await(std::move(founded)), Errc::kStopped);
  cluster[1].crash();
  cluster.found();
  cluster.isolate(2);
  auto elected = cluster[2].manager().set_role(Role::kLeader);
  EXPECT_FALSE(await(cluster[2].manager().stop()));
  EXPECT_EQ(await(std::move(elected)), Errc::kStopped);
}

TEST(Stop, WaitsForTheEngineAndTheDiskButTheWritersDoNot) {
  Cluster cluster;
  cluster.found();
  cluster.expect_converged();
  cluster[1].engine().gate.close();
  auto applied = cluster[1].begin_write("a", kAppliedWrite);
  ASSERT_TRUE(cluster[1].engine().gate.await_waiter());
  cluster[1].faults->gate.close();
  auto waiting = cluster[1].begin_write("b", kAsyncWrite);
  ASSERT_TRUE(cluster[1].faults->gate.await_waiter());
  auto stopped = cluster[1].manager().stop();
  EXPECT_EQ(error_of(await(std::move(applied))), Errc::kStopped);
  (void)await(std::move(waiting));
  EXPECT_EQ(stopped.wait_for(milliseconds(0)), std::future_status::timeout);
  cluster[1].engine().gate.open();
  EXPECT_EQ(stopped.wait_for(milliseconds(20)), std::future_status::timeout);
  cluster[1].faults->gate.open();
  EXPECT_FALSE(await(std::move(stopped)));
}

TEST(Stop, NothingIsCalledAfterItHasEnded) {
  Cluster cluster(3, [](ClusterNode& node) { node.options.vote_timeout = milliseconds(200); });
  cluster.found();
  std::atomic<bool> stopped{false};
  std::atomic<int> late{0};
  const Subscription subscription =
      cluster[1].manager().subscribe([&](const ReplicationEvent&) { late += stopped ? 1 : 0; });
  for (int i = 0; i < 200; ++i) {
    cluster[1].manager().replicate(Payload("x"),
                                   [&](const WriteOutcome&) { late += stopped ? 1 : 0; });
  }
  std::promise<void> done;
  cluster[1].manager().stop([&](const Error&) {
    stopped = true;
    done.set_value();
  });
  await(done.get_future());
  // Which of the two has received more before the stop decides which of them can lead.
  std::size_t leader = 2;
  ASSERT_TRUE(eventually([&] { return !cluster[leader = 5 - leader].lead(); }));
  ASSERT_TRUE(committed(cluster[leader].write("a")));
  EXPECT_EQ(late, 0);
}

TEST(Stop, ADroppedManagerCompletesItsCallsAndLetsGo) {
  Cluster cluster;
  cluster.found();
  cluster.isolate(1);
  constexpr std::size_t kWrites = 20;
  CallCounter calls(kWrites);
  for (std::size_t i = 0; i < kWrites; ++i) {
    cluster[1].manager().replicate(Payload("x"), calls.call(i));
  }
  cluster[1].crash();
  EXPECT_TRUE(eventually([&] { return calls.all_once(); }));
  EXPECT_TRUE(eventually([&] { return cluster[1].faults->alive == 0; }));
}

TEST(Stop, ADroppedManagerInsideItsOwnCallback) {
  Cluster cluster(1);
  cluster.found();
  std::promise<void> dropped;
  cluster[1].manager().replicate(Payload("x"), [&](const WriteOutcome&) {
    cluster[1].crash();
    dropped.set_value();
  });
  await(dropped.get_future());
  EXPECT_TRUE(eventually([&] { return cluster[1].faults->alive == 0; }));
}

TEST(Stop, TwoHundredLives) {
  Cluster cluster(1);
  cluster.found();
  cluster[1].stop();
  for (int life = 0; life < 200; ++life) {
    cluster[1].create();
    auto started = cluster[1].manager().start();
    if (life % 4 != 0) {
      ASSERT_FALSE(await(std::move(started)));
    }
    auto led = cluster[1].manager().set_role(Role::kLeader);
    auto written = cluster[1].begin_write(std::to_string(life), kAppliedWrite);
    if (life % 3 == 0) (void)await(std::move(led));
    if (life % 2 == 0) {
      ASSERT_FALSE(await(cluster[1].manager().stop()));
    }
    cluster[1].crash();
    (void)await(std::move(written));
    // What lives on ends by itself, and then the memory may be opened again.
    ASSERT_TRUE(eventually([&] { return cluster[1].faults->alive == 0; }));
  }
}

}  // namespace
}  // namespace lockstep::test
