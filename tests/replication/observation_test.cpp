// Status, metrics and events: what a host sees of its replica.
#include <gtest/gtest.h>

#include "replication/cluster.hpp"

namespace lockstep::test {
namespace {

using std::chrono::milliseconds;

TEST(Status, OfLeaderAndFollower) {
  Cluster cluster;
  cluster.found();
  ASSERT_TRUE(committed(cluster[1].write("a", {.copies = 3})));
  cluster.expect_converged();
  ASSERT_TRUE(eventually([&] { return cluster[1].status().connected_nodes.size() == 2; }));
  const ReplicationStatus leader = cluster[1].status();
  EXPECT_EQ(leader.node, NodeId("n1"));
  EXPECT_EQ(leader.group, GroupId(7));
  EXPECT_EQ(leader.mode, ReplicationMode::kSync);
  EXPECT_EQ(leader.role, Role::kLeader);
  EXPECT_EQ(leader.pending_entries, 0u);
  EXPECT_EQ(leader.replication_lag, 0u);
  EXPECT_GT(leader.last_replication_time_ms, 1'600'000'000'000);
  EXPECT_EQ(leader.last_index, Index(3));
  ASSERT_EQ(leader.followers.size(), 2u);
  for (const FollowerStatus& follower : leader.followers) {
    EXPECT_TRUE(follower.connected);
    EXPECT_TRUE(follower.voter);
    EXPECT_EQ(follower.match_index, Index(3));
    EXPECT_EQ(follower.lag_entries, 0u);
    EXPECT_EQ(follower.lag_bytes, 0u);
    EXPECT_EQ(follower.lag_time.count(), 0);
    EXPECT_FALSE(follower.needs_snapshot);
    EXPECT_FALSE(follower.stranger);
  }
  const ReplicationStatus follower = cluster[2].status();
  EXPECT_EQ(follower.role, Role::kFollower);
  EXPECT_TRUE(follower.followers.empty());
  EXPECT_GT(follower.last_replication_time_ms, 0);
  EXPECT_EQ(follower.last_applied, Index(3));
}

TEST(Status, LagOfAFollowerThatIsAway) {
  Cluster cluster;
  cluster.found();
  cluster.expect_converged();
  cluster.isolate(3);
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(committed(cluster[1].write(std::string(1000, 'x'))));
  ASSERT_TRUE(eventually([&] { return cluster[1].follower("n3").lag_time > milliseconds(50); }));
  const FollowerStatus away = cluster[1].follower("n3");
  EXPECT_EQ(away.lag_entries, 10u);
  EXPECT_GT(away.lag_bytes, 5'000u) << "an estimate";
  EXPECT_LT(away.lag_bytes, 15'000u);
  EXPECT_EQ(cluster[1].status().replication_lag, 10u);
  cluster.heal(3);
  cluster.expect_converged();
  ASSERT_TRUE(eventually([&] { return cluster[1].follower("n3").lag_entries == 0; }));
  EXPECT_EQ(cluster[1].status().replication_lag, 0u);
}

TEST(Status, PendingEntriesAndWhoIsConnected) {
  Cluster cluster;
  cluster.found();
  cluster.isolate(1);
  std::vector<std::future<WriteOutcome>> outcomes;
  for (int i = 0; i < 5; ++i) outcomes.push_back(cluster[1].begin_write("a"));
  EXPECT_EQ(cluster[1].status().pending_entries, 5u);
  cluster.heal(1);
  for (auto& outcome : outcomes) (void)await(std::move(outcome));
  EXPECT_EQ(cluster[1].status().pending_entries, 0u);
  cluster[3].stop();
  ASSERT_TRUE(eventually([&] { return !cluster[1].follower("n3").connected; }));
  EXPECT_TRUE(eventually(
      [&] { return cluster[1].status().connected_nodes == std::vector<NodeId>{NodeId("n2")}; }));
}

TEST(Status, LagOfAFollowersEngine) {
  Cluster cluster;
  cluster.found();
  cluster.expect_converged();
  cluster[2].engine().gate.close();
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(committed(cluster[1].write("a")));
  ASSERT_TRUE(eventually([&] { return cluster[2].status().replication_lag == 4; }));
}

TEST(Metrics, HistogramsCountTheCompletions) {
  Cluster cluster;
  cluster.found();
  for (int i = 0; i < 7; ++i) ASSERT_TRUE(committed(cluster[1].write("a")));
  for (int i = 0; i < 3; ++i) (void)cluster[1].write("b", kAsyncWrite);
  cluster.expect_converged();
  const ReplicationMetrics leader = cluster[1].metrics();
  EXPECT_EQ(leader.writes_committed, 7u);
  EXPECT_EQ(leader.commit_latency.count(), 7u);
  EXPECT_EQ(leader.writes_locally_durable, 3u);
  EXPECT_EQ(leader.local_latency.count(), 3u);
  EXPECT_GT(leader.commit_latency.quantile(0.5).count(), 0);
  EXPECT_EQ(leader.entries_appended, 10u);
  EXPECT_EQ(leader.entries_committed, 12u) << "bootstrap entry and no-op besides";
  EXPECT_EQ(leader.entries_applied, 12u);
  EXPECT_GT(leader.apply_batches, 0u);
  EXPECT_GT(leader.appends_sent, 0u);
  EXPECT_GT(leader.wal_writes, 0u);
  EXPECT_EQ(leader.elections_started, 1u);
  EXPECT_EQ(leader.elections_won, 1u);
  const ReplicationMetrics follower = cluster[2].metrics();
  EXPECT_EQ(follower.entries_received, 11u) << "the bootstrap entry is no append";
  EXPECT_EQ(follower.entries_applied, 12u);
  EXPECT_EQ(follower.commit_latency.count(), 0u);
  ASSERT_TRUE(eventually([&] { return cluster[2].metrics().heartbeats_received > 0; }));
  EXPECT_GT(cluster[1].metrics().heartbeats_sent, 0u);
}

TEST(Metrics, MalformedMessagesAreCountedAndHarmNobody) {
  Cluster cluster(2);
  cluster.found();
  LoopbackNodeOptions options;
  options.node = NodeId("x");
  const auto stranger = cluster.network().add_node(options).value();
  std::promise<Error> connected;
  ASSERT_TRUE(stranger->connect({NodeId("n1"), "", 0},
                                [&](Error error) { connected.set_value(std::move(error)); }));
  ASSERT_FALSE(await(connected.get_future()));
  ReplicationMessage nonsense;
  nonsense.type = MessageType::kAppendEntries;
  nonsense.group = GroupId(7);
  nonsense.target_node = NodeId("n1");
  nonsense.data = EntryBatch{SharedBuffer::copy_of("nonsense"), {}};
  ASSERT_TRUE(stranger->send_message(std::move(nonsense)));
  ASSERT_TRUE(eventually([&] { return cluster[1].metrics().messages_refused == 1; }));
  EXPECT_TRUE(committed(cluster[1].write("a")));
}

TEST(Events, EveryEntryOnceInOrder) {
  Cluster cluster;
  cluster.found();
  cluster.expect_converged();
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(committed(cluster[1].write("a")));
  cluster.expect_converged();
  ASSERT_TRUE(eventually([&] {
    return cluster[1].events_of<EntryReplicated>().size() >= 22 &&
           cluster[2].events_of<EntryReceived>().size() >= 21;
  }));
  std::uint64_t next = 1;
  for (const auto& event : cluster[1].events_of<EntryReplicated>()) {
    EXPECT_EQ(event.id.index, Index(next++));
  }
  EXPECT_EQ(next, 23u);
  next = 2;
  for (const auto& event : cluster[2].events_of<EntryReceived>()) {
    EXPECT_EQ(event.id.index, Index(next++));
    EXPECT_EQ(event.leader, NodeId("n1"));
  }
  const auto roles = cluster[1].events_of<RoleChanged>();
  ASSERT_EQ(roles.size(), 2u);
  EXPECT_EQ(roles[0].to, Role::kCandidate);
  EXPECT_EQ(roles[1].from, Role::kCandidate);
  EXPECT_EQ(roles[1].to, Role::kLeader);
}

TEST(Events, AnExceptionOfAListenersGoesNoFurther) {
  Cluster cluster(1);
  cluster.start_all();
  const Subscription bad = cluster[1].manager().subscribe(
      [](const ReplicationEvent&) { throw std::runtime_error("listener bug"); });
  ASSERT_FALSE(await(cluster[1].manager().bootstrap(cluster.members())));
  ASSERT_FALSE(cluster[1].lead());
  std::promise<void> called;
  cluster[1].manager().replicate(Payload("a"), [&](const WriteOutcome&) {
    called.set_value();
    throw 7;
  });
  await(called.get_future());
  EXPECT_TRUE(committed(cluster[1].write("b")));
  ASSERT_TRUE(eventually([&] { return cluster[1].metrics().listener_exceptions >= 3; }));
  EXPECT_FALSE(cluster[1].events_of<RoleChanged>().empty()) << "the good listener hears all";
}

TEST(Events, UnsubscribingAndCallingInsideACallback) {
  Cluster cluster(1);
  cluster.start_all();
  std::atomic<int> heard{0};
  std::promise<WriteOutcome> written;
  Subscription subscription;
  std::promise<void> subscribed;
  auto ready = subscribed.get_future().share();
  WALReplicationManager& manager = cluster[1].manager();
  subscription = manager.subscribe([&](const ReplicationEvent& event) {
    const auto* change = std::get_if<RoleChanged>(&event);
    if (change == nullptr || change->to != Role::kLeader) return;
    ++heard;
    (void)manager.status();
    (void)manager.metrics();
    manager.replicate(Payload("inside"), [&](WriteOutcome outcome) {
      manager.set_role(Role::kFollower, [&, outcome](Error) { written.set_value(outcome); });
    });
    subscription.reset();
  });
  ASSERT_FALSE(await(manager.bootstrap(cluster.members())));
  ASSERT_FALSE(cluster[1].lead());
  EXPECT_TRUE(committed(await(written.get_future())));
  ASSERT_FALSE(cluster[1].lead());
  EXPECT_TRUE(committed(cluster[1].write("a")));
  EXPECT_EQ(heard, 1);
}

TEST(Events, CallbacksNeverRunInsideTheCall) {
  Cluster cluster(1);
  cluster.found();
  auto& manager = cluster[1].manager();
  // Refusals known at once are the tempting ones.
  for (int i = 0; i < 200; ++i) {
    std::atomic<bool> inside{true};
    std::promise<bool> was_inside;
    const auto note = [&, caller = std::this_thread::get_id()](const auto&) {
      was_inside.set_value(inside && std::this_thread::get_id() == caller);
    };
    if (i % 2 == 0) {
      manager.set_role(Role::kLearner, note);
    } else {
      manager.replicate(Payload("x"), {.timeout = milliseconds(-1)}, note);
    }
    inside = false;
    EXPECT_FALSE(await(was_inside.get_future()));
  }
}

TEST(Events, RunOnTheHostsExecutorAndABlockedOneHarmsNoReplication) {
  Cluster cluster(3);
  auto executor = cluster.runtime()->make_worker("callbacks");
  cluster[1].options.callback_executor = executor;
  cluster.found();
  Gate gate;
  gate.close();
  cluster[1].manager().replicate(Payload("a"), [&](const WriteOutcome&) { gate.pass(); });
  ASSERT_TRUE(gate.await_waiter());
  std::vector<std::future<WriteOutcome>> outcomes;
  for (int i = 0; i < 50; ++i) outcomes.push_back(cluster[1].begin_write("b"));
  ASSERT_TRUE(eventually([&] { return cluster[3].engine().count() == 51; }));
  EXPECT_EQ(outcomes[0].wait_for(milliseconds(0)), std::future_status::timeout);
  gate.open();
  for (auto& outcome : outcomes) EXPECT_TRUE(committed(await(std::move(outcome))));
}

}  // namespace
}  // namespace lockstep::test
