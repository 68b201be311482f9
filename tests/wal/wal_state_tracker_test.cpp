#include "lockstep/wal_state_tracker.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/byte_codec.hpp"
#include "base/digest.hpp"
#include "wal/wal_harness.hpp"

namespace lockstep::testing {
namespace {

using ::testing::ElementsAre;

class Tracker : public ::testing::Test {
 protected:
  WALStateTracker stored_and_decoded() const {
    Result<WALStateTracker> decoded =
        WALStateTracker::decode(tracker_.encoded(), tracker_.encoded_boundary());
    EXPECT_TRUE(decoded) << decoded.error().message;
    return decoded ? std::move(*decoded) : tracker_;
  }
  void expect_equal(const WALState& a, const WALState& b) {
    EXPECT_EQ(a.identity, b.identity);
    EXPECT_EQ(a.hard_state, b.hard_state);
    EXPECT_EQ(a.bounds, b.bounds);
    EXPECT_EQ(a.term_runs, b.term_runs);
    EXPECT_EQ(a.configuration_indexes, b.configuration_indexes);
    EXPECT_EQ(a.newest_configuration, b.newest_configuration);
    EXPECT_EQ(a.boundary, b.boundary);
    EXPECT_EQ(a.install_intent, b.install_intent);
    EXPECT_EQ(a.last_promised, b.last_promised);
    EXPECT_EQ(a.damaged, b.damaged);
  }
  /// All of it in use.
  void fill() {
    WALWrite first = append(1, 6, 1);
    first.entries[0] = make_entry(1, 1, 9, EntryKind::kConfiguration);
    first.entries[4] = make_entry(5, 1, 9, EntryKind::kConfiguration);
    first.hard_state = HardState{Term(3), NodeId("b")};
    first.identity = tracker_.get().identity;
    first.identity->cluster = ClusterId({1});
    first.install_intent = InstallIntent{"snap", {Index(9), Term(2)}};
    ASSERT_TRUE(tracker_.write(first));
    ASSERT_TRUE(tracker_.write(append(7, 9, 2)));
    ASSERT_TRUE(*tracker_.release_prefix(make_boundary(2, 1)));
    tracker_.mark_damaged({Index(4), Index(7)});
  }

