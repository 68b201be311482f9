#pragma once

// A suffix is forgotten for good, and what takes its place is there.

#include "lockstep/testing/wal_conformance/fixture.hpp"

namespace lockstep::testing {

class WALTruncation : public WALConformance {};
LOCKSTEP_CONFORMANCE_GROUP(WALTruncation);

TEST_P(WALTruncation, DropsASuffixForGood) {
  open();
  EXPECT_FALSE(log_.write(append(1, 6, 1)));
  WALWrite replace = append(4, 5, 2);
  replace.truncate_from = Index(4);
  EXPECT_FALSE(log_.write(std::move(replace)));
  EXPECT_FALSE(log_.write(truncate(5)));
  auto wanted = wal_entries(1, 3, 1);
  wanted.push_back(wal_entry(4, 2));
  expect_entries(wanted);
  EXPECT_EQ(log_.read(5, 6).error(), Errc::kOutOfRange);
  WALState state = reopen();
  EXPECT_EQ(state.last_promised, (EntryId{Index(4), Term(2)}));
  EXPECT_EQ(state.bounds, range(1, 4));
  expect_entries(wanted);
  EXPECT_FALSE(log_.write(append(5, 7, 3)));
  for (const Entry& entry : wal_entries(5, 7, 3)) wanted.push_back(entry);
  expect_entries(wanted);
  state = reopen();
  EXPECT_THAT(state.term_runs,
              ::testing::ElementsAre(TermRun{Term(1), Index(1)}, TermRun{Term(2), Index(4)},
                                     TermRun{Term(3), Index(5)}));
  expect_entries(wanted);
}

TEST_P(WALTruncation, MayReplaceTheSamePlaceAgainAndAgain) {
  open();
  EXPECT_FALSE(log_.write(append(1, 3, 1)));
  for (std::uint64_t term = 2; term <= 9; ++term) {
    WALWrite replace = append(3, 2 + term, term, 100 * term);
    replace.truncate_from = Index(3);
    EXPECT_FALSE(log_.write(std::move(replace)));
    expect_entries(wal_entries(3, 2 + term, term, 100 * term));
  }
  const WALState state = reopen();
  EXPECT_THAT(state.term_runs,
              ::testing::ElementsAre(TermRun{Term(1), Index(1)}, TermRun{Term(9), Index(3)}));
  expect_entries(wal_entries(3, 11, 9, 900));
}

TEST_P(WALTruncation, OfAllThatIsThere) {
  open();
  EXPECT_FALSE(log_.write(append(1, 3, 4)));
  EXPECT_FALSE(log_.write(truncate(1)));
  EXPECT_EQ(log_.read(1, 1).error(), Errc::kOutOfRange);
  const WALState state = reopen();
  EXPECT_EQ(state.bounds, range(1, 0));
  EXPECT_EQ(state.last_promised, EntryId{});
  EXPECT_TRUE(state.term_runs.empty());
  EXPECT_FALSE(log_.write(append(1, 2, 5)));
  reopen();
  expect_entries(wal_entries(1, 2, 5));
}

TEST_P(WALTruncation, UpToTheBoundaryAndNotFurther) {
  open();
  EXPECT_FALSE(log_.write(append(1, 5, 1)));
  EXPECT_FALSE(log_.release(make_boundary(3, 1)));
  EXPECT_EQ(log_.write(truncate(3)), Errc::kInvalidArgument);
  WALWrite replace = append(4, 4, 2);
  replace.truncate_from = Index(4);
  EXPECT_FALSE(log_.write(std::move(replace)));
  const WALState state = reopen();
  EXPECT_EQ(state.bounds, range(4, 4));
  EXPECT_EQ(state.boundary, make_boundary(3, 1));
  expect_entries(wal_entries(4, 4, 2));
}

TEST_P(WALTruncation, BeyondTheEndChangesNothing) {
  open();
  EXPECT_FALSE(log_.write(append(1, 2, 1)));
  WALWrite write = append(3, 3, 1);
  write.truncate_from = Index(9);
  EXPECT_FALSE(log_.write(std::move(write)));
  EXPECT_FALSE(log_.write(truncate(4)));
  EXPECT_EQ(reopen().bounds, range(1, 3));
  expect_entries(wal_entries(1, 3, 1));
}

}  // namespace lockstep::testing
