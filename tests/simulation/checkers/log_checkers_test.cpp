// Each property of logs, votes and commits: a history that breaks it is found out.
#include <gtest/gtest.h>

#include "simulation/checkers/watched_group.hpp"

namespace lockstep::sim {
namespace {

using consensus::AppendResponse;
using consensus::VoteRequest;
using consensus::VoteResponse;

constexpr auto entry = WatchedGroup::entry;

/// n1 leads in term 2; n1 and n2 have 2/2, which is committed.
class CommittedByOne : public ::testing::Test {
 protected:
  CommittedByOne() {
    group.is_elected(1, 2);
    group.gets(1, entry(2, 2));
    group.gets(2, entry(2, 2));
    group.commits(1, 2, 2);
  }
  WatchedGroup group;
};
using LogCheckers = CommittedByOne;

TEST_F(LogCheckers, FindNothingInAnOrdinaryHistory) {
  group.gets(3, entry(2, 2));
  group.is_elected(3, 3);
  group.gets(3, entry(3, 3));
  group.gets(1, entry(3, 3));
  group.commits(3, 3, 3);
  group.restarts(1, entry(3, 3), {Term(3), WatchedGroup::node(3)});
  EXPECT_EQ(group.broken(), "");
}

TEST_F(LogCheckers, FindTwoLeadersInATerm) {
  group.checkers().on_lead(WatchedGroup::node(2), Term(2));
  EXPECT_EQ(group.broken(), "election safety");
}

TEST_F(LogCheckers, FindALeaderThatCutsItsLog) {
  group.writes(1, entry(3, 2));
  ASSERT_EQ(group.broken(), "");
  group.cuts(1, 3);
  EXPECT_EQ(group.broken(), "leader append-only");
}

TEST_F(LogCheckers, FindCommittedEntriesThatAreCut) {
  group.cuts(2, 2);
  EXPECT_EQ(group.broken(), "committed entries stay");
}

/// n2, leader of term 4, has committed 3/2 with n1 and n3, which n4 has too and nobody knows of.
class LaggardOfFive : public ::testing::Test {
 protected:
  LaggardOfFive() {
    group.is_elected(1, 2);
    for (const int number : {1, 2, 3, 4}) {
      group.gets(number, entry(2, 2));
      group.gets(number, entry(3, 2));
    }
    group.is_elected(2, 4);
    for (const int number : {1, 2, 3}) group.gets(number, entry(4, 4));
    group.commits(2, 4, 4);
  }
  WatchedGroup group{5};
};

TEST_F(LaggardOfFive, MayFollowALeaderOfATermBetween) {
  group.cuts(4, 3);
  EXPECT_EQ(group.broken(), "");
}

TEST_F(LaggardOfFive, MayNotOnceItHasHeardOfTheTerm) {
  group.writes(4, HardState{Term(4), NodeId()});
  ASSERT_EQ(group.broken(), "");
  group.cuts(4, 3);
  EXPECT_EQ(group.broken(), "committed entries stay");
}

TEST_F(LogCheckers, LetAFollowerCutWhatIsNotCommitted) {
  group.gets(3, entry(2, 1));
  group.cuts(3, 2);
  group.has_durable(3);
  EXPECT_EQ(group.broken(), "");
}

TEST_F(LogCheckers, FindOnePlaceAndTermThatNamesTwoEntries) {
  group.writes(3, entry(2, 2), "another");
  EXPECT_EQ(group.broken(), "log matching");
}

TEST_F(LogCheckers, FindTwoPredecessorsOfOneEntry) {
  group.gets(3, entry(2, 1));
  group.writes(1, entry(3, 2));
  ASSERT_EQ(group.broken(), "");
  group.writes(3, entry(3, 2));
  EXPECT_EQ(group.broken(), "log matching");
}

TEST_F(LogCheckers, FindATermThatFallsInALog) {
  group.writes(1, entry(3, 1));
  EXPECT_EQ(group.broken(), "terms never fall in a log");
}

TEST_F(LogCheckers, LetAnEarlierTermFollowADamagedEntryOfAnUnknownOne) {
  group.gets(3, entry(2, 3));
  group.gets(3, entry(3, 3));
  group.restarts(3, entry(3, 3), {Term(2), WatchedGroup::node(1)});
  group.cuts(3, 3);
  group.writes(3, entry(3, 2));
  EXPECT_EQ(group.broken(), "");
}

TEST_F(LogCheckers, FindARepairThatPutsInAnotherEntry) {
  Entry copy;
  copy.header.index = Index(2);
  copy.header.term = Term(1);
  group.checkers().on_repair(WatchedGroup::node(1), {copy});
  EXPECT_EQ(group.broken(), "a repair changes nothing");
}

TEST_F(LogCheckers, FindALeaderWithoutACommittedEntry) {
  group.checkers().on_lead(WatchedGroup::node(3), Term(3));
  EXPECT_EQ(group.broken(), "leader completeness");
}

TEST_F(LogCheckers, FindACommitThatOnlyTheLeaderHas) {
  group.gets(1, entry(3, 2));
  group.commits(1, 2, 3);
  EXPECT_EQ(group.broken(), "committed means durable on a majority");
}

TEST_F(LogCheckers, FindACommitThatIsNotDurableWhereItIsCounted) {
  group.gets(1, entry(3, 2));
  group.writes(2, entry(3, 2));
  group.commits(1, 2, 3);
  EXPECT_EQ(group.broken(), "committed means durable on a majority");
}

TEST(CommitRules, FindHalfOfTheVoters) {
  WatchedGroup group(4);
  group.is_elected(1, 2);
  group.gets(1, entry(2, 2));
  group.gets(2, entry(2, 2));
  group.commits(1, 2, 2);
  EXPECT_EQ(group.broken(), "committed means durable on a majority");
}

TEST_F(LogCheckers, FindAJointCommitByOneOfTheMajorities) {
  for (const int number : {1, 2}) {
    group.writes(number, entry(3, 2), WatchedGroup::configuration({3, 4, 5}, {1, 2, 3}));
    group.has_durable(number);
  }
  group.commits(1, 2, 3);
  EXPECT_EQ(group.broken(), "committed means durable on a majority");
}

/// n1 and n2 have entry 3, and n1 has begun to replace both.
class ChangeUnderWay : public LogCheckers {
 protected:
  ChangeUnderWay() {
    group.gets(1, entry(3, 2));
    group.commits(1, 2, 2);
    group.gets(2, entry(3, 2));
    group.writes(1, entry(4, 2), WatchedGroup::configuration({3, 4, 5}, {1, 2, 3}));
  }
};

TEST_F(ChangeUnderWay, LetsALeaderTellAtOnceWhatItHadCommittedBefore) {
  group.commits(1, 2, 3);
  EXPECT_EQ(group.broken(), "");
}

TEST_F(ChangeUnderWay, FindsACommitByTheFormerMembersAlone) {
  group.commits(1, 2, 2);
  ASSERT_EQ(group.broken(), "");
  group.commits(1, 2, 3);
  EXPECT_EQ(group.broken(), "committed means durable on a majority");
}

TEST_F(LogCheckers, FindTwoNodesThatHaveCommittedDifferently) {
  group.gets(3, entry(2, 1));
  Command command;
  group.applies(3, entry(2, 1), command);
  EXPECT_EQ(group.broken(), "committed entries agree");
}

TEST_F(LogCheckers, FindWhatADiskHasLost) {
  group.restarts(2, entry(1, 1), {Term(2), WatchedGroup::node(1)});
  EXPECT_EQ(group.broken(), "what is durable survives");
}

TEST_F(LogCheckers, LetADiskKeepOrLoseWhatItHasNotAnswered) {
  group.writes(2, entry(3, 2));
  group.restarts(2, entry(3, 2), {Term(2), WatchedGroup::node(1)});
  group.writes(1, entry(3, 2));
  group.restarts(1, entry(2, 2), {Term(2), WatchedGroup::node(1)});
  EXPECT_EQ(group.broken(), "");
}

/// A full disk that fails: a write of several changes may be there without those that had no room.
TEST_F(LogCheckers, LetADiskKeepWhatFailedWithoutWhatWasRefused) {
  const HardState candidate{Term(3), WatchedGroup::node(2)};
  group.writes(2, entry(3, 2));
  group.writes(2, entry(4, 2));
  group.writes(2, candidate);
  group.fails(2);
  group.is_refused(2);
  group.fails(2);
  group.restarts(2, entry(3, 2), candidate);
  EXPECT_EQ(group.broken(), "");
}

TEST_F(LogCheckers, LetADiskKeepWhatItRefusedLast) {
  const HardState candidate{Term(3), WatchedGroup::node(2)};
  group.writes(2, entry(3, 2));
  group.writes(2, candidate);
  group.is_refused(2);
  group.is_refused(2);
  group.restarts(2, entry(2, 2), candidate);
  EXPECT_EQ(group.broken(), "");
}

TEST_F(LogCheckers, FindADiskThatKeepsWhatItRefusedBeforeWhatItTook) {
  const HardState candidate{Term(3), WatchedGroup::node(2)};
  group.writes(2, entry(3, 2));
  group.is_refused(2);
  group.writes(2, candidate);
  group.has_durable(2);
  group.restarts(2, entry(3, 2), candidate);
  EXPECT_EQ(group.broken(), "what is durable survives");
}

TEST_F(LogCheckers, FindADiskThatKeepsALaterChangeOfThoseThatFailed) {
  group.writes(2, entry(3, 2));
  group.writes(2, HardState{Term(3), WatchedGroup::node(2)});
  group.fails(2);
  group.fails(2);
  group.restarts(2, entry(2, 2), {Term(3), WatchedGroup::node(2)});
  EXPECT_EQ(group.broken(), "what is durable survives");
}

TEST_F(LogCheckers, FindAGap) {
  group.writes(3, entry(3, 2));
  group.has_durable(3);
  EXPECT_EQ(group.broken(), "no gaps in the log");
}

TEST_F(LogCheckers, FindATermThatComesBackLower) {
  group.restarts(2, entry(2, 2), {Term(1), {}});
  EXPECT_EQ(group.broken(), "hard state never goes back");
}

TEST_F(LogCheckers, FindATermThatIsWrittenLower) {
  group.writes(2, HardState{Term(1), {}});
  EXPECT_EQ(group.broken(), "hard state never goes back");
}

TEST_F(LogCheckers, FindAVoteThatChanges) {
  group.writes(2, HardState{Term(2), WatchedGroup::node(3)});
  EXPECT_EQ(group.broken(), "one vote a term");
}

TEST(Promises, FindTwoVotesInATerm) {
  WatchedGroup group;
  group.is_elected(1, 2);
  group.is_elected(3, 3);
  ASSERT_EQ(group.broken(), "");
  VoteResponse vote;
  vote.granted = true;
  vote.term = Term(3);
  vote.round = Term(2);
  group.says(2, 3, vote);
  EXPECT_EQ(group.broken(), "one vote a term");
}

TEST_F(LogCheckers, FindAVoteThatIsNotDurable) {
  group.writes(1, HardState{Term(3), WatchedGroup::node(1)});
  group.writes(2, HardState{Term(3), WatchedGroup::node(1)});
  VoteResponse vote;
  vote.granted = true;
  vote.term = vote.round = Term(3);
  group.says(2, 1, vote);
  EXPECT_EQ(group.broken(), "a vote is durable before it is given");
}

TEST_F(LogCheckers, FindACandidateWhoseVoteIsNotDurable) {
  group.writes(3, HardState{Term(3), WatchedGroup::node(3)});
  VoteRequest request;
  request.term = Term(3);
  group.says(3, 1, request);
  EXPECT_EQ(group.broken(), "a vote is durable before it is given");
}

TEST_F(LogCheckers, LetAPreVoteBeAskedWithoutAVote) {
  VoteRequest request;
  request.term = Term(3);
  request.pre_vote = true;
  group.says(3, 1, request);
  EXPECT_EQ(group.broken(), "");
}

TEST_F(LogCheckers, FindAnAnswerInATermThatIsNotDurable) {
  AppendResponse response;
  response.term = Term(5);
  group.says(2, 1, response);
  EXPECT_EQ(group.broken(), "a term is durable before an answer in it");
}

TEST_F(LogCheckers, FindAnAckOfWhatIsNotDurable) {
  group.writes(2, entry(3, 2));
  AppendResponse response;
  response.term = Term(2);
  response.accepted = true;
  response.match_index = Index(3);
  group.says(2, 1, response);
  EXPECT_EQ(group.broken(), "entries are durable before their ack");
}

/// Of a disk without room, or that hangs: what was to be written in two terms is written at once.
TEST_F(LogCheckers, LetACandidateAskInATermThatALaterOneCovers) {
  group.writes(2, HardState{Term(4), WatchedGroup::node(2)});
  group.has_durable(2);
  VoteRequest request;
  request.term = Term(3);
  group.says(2, 3, request);
  group.writes(3, HardState{Term(3), {}});
  EXPECT_EQ(group.broken(), "");
}

TEST_F(LogCheckers, LetACandidateTellOfATermThatALaterOneCovers) {
  group.writes(2, HardState{Term(4), WatchedGroup::node(2)});
  group.has_durable(2);
  VoteResponse refusal;
  refusal.term = Term(3);
  group.says(2, 3, refusal);
  group.writes(3, HardState{Term(3), {}});
  EXPECT_EQ(group.broken(), "");
}

TEST_F(LogCheckers, FindATermThatOnlyAPreVoteWasAskedFor) {
  VoteRequest request;
  request.term = Term(3);
  request.pre_vote = true;
  group.says(2, 3, request);
  group.writes(3, HardState{Term(3), {}});
  EXPECT_EQ(group.broken(), "a term begins with a candidacy");
}

TEST_F(LogCheckers, FindATermThatNobodyStoodFor) {
  group.writes(3, HardState{Term(7), {}});
  EXPECT_EQ(group.broken(), "a term begins with a candidacy");
}

}  // namespace
}  // namespace lockstep::sim
