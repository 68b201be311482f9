#pragma once

// Entries come back as they were written, of all sizes and kinds, and are told of at `open`.

#include "lockstep/testing/process_resources.hpp"
#include "lockstep/testing/wal_conformance/fixture.hpp"

namespace lockstep::testing {

class WALContents : public WALConformance {};
LOCKSTEP_CONFORMANCE_GROUP(WALContents);

TEST_P(WALContents, ANewLogIsEmptyAndHasAnIncarnation) {
  const WALState state = open();
  EXPECT_TRUE(state.bounds.empty());
  EXPECT_EQ(state.bounds, range(1, 0));
  EXPECT_EQ(state.last_promised, EntryId{});
  EXPECT_EQ(state.identity.node, kNode);
  EXPECT_EQ(state.identity.group, kGroup);
  EXPECT_FALSE(state.identity.incarnation.is_none());
  EXPECT_TRUE(state.identity.cluster.is_none());
  EXPECT_EQ(state.hard_state, HardState{});
  EXPECT_FALSE(state.boundary);
  EXPECT_FALSE(state.install_intent);
  EXPECT_TRUE(state.term_runs.empty());
  EXPECT_TRUE(state.configuration_indexes.empty());
  EXPECT_TRUE(state.damaged.empty());
}

TEST_P(WALContents, EntriesReadBackAndSurviveReopening) {
  const WALState fresh = open();
  EXPECT_FALSE(log_.write(append(1, 3, 1)));
  EXPECT_FALSE(log_.write(append(4, 4, 2, 9000)));
  auto wanted = wal_entries(1, 3, 1);
  wanted.push_back(wal_entry(4, 2, 9000));
  expect_entries(wanted);
  for (int round = 0; round < 3; ++round) {
    const WALState state = reopen();
    EXPECT_EQ(state.bounds, range(1, 4));
    EXPECT_EQ(state.last_promised, (EntryId{Index(4), Term(2)}));
    EXPECT_THAT(state.term_runs,
                ::testing::ElementsAre(TermRun{Term(1), Index(1)}, TermRun{Term(2), Index(4)}));
    EXPECT_EQ(state.identity, fresh.identity);
    EXPECT_TRUE(state.damaged.empty());
    expect_entries(wanted);
  }
}

TEST_P(WALContents, EntriesOfAllSizes) {
  open();
  std::vector<Entry> wanted;
  std::uint64_t index = 0;
  for (const std::size_t bytes :
       {0U, 1U, 471U, 472U, 473U, 4055U, 4056U, 4057U, 4096U, 65536U, 131072U, 1048577U}) {
    wanted.push_back(wal_entry(++index, 1, bytes));
    EXPECT_FALSE(log_.write(append({wanted.back()}))) << bytes;
  }
  expect_entries(wanted);
  reopen();
  expect_entries(wanted);
}

TEST_P(WALContents, AnEntryOfTheLargestSize) {
  // What `replicate` lets through if nobody says otherwise.
  constexpr std::size_t kLargest = std::size_t{16} << 20;
  const std::size_t bytes = memory_is_instrumented() ? kLargest / 8 : kLargest;
  open();
  std::vector<Entry> wanted = wal_entries(1, 1, 1);
  wanted.push_back(wal_entry(2, 1, bytes));
  wanted.push_back(wal_entry(3, 1));
  EXPECT_FALSE(log_.write(append(wanted)));
  expect_entries(wanted);
  reopen();
  expect_entries(wanted);
  EXPECT_EQ(log_.entries(2, 3, 1000).size(), 1U);
  EXPECT_EQ(log_.entries(1, 3, 1000).size(), 1U);
}

TEST_P(WALContents, ManySmallEntries) {
  constexpr std::uint64_t kCount = 3000;
  open();
  // All at once, then a few at a time.
  EXPECT_FALSE(log_.write(append(1, kCount, 1, 10)));
  Answers<Error> answers;
  log_.together([&](IWALSource& log) {
    for (std::uint64_t index = kCount + 1; index <= 2 * kCount; index += 3) {
      log.write(append(index, index + 2, 2, 10), log_.handler(answers));
    }
  });
  for (const Error& error : log_.wait(answers, kCount / 3)) EXPECT_FALSE(error) << error.message;
  auto wanted = wal_entries(1, kCount, 1, 10);
  for (const Entry& entry : wal_entries(kCount + 1, 2 * kCount, 2, 10)) wanted.push_back(entry);
  expect_entries(wanted);
  const WALState state = reopen();
  EXPECT_EQ(state.bounds, range(1, 2 * kCount));
  expect_entries(wanted);
}

TEST_P(WALContents, ConfigurationEntriesAreToldOf) {
  open();
  EXPECT_FALSE(log_.write(append({wal_entry(1, 1, 9, EntryKind::kConfiguration), wal_entry(2, 1),
                                  wal_entry(3, 1, 9, EntryKind::kConfiguration),
                                  wal_entry(4, 1, 9, EntryKind::kConfiguration),
                                  wal_entry(5, 1, 0, EntryKind::kNoop)})));
  const auto expect_told = [&](const std::vector<Index>& held, Index newest) {
    const WALState state = reopen();
    EXPECT_EQ(state.configuration_indexes, held);
    // A log that cannot tell says nothing.
    EXPECT_EQ(state.newest_configuration.value_or(newest), newest);
  };
  expect_told({Index(1), Index(3), Index(4)}, Index(4));
  EXPECT_FALSE(log_.write(truncate(4)));
  expect_told({Index(1), Index(3)}, Index(3));
  EXPECT_FALSE(log_.release(make_boundary(1, 1)));
  expect_told({Index(3)}, Index(3));
  EXPECT_EQ(log_.entries(3, 3).at(0).header.kind, EntryKind::kConfiguration);
}

TEST_P(WALContents, RunsOfTermsAreToldOf) {
  open();
  std::uint64_t index = 0;
  std::vector<TermRun> wanted;
  for (const std::uint64_t term : {1U, 2U, 5U, 9U}) {
    wanted.push_back({Term(term), Index(index + 1)});
    for (int count = 0; count < 3; ++count) {
      ++index;
      EXPECT_FALSE(log_.write(append(index, index, term)));
    }
  }
  EXPECT_THAT(reopen().term_runs, ::testing::ElementsAreArray(wanted));
  // The middle of a run goes; what is left of it keeps its beginning.
  WALWrite replace = append(8, 8, 11);
  replace.truncate_from = Index(8);
  EXPECT_FALSE(log_.write(std::move(replace)));
  wanted.back() = {Term(11), Index(8)};
  EXPECT_THAT(reopen().term_runs, ::testing::ElementsAreArray(wanted));
  EXPECT_FALSE(log_.release(make_boundary(4, 2)));
  wanted.erase(wanted.begin());
  wanted.front().first = Index(5);
  EXPECT_THAT(reopen().term_runs, ::testing::ElementsAreArray(wanted));
}

}  // namespace lockstep::testing
