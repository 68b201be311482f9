// Members come, are promoted, go, and come back with other data (Raft §6, thesis §4), in virtual
// time.
#include <gtest/gtest.h>

#include <algorithm>

#include "replication/cluster.hpp"
#include "replication/virtual_group.hpp"

namespace lockstep::test {
namespace {

using namespace std::chrono_literals;
using Texts = std::vector<std::string>;

OperationId operation(std::uint8_t number) {
  OperationId::Bytes bytes{};
  bytes[0] = number;
  return OperationId(bytes);
}

std::vector<NodeId> nodes_of(const std::vector<Member>& members) {
  std::vector<NodeId> nodes;
  for (const Member& member : members) nodes.push_back(member.node);
  std::ranges::sort(nodes);
  return nodes;
}

std::vector<NodeId> names(const std::vector<std::string>& texts) {
  return {texts.begin(), texts.end()};
}

/// n1, n2 and n3 found a group, led by n1; n4 and, if wanted, others are there with empty disks.
class MembershipTest : public ::testing::Test {
 protected:
  void found(
      std::size_t nodes = 4, const VirtualGroup::SetUp& set_up = [](ReplicaOptions&) {}) {
    group_.emplace(1, nodes, set_up);
    group_->start_all();
    const std::vector<NodeId> founders = names({"n1", "n2", "n3"});
    group_->must_succeed([&](auto done) { (*group_)[1].manager->bootstrap(founders, done); });
    ASSERT_TRUE(group_->simulated.run_until([&] { return group_->leader() == 1u; }, 1s));
    ASSERT_TRUE(committed(group_->write(1, "a")));
  }
  Error add(std::size_t at, const std::string& node, OperationId id = {}) {
    return group_->await(
        [&](auto done) { (*group_)[at].manager->add_learner(NodeId(node), id, done); });
  }
  Error promote(std::size_t at, const std::string& node, OperationId id = {}) {
    return group_->await(
        [&](auto done) { (*group_)[at].manager->promote(NodeId(node), id, done); });
  }
  Error remove(std::size_t at, const std::string& node, OperationId id = {}) {
    return group_->await([&](auto done) { (*group_)[at].manager->remove(NodeId(node), id, done); });
  }
  VirtualGroup::Replica& node(std::size_t number) { return (*group_)[number]; }

