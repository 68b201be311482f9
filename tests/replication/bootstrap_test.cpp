// Who is a member (docs/architecture.md): the founding of a group, and data that does not belong.
#include <gtest/gtest.h>

#include "replication/cluster.hpp"

namespace lockstep::test {
namespace {

using std::chrono::milliseconds;

TEST(Bootstrap, FoundsOneClusterOnAllNodes) {
  Cluster cluster;
  cluster.start_all();
  EXPECT_FALSE(cluster[1].status().bootstrapped);
  EXPECT_FALSE(await(cluster[2].manager().bootstrap(cluster.members())));
  const ReplicationStatus founder = cluster[2].status();
  EXPECT_FALSE(founder.cluster.is_none());
  EXPECT_EQ(founder.configuration.voters.size(), 3u);
  for (std::size_t node : {1u, 2u, 3u}) {
    const ReplicationStatus status = cluster[node].status();
    EXPECT_TRUE(status.bootstrapped);
    EXPECT_EQ(status.cluster, founder.cluster);
    EXPECT_EQ(status.configuration, founder.configuration);
    EXPECT_EQ(status.durable_index, Index(1)) << "done: durable at every member";
    EXPECT_EQ(founder.configuration.voters[node - 1].incarnation, status.incarnation);
  }
}

TEST(Bootstrap, WaitsForAllMembers) {
  Cluster cluster;
  cluster[1].start();
  auto founded = cluster[1].manager().bootstrap(cluster.members());
  cluster[2].start();
  ASSERT_TRUE(eventually([&] { return cluster[1].status().connected_nodes.size() == 1; }));
  EXPECT_EQ(founded.wait_for(milliseconds(50)), std::future_status::timeout);
  EXPECT_FALSE(cluster[1].status().bootstrapped);
  cluster[3].start();
  EXPECT_FALSE(await(std::move(founded)));
  EXPECT_TRUE(cluster[3].status().bootstrapped);
}

TEST(Bootstrap, AMissingMemberIsNamedAndNothingIsWritten) {
  Cluster cluster(3, [](ClusterNode& node) { node.options.bootstrap_timeout = milliseconds(150); });
  cluster[1].start();
  cluster[2].start();
  const Error error = await(cluster[1].manager().bootstrap(cluster.members()));
  EXPECT_EQ(error, Errc::kTimedOut);
  EXPECT_NE(error.message.find("nothing was written"), std::string::npos) << error.message;
  EXPECT_NE(error.message.find("n3"), std::string::npos) << error.message;
  EXPECT_EQ(error.message.find("n2"), std::string::npos) << error.message;
  for (std::size_t node : {1u, 2u}) {
    EXPECT_FALSE(cluster[node].status().bootstrapped);
    EXPECT_EQ(cluster[node].status().last_index, Index());
  }
  cluster[3].start();
  EXPECT_FALSE(await(cluster[2].manager().bootstrap(cluster.members())));
}

TEST(Bootstrap, ASecondAttemptIsRefusedOnEveryNode) {
  Cluster cluster;
  cluster.found();
  const ClusterId founded = cluster[1].status().cluster;
  for (std::size_t node : {1u, 2u, 3u}) {
    EXPECT_EQ(await(cluster[node].manager().bootstrap(cluster.members())),
              Errc::kAlreadyBootstrapped);
  }
  cluster.restart(3);
  EXPECT_EQ(await(cluster[3].manager().bootstrap(cluster.members())), Errc::kAlreadyBootstrapped);
  EXPECT_EQ(cluster[3].status().cluster, founded);
}

TEST(Bootstrap, BadLists) {
  Cluster cluster;
  cluster.start_all();
  auto& manager = cluster[1].manager();
  for (const std::vector<NodeId>& members : {std::vector<NodeId>{},
                                             {NodeId("n2"), NodeId("n3")},
                                             {NodeId("n1"), NodeId("n1")},
                                             {NodeId("n1"), NodeId("not valid")}}) {
    EXPECT_EQ(await(manager.bootstrap(members)), Errc::kInvalidArgument);
  }
  EXPECT_FALSE(cluster[1].status().bootstrapped);
}

TEST(Bootstrap, FromTwoNodesAtOnceNeverFoundsTwo) {
  Cluster cluster(3, [](ClusterNode& node) { node.options.bootstrap_timeout = milliseconds(500); });
  cluster.start_all();
  auto first = cluster[1].manager().bootstrap(cluster.members());
  auto second = cluster[2].manager().bootstrap(cluster.members());
  const bool one = !await(std::move(first));
  const bool two = !await(std::move(second));
  EXPECT_FALSE(one && two);
  if (!one && !two) {
    EXPECT_FALSE(cluster[1].status().bootstrapped && cluster[2].status().bootstrapped &&
                 cluster[1].status().cluster != cluster[2].status().cluster);
  }
}

TEST(Bootstrap, OfOneNodeAlone) {
  Cluster cluster(1);
  cluster.found();
  EXPECT_TRUE(committed(cluster[1].write("a", kAppliedWrite)));
}

TEST(Bootstrap, IsFoundAgainAfterARestartOfAll) {
  Cluster cluster;
  cluster.found();
  ASSERT_TRUE(committed(cluster[1].write("a", {.copies = 3})));
  const ClusterId founded = cluster[1].status().cluster;
  for (std::size_t node : {1u, 2u, 3u}) cluster[node].stop();
  for (std::size_t node : {1u, 2u, 3u}) cluster[node].start();
  EXPECT_EQ(cluster[2].status().cluster, founded);
  EXPECT_FALSE(cluster[2].lead());
  EXPECT_TRUE(committed(cluster[2].write("b")));
  cluster.expect_converged(2);
  EXPECT_EQ(cluster[3].engine().texts(), (std::vector<std::string>{"a", "b"}));
}

TEST(Stranger, ANodeWithAnEmptiedDiskCountsForNothing) {
  Cluster cluster;
  cluster.found();
  ASSERT_TRUE(committed(cluster[1].write("a", {.copies = 3})));
  cluster[3].stop();
  cluster[3].empty_disk();
  cluster[3].start();
  ASSERT_TRUE(eventually([&] { return cluster[3].status().stranger; }));
  ASSERT_TRUE(eventually([&] { return cluster[1].follower("n3").stranger; }));
  EXPECT_FALSE(cluster[3].status().bootstrapped);
  EXPECT_TRUE(committed(cluster[1].write("b"))) << "n1 and n2 are a majority";
  cluster[2].stop();
  const WriteOutcome alone = cluster[1].write("c", {.timeout = milliseconds(150)});
  EXPECT_TRUE(std::holds_alternative<WriteUnknown>(alone)) << to_string(alone);
  EXPECT_EQ(cluster[3].status().last_index, Index()) << "it is not fed either";
  EXPECT_EQ(error_of(cluster[1].write("d", {.timeout = milliseconds(50), .copies = 2})),
            Errc::kTimedOut);
}

TEST(Stranger, DoesNotVoteAndCannotLead) {
  Cluster cluster(3, [](ClusterNode& node) { node.options.vote_timeout = milliseconds(300); });
  cluster.found();
  cluster[3].stop();
  cluster[3].empty_disk();
  cluster[3].start();
  ASSERT_TRUE(eventually([&] { return cluster[3].status().stranger; }));
  EXPECT_TRUE(cluster[3].lead());
  cluster[1].stop();
  EXPECT_EQ(cluster[2].lead(), Errc::kNoMajority);
}

}  // namespace
}  // namespace lockstep::test
