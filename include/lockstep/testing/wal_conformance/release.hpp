#pragma once

// A prefix is released, or everything replaced by a snapshot's boundary, which the log then knows.

#include "lockstep/testing/wal_conformance/fixture.hpp"

namespace lockstep::testing {

class WALRelease : public WALConformance {};
LOCKSTEP_CONFORMANCE_GROUP(WALRelease);

TEST_P(WALRelease, DropsAPrefixAndKeepsItsBoundary) {
  open();
  EXPECT_FALSE(log_.write(append(1, 6, 2)));
  EXPECT_FALSE(log_.release(make_boundary(4, 2)));
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(log_.read(4, 6).error(), Errc::kReleased);
    expect_entries(wal_entries(5, 6, 2));
    const WALState state = reopen();
    EXPECT_EQ(state.bounds, range(5, 6));
    EXPECT_EQ(state.boundary, make_boundary(4, 2));
    EXPECT_THAT(state.term_runs, ::testing::ElementsAre(TermRun{Term(2), Index(5)}));
  }
}

TEST_P(WALRelease, TwiceHasNoEffectAndWhatIsNotThereIsRefused) {
  open();
  EXPECT_FALSE(log_.write(append(1, 6, 2)));
  EXPECT_FALSE(log_.release(make_boundary(4, 2)));
  EXPECT_FALSE(log_.release(make_boundary(4, 2)));
  EXPECT_FALSE(log_.release(make_boundary(2, 2)));
  EXPECT_EQ(log_.release(make_boundary(9, 2)), Errc::kInvalidArgument);
  EXPECT_EQ(log_.release(make_boundary(5, 1)), Errc::kInvalidArgument) << "another term";
  const WALState state = reopen();
  EXPECT_EQ(state.boundary, make_boundary(4, 2));
  EXPECT_EQ(state.bounds, range(5, 6));
}

TEST_P(WALRelease, OfAllThatIsThere) {
  open();
  EXPECT_FALSE(log_.write(append(1, 6, 2)));
  EXPECT_FALSE(log_.release(make_boundary(6, 2)));
  const WALState state = reopen();
  EXPECT_EQ(state.bounds, range(7, 6));
  EXPECT_EQ(state.last_promised, (EntryId{Index(6), Term(2)}));
  EXPECT_TRUE(state.term_runs.empty());
  EXPECT_EQ(log_.read(6, 6).error(), Errc::kReleased);
  EXPECT_EQ(log_.read(7, 7).error(), Errc::kOutOfRange);
  EXPECT_EQ(log_.write(append(7, 7, 1)), Errc::kInvalidArgument) << "the term falls";
  EXPECT_FALSE(log_.write(append(7, 7, 2)));
  expect_entries(wal_entries(7, 7, 2));
}

TEST_P(WALRelease, AgainAndAgainWhileWritingGoesOn) {
  open();
  for (std::uint64_t round = 0; round < 40; ++round) {
    const std::uint64_t first = 10 * round + 1;
    ASSERT_FALSE(log_.write(append(first, first + 9, 1, 1000)));
    ASSERT_FALSE(log_.release(make_boundary(first + 4, 1)));
    expect_entries(wal_entries(first + 5, first + 9, 1, 1000));
  }
  const WALState state = reopen();
  EXPECT_EQ(state.bounds, range(396, 400));
  EXPECT_EQ(state.boundary, make_boundary(395, 1));
  expect_entries(wal_entries(396, 400, 1, 1000));
}

TEST_P(WALRelease, ABoundaryReplacesEverything) {
  open();
  WALWrite write = append(1, 3, 1);
  write.install_intent = InstallIntent{"snap", {Index(10), Term(4)}};
  EXPECT_FALSE(log_.write(std::move(write)));
  WALWrite install;
  install.boundary = make_boundary(10, 4);
  EXPECT_FALSE(log_.write(std::move(install)));
  EXPECT_EQ(log_.read(1, 3).error(), Errc::kReleased);
  EXPECT_FALSE(log_.write(append(11, 12, 4)));
  for (int round = 0; round < 2; ++round) {
    expect_entries(wal_entries(11, 12, 4));
    const WALState state = reopen();
    EXPECT_EQ(state.bounds, range(11, 12));
    EXPECT_EQ(state.boundary, make_boundary(10, 4));
    EXPECT_FALSE(state.install_intent) << "the install is finished";
    EXPECT_THAT(state.term_runs, ::testing::ElementsAre(TermRun{Term(4), Index(11)}));
  }
}

TEST_P(WALRelease, ABoundaryWithinTheLogReplacesWhatFollowsIt) {
  open();
  EXPECT_FALSE(log_.write(append(1, 9, 1)));
  WALWrite install;
  install.boundary = make_boundary(5, 3);
  install.hard_state = HardState{Term(3), NodeId("b")};
  EXPECT_FALSE(log_.write(std::move(install)));
  const WALState state = reopen();
  EXPECT_EQ(state.bounds, range(6, 5));
  EXPECT_EQ(state.last_promised, (EntryId{Index(5), Term(3)}));
  EXPECT_EQ(state.hard_state, (HardState{Term(3), NodeId("b")}));
  EXPECT_EQ(log_.read(6, 6).error(), Errc::kOutOfRange);
  EXPECT_FALSE(log_.write(append(6, 6, 3)));
  reopen();
  expect_entries(wal_entries(6, 6, 3));
}

}  // namespace lockstep::testing