  SimulatedDisk disk_;
  ManualRuntime runtime_{disk_};
  WALStateTracker tracker_{kNode, kGroup, runtime_};
};

TEST_F(Tracker, ReadsBackWhatItStored) {
  expect_equal(stored_and_decoded().get(), tracker_.get());
  fill();
  EXPECT_THAT(tracker_.get().configuration_indexes, ElementsAre(Index(5)));
  EXPECT_THAT(tracker_.get().damaged, ElementsAre(IndexRange{Index(4), Index(7)}));
  expect_equal(stored_and_decoded().get(), tracker_.get());
}

TEST_F(Tracker, AnyFlippedBitIsFound) {
  fill();
  for (const bool in_boundary : {false, true}) {
    std::vector<std::uint8_t> state = tracker_.encoded();
    std::vector<std::uint8_t> boundary = tracker_.encoded_boundary();
    std::vector<std::uint8_t>& bytes = in_boundary ? boundary : state;
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
      bytes[bit / 8] ^= static_cast<std::uint8_t>(1 << (bit % 8));
      const auto decoded = WALStateTracker::decode(state, boundary);
      EXPECT_FALSE(decoded) << bit;
      bytes[bit / 8] ^= static_cast<std::uint8_t>(1 << (bit % 8));
    }
    bytes.pop_back();
    EXPECT_EQ(WALStateTracker::decode(state, boundary).error(), Errc::kCorruption);
  }
}

TEST_F(Tracker, NamesANewerFormatAndALostBoundary) {
  fill();
  std::vector<std::uint8_t> newer = tracker_.encoded();
  newer[4] = 3;
  EXPECT_EQ(WALStateTracker::decode(newer, tracker_.encoded_boundary()).error(),
            Errc::kNewerFormat);
  EXPECT_EQ(WALStateTracker::decode(tracker_.encoded(), {}).error(), Errc::kCorruption);
}

TEST_F(Tracker, WhatFormat1StoredDoesNotTellTheNewestConfigurationBehindDamage) {
  fill();
  EXPECT_EQ(tracker_.get().newest_configuration, Index(5));
  std::vector<std::uint8_t> earlier = tracker_.encoded();
  earlier.resize(earlier.size() - 1 - sizeof(std::uint64_t));
  earlier[4] = 1;
  store_le(&earlier[8], crc32c(ByteSpan(earlier).subspan(12)));
  const auto decoded = WALStateTracker::decode(earlier, tracker_.encoded_boundary());
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ(decoded->get().newest_configuration, std::nullopt);
  EXPECT_EQ(decoded->get().configuration_indexes, tracker_.get().configuration_indexes);
}

TEST_F(Tracker, ACopyIsADraft) {
  fill();
  WALStateTracker draft = tracker_;
  EXPECT_TRUE(draft.write(append(10, 11, 2)));
  EXPECT_EQ(draft.get().bounds.last, Index(11));
  EXPECT_EQ(tracker_.get().bounds.last, Index(9));
}

TEST_F(Tracker, ARefusedWriteChangesNothing) {
  fill();
  const WALState before = tracker_.get();
  WALWrite gap = append(11, 12, 2);
  gap.hard_state = HardState{Term(9), NodeId()};
  EXPECT_EQ(tracker_.write(gap).error(), Errc::kInvalidArgument);
  expect_equal(tracker_.get(), before);
}

TEST_F(Tracker, ReadsStopBeforeDamage) {
  fill();
  const Result<IndexRange> before = tracker_.readable({Index(3), Index(9)});
  ASSERT_TRUE(before);
  EXPECT_EQ(*before, (IndexRange{Index(3), Index(3)}));
  EXPECT_EQ(tracker_.readable({Index(5), Index(9)}).error(), Errc::kCorruption);
  EXPECT_EQ(tracker_.readable({Index(2), Index(9)}).error(), Errc::kReleased);
  EXPECT_EQ(tracker_.readable({Index(10), Index(10)}).error(), Errc::kOutOfRange);
  tracker_.mark_damaged({Index(1), Index(99)});
  EXPECT_THAT(tracker_.get().damaged, ElementsAre(IndexRange{Index(3), Index(9)}));
}

TEST_F(Tracker, RepairsAPartOfTheDamage) {
  fill();
  EXPECT_TRUE(tracker_.repair({Index(5), Index(6)},
                              {make_entry(5, 1, 9, EntryKind::kConfiguration), make_entry(6, 1)}));
  EXPECT_THAT(tracker_.get().damaged,
              ElementsAre(IndexRange{Index(4), Index(4)}, IndexRange{Index(7), Index(7)}));
  EXPECT_THAT(tracker_.get().term_runs,
              ElementsAre(TermRun{Term(1), Index(3)}, TermRun{Term(2), Index(7)}));
  EXPECT_THAT(tracker_.get().configuration_indexes, ElementsAre(Index(5)));
}

TEST_F(Tracker, RefusesCopiesThatDoNotFit) {
  fill();
  const WALState before = tracker_.get();
  const auto refused = [&](std::uint64_t first, std::vector<Entry> entries) {
    const IndexRange range{Index(first), Index(first + entries.size() - 1)};
    return tracker_.repair(range, entries).error();
  };
  EXPECT_EQ(refused(3, {make_entry(3, 1)}), Errc::kInvalidArgument) << "not damaged";
  EXPECT_EQ(refused(7, {make_entry(7, 2), make_entry(8, 2)}), Errc::kInvalidArgument);
  EXPECT_EQ(refused(5, {make_entry(5, 2)}), Errc::kInvalidArgument) << "of another term";
  EXPECT_EQ(refused(5, {make_entry(6, 1)}), Errc::kInvalidArgument) << "another entry";
  EXPECT_EQ(refused(5, {}), Errc::kInvalidArgument);
  Entry rotten = make_entry(5, 1);
  rotten.digest.bytes[0] ^= 1;
  EXPECT_EQ(refused(5, {rotten}), Errc::kBadEntryDigest);
  const std::vector<Entry> two{make_entry(5, 1), make_entry(6, 1)};
  EXPECT_EQ(tracker_.repair({Index(5), Index(5)}, two).error(), Errc::kInvalidArgument);
  expect_equal(tracker_.get(), before);
}

TEST_F(Tracker, LearnsTermsFromCopies) {
  // As a log reports it whose middle is gone: entries 3 to 6 of unknown terms between 1 and 4.
  WALState state = tracker_.get();
  ASSERT_TRUE(tracker_.write(append(1, 2, 1)));
  state = tracker_.get();
  state.bounds.last = Index(8);
  state.last_promised = {Index(8), Term(4)};
  state.term_runs = {{Term(1), Index(1)}, {Term(), Index(3)}, {Term(4), Index(7)}};
  state.damaged = {{Index(3), Index(6)}};
  WALStateTracker tracker(state);
  EXPECT_EQ(tracker.repair({Index(3), Index(3)}, {make_entry(3, 5)}).error(),
            Errc::kInvalidArgument)
      << "beyond the terms behind it";
  EXPECT_TRUE(tracker.repair({Index(4), Index(5)},
                             {make_entry(4, 2, 9, EntryKind::kConfiguration), make_entry(5, 3)}));
  EXPECT_THAT(tracker.get().term_runs,
              ElementsAre(TermRun{Term(1), Index(1)}, TermRun{Term(), Index(3)},
                          TermRun{Term(2), Index(4)}, TermRun{Term(3), Index(5)},
                          TermRun{Term(), Index(6)}, TermRun{Term(4), Index(7)}));
  EXPECT_THAT(tracker.get().configuration_indexes, ElementsAre(Index(4)));
  EXPECT_EQ(tracker.repair({Index(3), Index(3)}, {make_entry(3, 3)}).error(),
            Errc::kInvalidArgument)
      << "entry 4 is of term 2 now";
  EXPECT_TRUE(tracker.repair({Index(3), Index(3)}, {make_entry(3, 1)}));
  EXPECT_TRUE(tracker.repair({Index(6), Index(6)}, {make_entry(6, 4)}));
  EXPECT_THAT(tracker.get().term_runs,
              ElementsAre(TermRun{Term(1), Index(1)}, TermRun{Term(2), Index(4)},
                          TermRun{Term(3), Index(5)}, TermRun{Term(4), Index(6)}));
  EXPECT_TRUE(tracker.get().damaged.empty());
}

}  // namespace
}  // namespace lockstep::testing
