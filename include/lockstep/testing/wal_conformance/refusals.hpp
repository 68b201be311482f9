#pragma once

// What would break the log is refused, and changes nothing; what comes behind it stands by itself.

#include "lockstep/testing/wal_conformance/fixture.hpp"

namespace lockstep::testing {

class WALRefusals : public WALConformance {};
LOCKSTEP_CONFORMANCE_GROUP(WALRefusals);

TEST_P(WALRefusals, OfEntriesThatDoNotFollow) {
  open();
  EXPECT_EQ(log_.write(append(2, 2, 1)), Errc::kInvalidArgument) << "the first is 1";
  EXPECT_FALSE(log_.write(append(1, 3, 2)));
  EXPECT_EQ(log_.write(append(5, 5, 2)), Errc::kInvalidArgument) << "gap";
  EXPECT_EQ(log_.write(append(3, 3, 2)), Errc::kInvalidArgument) << "there already";
  EXPECT_EQ(log_.write(append({wal_entry(4, 2), wal_entry(6, 2)})), Errc::kInvalidArgument);
  EXPECT_EQ(log_.write(append({wal_entry(4, 3), wal_entry(5, 2)})), Errc::kInvalidArgument);
  EXPECT_EQ(log_.write(append(4, 4, 1)), Errc::kInvalidArgument) << "the term falls";
  WALWrite behind_the_cut = append(3, 3, 2);
  behind_the_cut.truncate_from = Index(2);
  EXPECT_EQ(log_.write(std::move(behind_the_cut)), Errc::kInvalidArgument) << "gap";
  EXPECT_FALSE(log_.write(append(4, 4, 2)));
  EXPECT_EQ(reopen().bounds, range(1, 4));
  expect_entries(wal_entries(1, 4, 2));
}

TEST_P(WALRefusals, OfEntriesOfAnotherGroup) {
  open();
  EXPECT_EQ(log_.write(append({wal_entry(1, 2, 5, EntryKind::kCommand, GroupId(8))})),
            Errc::kInvalidArgument);
  EXPECT_FALSE(log_.write(append(1, 1, 2)));
  EXPECT_EQ(reopen().bounds, range(1, 1));
}

TEST_P(WALRefusals, OfAnotherIdentity) {
  const WALState fresh = open();
  WALWrite write = append(1, 1, 1);
  write.identity = fresh.identity;
  write.identity->incarnation = Incarnation({9});
  EXPECT_EQ(log_.write(write), Errc::kInvalidArgument);
  write.identity = fresh.identity;
  write.identity->node = NodeId("x");
  EXPECT_EQ(log_.write(write), Errc::kInvalidArgument);
  write.identity = fresh.identity;
  write.identity->group = GroupId(99);
  EXPECT_EQ(log_.write(write), Errc::kInvalidArgument);
  const WALState state = reopen();
  EXPECT_EQ(state.identity, fresh.identity);
  EXPECT_TRUE(state.bounds.empty()) << "not in part either";
}

TEST_P(WALRefusals, ChangeNothingOfTheWholeWrite) {
  const WALState fresh = open();
  EXPECT_FALSE(log_.write(append(1, 3, 1)));
  WALWrite write = append(9, 9, 1);
  write.truncate_from = Index(2);
  write.hard_state = HardState{Term(3), kNode};
  write.install_intent = InstallIntent{"snap", {Index(9), Term(2)}};
  EXPECT_EQ(log_.write(std::move(write)), Errc::kInvalidArgument);
  expect_entries(wal_entries(1, 3, 1));
  const WALState state = reopen();
  EXPECT_EQ(state.bounds, range(1, 3));
  EXPECT_EQ(state.hard_state, HardState{});
  EXPECT_FALSE(state.install_intent);
  EXPECT_EQ(state.identity, fresh.identity);
}

TEST_P(WALRefusals, OfABoundaryThatIsOlderThanTheLogs) {
  open();
  EXPECT_FALSE(log_.write(append(1, 6, 1)));
  EXPECT_FALSE(log_.release(make_boundary(4, 1)));
  WALWrite install;
  install.boundary = make_boundary(3, 1);
  EXPECT_EQ(log_.write(std::move(install)), Errc::kInvalidArgument);
  EXPECT_EQ(reopen().bounds, range(5, 6));
}

}  // namespace lockstep::testing
