// Each property of what engines apply and clients are told: a history that breaks it is found out.
#include <gtest/gtest.h>

#include "simulation/checkers/watched_group.hpp"

namespace lockstep::sim {
namespace {

constexpr auto entry = WatchedGroup::entry;

Command command(std::uint64_t id) {
  Command command;
  command.id = id;
  command.action = Action::kPut;
  command.key = "k1";
  command.argument = "<" + std::to_string(id) + ">";
  return command;
}

/// n1 leads in term 2; all have 2/2 and 3/2, which are committed.
class ClientCheckers : public ::testing::Test {
 protected:
  ClientCheckers() {
    group.is_elected(1, 2);
    for (const unsigned index : {2U, 3U}) {
      for (const int number : {1, 2, 3}) group.gets(number, entry(index, 2));
    }
    group.commits(1, 2, 3);
  }
  WatchedGroup group;
};

TEST_F(ClientCheckers, FindNothingInAnOrdinaryHistory) {
  for (const int number : {1, 2, 3}) {
    group.applies(number, entry(2, 2), command(10));
    group.applies(number, entry(3, 2), command(11));
  }
  group.checkers().on_acknowledged(WatchedGroup::node(1), entry(2, 2), 10);
  group.checkers().on_rejected(12);
  EXPECT_EQ(group.broken(), "");
}

TEST_F(ClientCheckers, FindAnEngineThatAppliesSomethingElse) {
  group.applies(1, entry(2, 2), command(10));
  group.applies(2, entry(2, 2), command(11));
  EXPECT_EQ(group.broken(), "state machine safety");
}

TEST_F(ClientCheckers, FindAnEngineThatLeavesACommandOut) {
  group.applies(1, entry(2, 2), command(10));
  group.applies(1, entry(3, 2), command(11));
  group.applies(2, entry(3, 2), command(11));
  EXPECT_EQ(group.broken(), "state machine safety");
}

TEST_F(ClientCheckers, FindAnEngineThatAppliesTwice) {
  group.applies(1, entry(2, 2), command(10));
  group.applies(1, entry(2, 2), command(10));
  EXPECT_EQ(group.broken(), "applied once and in order");
}

TEST_F(ClientCheckers, FindAnEngineThatAppliesAgainWhatItHadFlushed) {
  group.applies(1, entry(2, 2), command(10));
  EngineDisk disk;
  disk.state = group.engine_of(1);
  disk.applied = Index(2);
  group.restarts(1, entry(3, 2), {Term(2), WatchedGroup::node(1)}, disk);
  ASSERT_EQ(group.broken(), "");
  group.applies(1, entry(2, 2), command(10));
  EXPECT_EQ(group.broken(), "applied once and in order");
}

TEST_F(ClientCheckers, LetAnEngineApplyAgainWhatItHadNotFlushed) {
  group.applies(1, entry(2, 2), command(10));
  group.restarts(1, entry(3, 2), {Term(2), WatchedGroup::node(1)});
  group.applies(1, entry(2, 2), command(10));
  EXPECT_EQ(group.broken(), "");
}

TEST_F(ClientCheckers, FindWhatIsAppliedAndNotDurable) {
  for (const int number : {1, 2}) group.gets(number, entry(4, 2));
  group.commits(1, 2, 4);
  group.writes(3, entry(4, 2));
  ASSERT_EQ(group.broken(), "");
  group.applies(3, entry(4, 2), command(10));
  EXPECT_EQ(group.broken(), "durable before it is applied");
}

TEST_F(ClientCheckers, FindWhatIsAppliedAndNotCommitted) {
  group.gets(3, entry(4, 2));
  group.applies(3, entry(4, 2), command(10));
  EXPECT_EQ(group.broken(), "committed means durable on a majority");
}

TEST_F(ClientCheckers, FindASnapshotOfAnotherState) {
  group.applies(1, entry(2, 2), command(10));
  SnapshotMetadata metadata;
  metadata.last = entry(2, 2);
  KvState state = group.engine_of(1);
  group.checkers().on_install(WatchedGroup::node(3), metadata, state);
  ASSERT_EQ(group.broken(), "");
  state.digest ^= 1;
  group.checkers().on_install(WatchedGroup::node(2), metadata, state);
  EXPECT_EQ(group.broken(), "a snapshot is the state at its index");
}

TEST_F(ClientCheckers, FindASnapshotThatEndsBeforeItsIndex) {
  group.applies(1, entry(2, 2), command(10));
  const KvState state = group.engine_of(1);
  group.applies(1, entry(3, 2), command(11));
  SnapshotMetadata metadata;
  metadata.last = entry(3, 2);
  group.checkers().on_install(WatchedGroup::node(3), metadata, state);
  EXPECT_EQ(group.broken(), "a snapshot is the state at its index");
}

TEST_F(ClientCheckers, FindAnAcknowledgementOfWhatIsNotCommitted) {
  group.checkers().on_acknowledged(WatchedGroup::node(1), entry(5, 2), 10);
  EXPECT_EQ(group.broken(), "an acknowledged write is committed");
}

TEST_F(ClientCheckers, FindAnAcknowledgedWriteInWhosePlaceAnotherIsApplied) {
  group.checkers().on_acknowledged(WatchedGroup::node(1), entry(2, 2), 10);
  ASSERT_EQ(group.broken(), "");
  group.applies(1, entry(2, 2), command(11));
  EXPECT_EQ(group.broken(), "an acknowledged write stays");
}

TEST_F(ClientCheckers, FindTwoWritesAcknowledgedInOnePlace) {
  group.checkers().on_acknowledged(WatchedGroup::node(1), entry(2, 2), 10);
  group.checkers().on_acknowledged(WatchedGroup::node(2), entry(2, 2), 11);
  EXPECT_EQ(group.broken(), "an acknowledged write stays");
}

TEST_F(ClientCheckers, FindARejectedWriteThatIsAppliedLater) {
  group.checkers().on_rejected(10);
  group.applies(1, entry(2, 2), command(10));
  EXPECT_EQ(group.broken(), "a rejected write is applied by nobody");
}

TEST_F(ClientCheckers, FindARejectedWriteThatWasApplied) {
  group.applies(1, entry(2, 2), command(10));
  group.checkers().on_rejected(10);
  EXPECT_EQ(group.broken(), "a rejected write is applied by nobody");
}

TEST_F(ClientCheckers, FindACommandInTwoPlaces) {
  group.applies(1, entry(2, 2), command(10));
  group.applies(1, entry(3, 2), command(10));
  EXPECT_EQ(group.broken(), "applied once");
}

TEST_F(ClientCheckers, FindAPayloadThatIsNobodys) {
  group.applies(1, entry(2, 2), "no command");
  EXPECT_EQ(group.broken(), "a payload comes as it was sent");
}

}  // namespace
}  // namespace lockstep::sim
