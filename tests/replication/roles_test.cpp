// `set_role`: an election begun by hand, its refusals, and the fencing of a leader that was not
// told.
#include <gtest/gtest.h>

#include "replication/cluster.hpp"

namespace lockstep::test {
namespace {

using std::chrono::milliseconds;

TEST(SetRole, LeaderIsSeenByAll) {
  Cluster cluster;
  cluster.found();
  EXPECT_EQ(cluster[1].status().role, Role::kLeader) << "at once, when the call is answered";
  EXPECT_EQ(cluster[1].status().leader, NodeId("n1"));
  EXPECT_FALSE(cluster[1].lead()) << "it leads already";
  ASSERT_TRUE(eventually([&] {
    return cluster[2].status().leader == NodeId("n1") && cluster[3].status().leader == NodeId("n1");
  }));
  EXPECT_EQ(cluster[2].status().role, Role::kFollower);
  EXPECT_EQ(cluster[2].status().term, cluster[1].status().term);
}

TEST(SetRole, MovesLeadershipByHand) {
  Cluster cluster;
  cluster.found();
  ASSERT_TRUE(committed(cluster[1].write("a", {.copies = 3})));
  const Term before = cluster[1].status().term;
  EXPECT_FALSE(cluster[2].lead());
  EXPECT_GT(cluster[2].status().term, before);
  ASSERT_TRUE(eventually([&] { return cluster[1].status().role == Role::kFollower; }));
  EXPECT_TRUE(committed(cluster[2].write("b")));
  cluster.expect_converged(2);
  EXPECT_EQ(cluster[1].engine().texts(), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(cluster[2].metrics().elections_won, 1u);
}

TEST(SetRole, RefusedBeforeBootstrapAndForOtherRoles) {
  Cluster cluster(1);
  cluster.start_all();
  EXPECT_EQ(cluster[1].lead(), Errc::kNotBootstrapped);
  for (const Role role : {Role::kCandidate, Role::kLearner}) {
    EXPECT_EQ(await(cluster[1].manager().set_role(role)), Errc::kNotSupported);
  }
}

TEST(SetRole, LogBehindIsToldApartFromNoMajority) {
  Cluster cluster(3, [](ClusterNode& node) { node.options.vote_timeout = milliseconds(500); });
  cluster.found();
  cluster[3].stop();
  ASSERT_TRUE(committed(cluster[1].write("a", {.copies = 2})));
  cluster[1].stop();
  cluster[2].stop();
  cluster[3].start();
  EXPECT_EQ(cluster[3].lead(), Errc::kNoMajority);
  cluster[2].start();
  ASSERT_TRUE(eventually([&] { return cluster[3].status().connected_nodes.size() == 1; }));
  EXPECT_EQ(cluster[3].lead(), Errc::kLogBehind);
  EXPECT_EQ(cluster[3].status().role, Role::kFollower);
  EXPECT_FALSE(cluster[2].lead());
  cluster.expect_converged(2);
}

TEST(SetRole, NothingIsAppendedBeforeTheMajorityHasGranted) {
  Cluster cluster(3, [](ClusterNode& node) { node.options.vote_timeout = milliseconds(100); });
  cluster.found();
  cluster.expect_converged();
  cluster.isolate(2);
  const Index before = cluster[2].status().last_index;
  auto elected = cluster[2].manager().set_role(Role::kLeader);
  EXPECT_EQ(error_of(cluster[2].write("a")), Errc::kNotLeader);
  EXPECT_EQ(await(std::move(elected)), Errc::kNoMajority);
  EXPECT_EQ(cluster[2].status().last_index, before);
}

TEST(SetRole, ALaterCallSupersedes) {
  Cluster cluster;
  cluster.found();
  cluster.expect_converged();
  cluster.isolate(2);
  auto first = cluster[2].manager().set_role(Role::kLeader);
  auto second = cluster[2].manager().set_role(Role::kLeader);
  EXPECT_EQ(await(std::move(first)), Errc::kSuperseded);
  auto third = cluster[2].manager().set_role(Role::kFollower);
  EXPECT_EQ(await(std::move(second)), Errc::kSuperseded);
  EXPECT_FALSE(await(std::move(third)));
}

TEST(SetRole, OnANodeThatIsNoMember) {
  Cluster cluster(3);
  cluster.start_all();
  ASSERT_FALSE(await(cluster[1].manager().bootstrap({NodeId("n1"), NodeId("n2")})));
  EXPECT_EQ(cluster[3].lead(), Errc::kNotBootstrapped);
  ASSERT_FALSE(cluster[1].lead());
  EXPECT_TRUE(committed(cluster[1].write("a")));
  EXPECT_EQ(cluster[3].status().last_index, Index());
}

TEST(SetRole, FollowerGivesLeadershipUp) {
  Cluster cluster;
  cluster.found();
  EXPECT_FALSE(await(cluster[1].manager().set_role(Role::kFollower)));
  EXPECT_EQ(cluster[1].status().role, Role::kFollower);
  EXPECT_EQ(error_of(cluster[1].write("a")), Errc::kNotLeader);
}

TEST(Fencing, ALeaderThatStillBelievesCommitsNothingAndLearnsOfItsEnd) {
  Cluster cluster;
  cluster.found();
  ASSERT_TRUE(committed(cluster[1].write("before", {.copies = 3})));
  cluster.isolate(1);
  EXPECT_FALSE(cluster[2].lead());
  EXPECT_EQ(cluster[1].status().role, Role::kLeader) << "nobody has told it";
  auto stale = cluster[1].begin_write("stale");
  const WriteOutcome stale_async = cluster[1].write("stale too", kAsyncWrite);
  ASSERT_TRUE(std::holds_alternative<WriteLocallyDurable>(stale_async));
  ASSERT_TRUE(committed(cluster[2].write("after")));

  // n3 tells it, when it asks; n2, which leads, cannot.
  cluster.network().heal(NodeId("n1"), NodeId("n3"));
  cluster.network().heal(NodeId("n3"), NodeId("n1"));
  const WriteOutcome outcome = await(std::move(stale));
  ASSERT_TRUE(std::holds_alternative<WriteUnknown>(outcome)) << to_string(outcome);
  EXPECT_EQ(error_of(outcome), Errc::kLeadershipLost);
  EXPECT_EQ(cluster[1].metrics().appends_fenced, 1u);
  cluster.heal(1);
  cluster.expect_converged(2);
  EXPECT_EQ(cluster[1].engine().texts(), (std::vector<std::string>{"before", "after"}));
  EXPECT_EQ(cluster[1].metrics().entries_truncated, 2u);

  ASSERT_TRUE(eventually([&] { return !cluster[1].events_of<EntriesTruncated>().empty(); }));
  const auto truncated = cluster[1].events_of<EntriesTruncated>();
  EXPECT_EQ(truncated.at(0).range.first, std::get<WriteUnknown>(outcome).id.index);
  EXPECT_EQ(truncated.at(0).range.size(), 2u);
  const auto changes = cluster[1].events_of<RoleChanged>();
  ASSERT_FALSE(changes.empty());
  EXPECT_EQ(changes.back().from, Role::kLeader);
  EXPECT_EQ(changes.back().to, Role::kFollower);
  bool is_reported = false;
  for (const auto& error : cluster[1].events_of<ReplicationError>()) {
    is_reported = is_reported || error.error == Errc::kLeadershipLost;
  }
  EXPECT_TRUE(is_reported);
}

TEST(Fencing, TheStaleLeadersMessagesAreCounted) {
  Cluster cluster;
  cluster.found();
  cluster.expect_converged();
  // n2 and n3 hear n1, and n1 hears nobody.
  for (const char* other : {"n2", "n3"}) cluster.network().cut(NodeId(other), NodeId("n1"));
  EXPECT_FALSE(cluster[2].lead());
  ASSERT_TRUE(eventually([&] { return cluster[3].metrics().stale_messages_refused > 0; }));
  cluster.network().heal_all();
  ASSERT_TRUE(eventually([&] { return cluster[1].status().role == Role::kFollower; }));
}

}  // namespace
}  // namespace lockstep::test
