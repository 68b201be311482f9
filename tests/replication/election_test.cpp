// Elected leadership (Raft §5.2) in virtual time: leaders come by time-out, go when they lose their
// majority, and are told to those who listen.
#include <gtest/gtest.h>

#include "replication/cluster.hpp"
#include "replication/virtual_group.hpp"

namespace lockstep::test {
namespace {

using namespace std::chrono_literals;

TEST(Election, AGroupElectsALeaderByItself) {
  VirtualGroup group(1);
  group.found();
  const auto leader = group.await_leader(100ms);
  ASSERT_TRUE(leader) << "the founder need not wait for a time-out";
  EXPECT_EQ(leader, 1u);
  EXPECT_TRUE(committed(group.write(1, "a")));
  group.simulated.run_for(1min);
  EXPECT_EQ(group.leader(), 1u);
  EXPECT_EQ(group[1].status().term, Term(2)) << "and keeps it";
  EXPECT_EQ(group[3].engine->texts(), std::vector<std::string>{"a"});
}

TEST(Election, OfANewLeaderWhenTheOldOneIsGone) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    VirtualGroup group(seed);
    group.found();
    const auto first = group.await_leader();
    ASSERT_TRUE(first);
    ASSERT_TRUE(committed(group.write(*first, "before")));
    group.kill(*first);
    const auto second = group.await_leader(10s);
    ASSERT_TRUE(second) << "seed " << seed;
    EXPECT_NE(second, first);
    ASSERT_TRUE(committed(group.write(*second, "after")));
    group.start(*first);
    EXPECT_EQ(group.await_leader(), second) << "the one that comes back disturbs nobody";
    group.simulated.run_for(5s);
    EXPECT_EQ(group[*first].engine->texts(), (std::vector<std::string>{"before", "after"}));
  }
}

TEST(Election, IsToldToThoseWhoListen) {
  VirtualGroup group(1);
  group.found();
  ASSERT_EQ(group.await_leader(), 1u);
  group.simulated.run_for(1s);
  for (std::size_t i = 1; i <= 3; ++i) {
    const auto elected = group[i].events_of<LeaderElected>();
    ASSERT_EQ(elected.size(), 1u) << "n" << i;
    EXPECT_EQ(elected[0].node, NodeId("n1"));
    EXPECT_EQ(elected[0].term, Term(2));
    const auto terms = group[i].events_of<TermChanged>();
    ASSERT_EQ(terms.size(), 2u) << "the founding one, and the first leader's";
    EXPECT_EQ(terms[1].term, Term(2));
  }
  const auto roles = group[1].events_of<RoleChanged>();
  ASSERT_EQ(roles.size(), 2u);
  EXPECT_EQ(roles[0].to, Role::kCandidate);
  EXPECT_EQ(roles[1].to, Role::kLeader);
}

TEST(Election, AFollowerSaysWhoLeads) {
  VirtualGroup group(1);
  group.found();
  ASSERT_EQ(group.await_leader(), 1u);
  const WriteOutcome outcome = group.write(2, "a");
  EXPECT_EQ(error_of(outcome), Errc::kNotLeader);
  EXPECT_NE(error_of(outcome).message.find("n1"), std::string::npos);
}

TEST(CheckQuorum, ALeaderThatIsCutOffGivesUpAndItsWritesAreOfUnknownFate) {
  VirtualGroup group(1);
  group.found();
  ASSERT_EQ(group.await_leader(), 1u);
  group.isolate(1);
  std::optional<WriteOutcome> lost;
  group[1].manager->replicate(Payload("lost"), [&](WriteOutcome done) { lost = std::move(done); });
  ASSERT_TRUE(group.simulated.run_until([&] { return lost.has_value(); }, 1300ms));
  EXPECT_TRUE(std::holds_alternative<WriteUnknown>(*lost)) << to_string(*lost);
  EXPECT_EQ(error_of(*lost), Errc::kLeadershipLost);
  EXPECT_EQ(group[1].status().role, Role::kFollower);
  EXPECT_FALSE(group[1].status().leader);
  ASSERT_TRUE(group.simulated.run_until([&] { return group.leader().has_value(); }, 5s));
  const std::size_t next = *group.leader();
  ASSERT_TRUE(committed(group.write(next, "kept")));
  const Term term = group[next].status().term;
  group.simulated.run_for(1min);
  EXPECT_EQ(group[1].status().term, Term(2)) << "pre-votes move no term";
  group.network.heal_all();
  EXPECT_EQ(group.await_leader(), next);
  group.simulated.run_for(5s);
  EXPECT_EQ(group[next].status().term, term);
  EXPECT_EQ(group[1].engine->texts(), std::vector<std::string>{"kept"});
  EXPECT_EQ(group[1].events_of<EntriesTruncated>().size(), 1u);
}

TEST(StepDown, AnotherLeaderIsElected) {
  VirtualGroup group(3);
  group.found();
  ASSERT_EQ(group.await_leader(), 1u);
  EXPECT_EQ(group.await([&](auto done) { group[2].manager->step_down(done); }), Errc::kNotLeader);
  EXPECT_EQ(group[1].status().role, Role::kLeader);
  group.must_succeed([&](auto done) { group[1].manager->step_down(done); });
  EXPECT_EQ(group[1].status().role, Role::kFollower);
  ASSERT_TRUE(group.await_leader());
  EXPECT_GT(group[1].status().term, Term(2));
}

TEST(SetRole, MovesAnElectedLeadershipByHand) {
  VirtualGroup group(1);
  group.found();
  ASSERT_EQ(group.await_leader(), 1u);
  group.must_succeed([&](auto done) { group[3].manager->set_role(Role::kLeader, done); });
  EXPECT_EQ(group.await_leader(), 3u);
  group.simulated.run_for(1min);
  EXPECT_EQ(group.leader(), 3u);
}

TEST(AssignedLeadership, KnowsNoTimeOut) {
  VirtualGroup group(1, 3,
                     [](ReplicaOptions& options) { options.leadership = Leadership::kAssigned; });
  group.found();
  group.simulated.run_for(1h);
  EXPECT_FALSE(group.leader());
  EXPECT_EQ(group[2].status().term, Term(1));
  group.must_succeed([&](auto done) { group[2].manager->set_role(Role::kLeader, done); });
  group.isolate(2);
  group.simulated.run_for(1h);
  EXPECT_EQ(group.leader(), 2u) << "nor a check of its quorum";
}

}  // namespace
}  // namespace lockstep::test