  std::optional<VirtualGroup> group_;
};

TEST_F(MembershipTest, ALearnerReceivesAppliesAndServesAndCountsForNoMajority) {
  found();
  EXPECT_FALSE(node(4).status().bootstrapped);
  ASSERT_FALSE(add(1, "n4"));
  ASSERT_TRUE(committed(group_->write(1, "b", {.copies = 4}))) << "copies count learners";
  group_->simulated.run_for(1s);
  const ReplicationStatus learner = node(4).status();
  EXPECT_TRUE(learner.bootstrapped);
  EXPECT_EQ(learner.role, Role::kLearner);
  EXPECT_EQ(learner.cluster, node(1).status().cluster);
  EXPECT_EQ(node(4).engine->texts(), (Texts{"a", "b"}));
  for (const FollowerStatus& follower : node(1).status().followers) {
    EXPECT_EQ(follower.voter, follower.node != NodeId("n4"));
  }
  group_->kill(2);
  group_->kill(3);
  const WriteOutcome alone = group_->write(1, "c", {.timeout = 500ms});
  EXPECT_TRUE(std::holds_alternative<WriteUnknown>(alone)) << to_string(alone);
}

TEST_F(MembershipTest, EventsTellEveryNodeWhoTheMembersAre) {
  found();
  ASSERT_FALSE(add(1, "n4"));
  ASSERT_FALSE(promote(1, "n4"));
  group_->simulated.run_for(1s);
  for (std::size_t i = 1; i <= 4; ++i) {
    const auto changes = node(i).events_of<MembersChanged>();
    ASSERT_GE(changes.size(), 3u) << i;
    const auto& joint = changes[changes.size() - 2].configuration;
    EXPECT_EQ(nodes_of(joint.outgoing_voters), names({"n1", "n2", "n3"}));
    const auto& last = changes.back().configuration;
    EXPECT_FALSE(last.is_joint());
    EXPECT_EQ(nodes_of(last.voters), names({"n1", "n2", "n3", "n4"}));
    EXPECT_EQ(node(i).status().configuration, last);
  }
  const auto roles = node(4).events_of<RoleChanged>();
  ASSERT_GE(roles.size(), 2u);
  EXPECT_EQ(roles.front().to, Role::kLearner);
  EXPECT_EQ(roles.back().to, Role::kFollower);
}

TEST_F(MembershipTest, ALearnerThatIsAwayIsNotPromoted) {
  found(4, [](ReplicaOptions& options) { options.bootstrap_timeout = 3s; });
  ASSERT_FALSE(add(1, "n4"));
  group_->kill(4);
  ASSERT_TRUE(committed(group_->write(1, "b")));
  const Error refused = promote(1, "n4");
  EXPECT_EQ(refused, Errc::kTimedOut) << refused.message;
  EXPECT_EQ(nodes_of(node(1).status().configuration.learners), names({"n4"}));
  group_->start(4);
  group_->simulated.run_for(5s);
  EXPECT_FALSE(promote(1, "n4"));
}

TEST_F(MembershipTest, TheLeaderRemovesItselfAndAnotherOneIsElected) {
  found();
  ASSERT_FALSE(remove(1, "n1"));
  ASSERT_TRUE(group_->simulated.run_until(
      [&] {
        const auto leader = group_->leader();
        return leader == 2u || leader == 3u;
      },
      10s));
  const std::size_t leader = *group_->leader();
  EXPECT_TRUE(committed(group_->write(leader, "b")));
  group_->simulated.run_for(20s);
  EXPECT_EQ(group_->leader(), leader) << "who is removed disturbs nobody";
  EXPECT_EQ(nodes_of(node(leader).status().configuration.voters), names({"n2", "n3"}));
  EXPECT_EQ(node(1).engine->texts(), Texts{"a"});
}

TEST_F(MembershipTest, AChangeAskedForAgainAtTheNextLeaderIsMadeOnce) {
  found();
  ASSERT_FALSE(add(1, "n4", operation(1)));
  std::optional<Error> first;
  node(1).manager->promote(NodeId("n4"), operation(2), [&](Error error) { first = error; });
  group_->simulated.run_for(5ms);
  group_->isolate(1);
  const auto successor = [&]() -> std::size_t {
    for (const std::size_t i : {2u, 3u, 4u}) {
      if (node(i).status().role == Role::kLeader) return i;
    }
    return 0u;
  };
  ASSERT_TRUE(group_->simulated.run_until([&] { return successor() != 0; }, 20s));
  group_->simulated.run_for(1s);
  EXPECT_FALSE(promote(successor(), "n4", operation(2)));
  EXPECT_FALSE(promote(successor(), "n4", operation(2)));
  const Configuration now = node(successor()).status().configuration;
  EXPECT_EQ(nodes_of(now.voters), names({"n1", "n2", "n3", "n4"}));
  EXPECT_EQ(std::ranges::count(now.operations, operation(2)), 1);
  ASSERT_TRUE(first) << "the old leader has lost its majority";
  EXPECT_EQ(*first, Errc::kLeadershipLost) << first->message;
}

TEST_F(MembershipTest, OnlyTheLeaderChangesMembersAndOneAtATime) {
  found(5);
  EXPECT_EQ(add(2, "n4"), Errc::kNotLeader);
  EXPECT_EQ(add(1, "not valid"), Errc::kInvalidArgument);
  EXPECT_EQ(promote(1, "n4"), Errc::kNotAMember);
  std::optional<Error> first;
  node(1).manager->add_learner(NodeId("n4"), {}, [&](Error error) { first = error; });
  const Error second = add(1, "n5");
  EXPECT_EQ(second, Errc::kWrongState);
  EXPECT_NE(second.message.find("n4"), std::string::npos) << second.message;
  ASSERT_TRUE(group_->simulated.run_until([&] { return first.has_value(); }, 1s));
  EXPECT_FALSE(*first);
  EXPECT_FALSE(add(1, "n5"));
}

TEST_F(MembershipTest, StopCompletesAChangeThatWaits) {
  found();
  group_->kill(2);
  group_->kill(3);
  std::optional<Error> answer;
  node(1).manager->add_learner(NodeId("n4"), {}, [&](Error error) { answer = error; });
  group_->simulated.run_for(10ms);
  EXPECT_FALSE(answer);
  group_->must_succeed([&](auto done) { node(1).manager->stop(done); });
  ASSERT_TRUE(answer);
  EXPECT_EQ(*answer, Errc::kStopped);
}

TEST_F(MembershipTest, AnEmptiedNodeComesBackByTheOperator) {
  found(3);
  group_->kill(3);
  node(3).disk = MemoryWALManager::make_disk();
  group_->start(3);
  group_->simulated.run_for(5s);
  EXPECT_TRUE(node(3).status().stranger);
  EXPECT_EQ(promote(1, "n3"), Errc::kStranger);
  ASSERT_FALSE(add(1, "n3"));
  EXPECT_EQ(nodes_of(node(1).status().configuration.voters), names({"n1", "n2"}));
  ASSERT_FALSE(promote(1, "n3"));
  EXPECT_EQ(nodes_of(node(1).status().configuration.voters), names({"n1", "n2", "n3"}));
  group_->simulated.run_for(1s);
  EXPECT_FALSE(node(3).status().stranger);
  EXPECT_EQ(node(3).engine->texts(), Texts{"a"});
}

TEST_F(MembershipTest, AnEmptiedNodeComesBackByItselfIfTheOptionSaysSo) {
  found(3, [](ReplicaOptions& options) { options.readmit_strangers = true; });
  group_->kill(2);
  node(2).disk = MemoryWALManager::make_disk();
  group_->start(2);
  ASSERT_TRUE(group_->simulated.run_until(
      [&] {
        const Configuration now = node(1).status().configuration;
        return !now.is_joint() && now.voters.size() == 3 && now.learners.empty() &&
               std::ranges::count(now.voters, node(2).status().incarnation, &Member::incarnation) ==
                   1;
      },
      20s));
  group_->simulated.run_for(1s);
  EXPECT_EQ(node(2).engine->texts(), Texts{"a"});
}

TEST_F(MembershipTest, ALogWithManyConfigurationsIsFoundAgainAfterARestart) {
  found();
  for (int i = 0; i < 5; ++i) {
    ASSERT_FALSE(add(1, "n4"));
    ASSERT_FALSE(remove(1, "n4"));
  }
  ASSERT_FALSE(add(1, "n4"));
  ASSERT_FALSE(promote(1, "n4"));
  const Configuration members = node(1).status().configuration;
  for (std::size_t i = 1; i <= 4; ++i) group_->kill(i);
  for (std::size_t i = 1; i <= 4; ++i) group_->start(i);
  ASSERT_TRUE(group_->await_leader());
  for (std::size_t i = 1; i <= 4; ++i) EXPECT_EQ(node(i).status().configuration, members);
  EXPECT_TRUE(committed(group_->write(*group_->leader(), "b")));
}

}  // namespace
}  // namespace lockstep::test
