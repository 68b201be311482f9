#include "consensus/quorum.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "lockstep/split_mix.hpp"

namespace lockstep::consensus::test {
namespace {

Member member(std::size_t n) {
  return {NodeId(std::string(1, static_cast<char>('a' + n))), Incarnation{}};
}

std::vector<Member> some_of(SplitMix64& rng, std::size_t nodes) {
  std::vector<Member> set;
  for (std::size_t i = 0; i < nodes; ++i) {
    if (!rng.one_in(3)) set.push_back(member(i));
  }
  return set;
}

/// Every set of voters has more members that satisfy the condition than do not.
template <class Condition>
bool majorities(const Configuration& configuration, const Condition& holds) {
  for (const auto* set : {&configuration.voters, &configuration.outgoing_voters}) {
    if (set == &configuration.outgoing_voters && set->empty()) continue;
    std::size_t yes = 0;
    for (const Member& voter : *set) yes += holds(voter.node) ? 1 : 0;
    if (yes * 2 <= set->size()) return false;
  }
  return true;
}

Configuration random_configuration(SplitMix64& rng) {
  Configuration configuration;
  while (configuration.voters.empty()) configuration.voters = some_of(rng, 1 + rng.below(7));
  if (rng.one_in(2)) configuration.outgoing_voters = some_of(rng, 1 + rng.below(7));
  if (rng.one_in(2)) configuration.learners = {member(8), member(9)};
  return configuration;
}

/// By trying every index.
TEST(Quorum, MajorityMatchIsTheHighestThatMajoritiesHave) {
  SplitMix64 rng(4);
  for (int round = 0; round < 3000; ++round) {
    const Configuration configuration = random_configuration(rng);
    std::map<NodeId, Index> matches;
    for (std::size_t i = 0; i < 10; ++i) matches[member(i).node] = Index(rng.below(9));
    const auto match = [&](const NodeId& node) { return matches.at(node); };
    Index wanted;
    for (std::uint64_t index = 0; index < 9; ++index) {
      if (majorities(configuration, [&](const NodeId& n) { return match(n) >= Index(index); })) {
        wanted = Index(index);
      }
    }
    ASSERT_EQ(majority_match(configuration, match), wanted);
  }
}

/// Won: majorities granted. Lost: not even if all that are open granted. Else pending.
TEST(Quorum, VotesAreCountedAsMajorities) {
  SplitMix64 rng(5);
  for (int round = 0; round < 3000; ++round) {
    const Configuration configuration = random_configuration(rng);
    std::map<NodeId, bool> votes;
    for (std::size_t i = 0; i < 10; ++i) {
      if (!rng.one_in(3)) votes[member(i).node] = rng.one_in(2);
    }
    const auto granted = [&](const NodeId& n) { return votes.contains(n) && votes.at(n); };
    const auto may_grant = [&](const NodeId& n) { return !votes.contains(n) || votes.at(n); };
    const VoteResult wanted = majorities(configuration, granted)      ? VoteResult::kWon
                              : !majorities(configuration, may_grant) ? VoteResult::kLost
                                                                      : VoteResult::kPending;
    ASSERT_EQ(count_votes(configuration, votes), wanted);
  }
}

TEST(Quorum, NoVotersNoMajority) {
  const Configuration none;
  EXPECT_EQ(majority_match(none, [](const NodeId&) { return Index{5}; }), Index{});
  EXPECT_NE(count_votes(none, {}), VoteResult::kWon);
}

TEST(Quorum, LearnersAreMembersWithoutAVote) {
  Configuration configuration;
  configuration.voters = {member(1)};
  configuration.outgoing_voters = {member(2)};
  configuration.learners = {member(3)};
  EXPECT_TRUE(is_voter(configuration, member(1).node));
  EXPECT_TRUE(is_voter(configuration, member(2).node));
  EXPECT_FALSE(is_voter(configuration, member(3).node));
  EXPECT_TRUE(is_member(configuration, member(3).node));
  EXPECT_FALSE(is_member(configuration, member(4).node));
  EXPECT_EQ(find_member(configuration, member(4).node), nullptr);
}

}  // namespace
}  // namespace lockstep::consensus::test
