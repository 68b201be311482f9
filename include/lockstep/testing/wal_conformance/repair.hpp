#pragma once

// Rot is reported, never read as if it were right; and copies take the place of what is damaged.

#include <algorithm>

#include "lockstep/testing/wal_conformance/fixture.hpp"

namespace lockstep::testing {

class WALRepair : public WALConformance {
 protected:
  static constexpr std::uint64_t kLast = 9;

  static Entry written(std::uint64_t index) { return wal_entry(index, 3, 1000); }

  /// Entries 1 to 9 of term 3, each written by itself; then rot in those given.
  void write_and_damage(const std::vector<std::uint64_t>& damaged) {
    open();
    for (std::uint64_t index = 1; index <= kLast; ++index) {
      ASSERT_FALSE(log_.write(append({written(index)})));
    }
    ASSERT_FALSE(log_.close());
    log_.drop();
    for (const std::uint64_t index : damaged) testbed_->damage(written(index));
    open();
  }
  /// Reads each entry by itself: it is right, or refused. Those refused.
  std::vector<std::uint64_t> unreadable(std::uint64_t first = 1, std::uint64_t last = kLast) {
    std::vector<std::uint64_t> refused;
    for (std::uint64_t index = first; index <= last; ++index) {
      const auto read = log_.read(index, index);
      if (read) {
        EXPECT_TRUE(same(read->front(), written(index))) << index;
      } else {
        EXPECT_EQ(read.error(), Errc::kCorruption) << index;
        refused.push_back(index);
      }
    }
    return refused;
  }
  /// Repairs all that cannot be read. False: the log does not know how to.
  bool repair_all() {
    for (const std::uint64_t index : unreadable()) {
      const Error error = log_.repair(range(index, index), {written(index)});
      if (error == Errc::kNotSupported) return false;
      EXPECT_FALSE(error) << index << ": " << error.message;
    }
    return true;
  }
};
LOCKSTEP_CONFORMANCE_GROUP(WALRepair);

TEST_P(WALRepair, OfWhatIsNotDamagedIsRefused) {
  open();
  EXPECT_FALSE(log_.write(append(1, 3, 1)));
  const Error error = log_.repair(range(2, 2), wal_entries(2, 2, 1));
  EXPECT_TRUE(error == Errc::kInvalidArgument || error == Errc::kNotSupported) << error.message;
  expect_entries(wal_entries(1, 3, 1));
}

TEST_P(WALRepair, RotIsReportedAndTheRestStaysReadable) {
  LOCKSTEP_CONFORMANCE_NEEDS(kDamage);
  write_and_damage({5});
  for (int round = 0; round < 3; ++round) {
    EXPECT_THAT(unreadable(), ::testing::ElementsAre(5));
    EXPECT_EQ(log_.entries(1, kLast).size(), 4U) << "a read stops before the damage";
    EXPECT_EQ(log_.entries(6, kLast).size(), 4U) << "and goes on behind it";
    const WALState state = reopen();
    EXPECT_EQ(state.bounds, range(1, kLast)) << "damaged entries count as held";
    EXPECT_EQ(state.last_promised, (EntryId{Index(kLast), Term(3)}));
    EXPECT_THAT(state.damaged,
                ::testing::AnyOf(::testing::IsEmpty(), ::testing::ElementsAre(range(5, 5))));
  }
}

TEST_P(WALRepair, PutsCopiesInTheirPlaceForGood) {
  LOCKSTEP_CONFORMANCE_NEEDS(kDamage);
  write_and_damage({2, 5, 6, kLast});
  if (!repair_all()) GTEST_SKIP() << "repair is not supported, which is an answer";
  for (int round = 0; round < 2; ++round) {
    EXPECT_THAT(unreadable(), ::testing::IsEmpty());
    EXPECT_EQ(log_.entries(1, kLast).size(), kLast) << "in one go";
    const WALState state = reopen();
    EXPECT_TRUE(state.damaged.empty());
    EXPECT_EQ(state.bounds, range(1, kLast));
    EXPECT_THAT(state.term_runs, ::testing::ElementsAre(TermRun{Term(3), Index(1)}));
  }
  EXPECT_FALSE(log_.write(append(kLast + 1, kLast + 1, 3)));
}

TEST_P(WALRepair, OfSeveralEntriesAtOnce) {
  LOCKSTEP_CONFORMANCE_NEEDS(kDamage);
  write_and_damage({4, 5, 6});
  ASSERT_THAT(unreadable(), ::testing::ElementsAre(4, 5, 6));
  const Error error = log_.repair(range(4, 6), {written(4), written(5), written(6)});
  if (error == Errc::kNotSupported) GTEST_SKIP() << "repair is not supported, which is an answer";
  EXPECT_FALSE(error) << error.message;
  EXPECT_THAT(unreadable(), ::testing::IsEmpty());
  open();  // without close
  EXPECT_THAT(unreadable(), ::testing::IsEmpty());
}

TEST_P(WALRepair, TakesOnlyWhatFits) {
  LOCKSTEP_CONFORMANCE_NEEDS(kDamage);
  write_and_damage({5});
  ASSERT_THAT(unreadable(), ::testing::ElementsAre(5));
  Entry wrong_digest = written(5);
  wrong_digest.digest.bytes[7] ^= 1;
  const Error error = log_.repair(range(5, 5), {wrong_digest});
  if (error == Errc::kNotSupported) GTEST_SKIP() << "repair is not supported, which is an answer";
  EXPECT_EQ(error, Errc::kBadEntryDigest);
  EXPECT_EQ(log_.repair(range(5, 5), {wal_entry(5, 2, 1000)}), Errc::kInvalidArgument) << "term";
  EXPECT_EQ(log_.repair(range(5, 5), {written(6)}), Errc::kInvalidArgument) << "index";
  EXPECT_EQ(log_.repair(range(5, 5), {}), Errc::kInvalidArgument) << "none";
  EXPECT_EQ(log_.repair(range(5, 6), {written(5), written(6)}), Errc::kInvalidArgument)
      << "6 is not damaged";
  EXPECT_EQ(log_.repair(range(5, 4), {}), Errc::kInvalidArgument) << "empty";
  EXPECT_THAT(unreadable(), ::testing::ElementsAre(5)) << "nothing was changed";
  EXPECT_FALSE(log_.repair(range(5, 5), {written(5)}));
  EXPECT_THAT(unreadable(), ::testing::IsEmpty());
}

TEST_P(WALRepair, DamageGoesWithWhatIsTruncatedOrReleased) {
  LOCKSTEP_CONFORMANCE_NEEDS(kDamage);
  write_and_damage({2, 8});
  ASSERT_THAT(unreadable(), ::testing::ElementsAre(2, 8));
  WALWrite replace = append(8, 8, 4);
  replace.truncate_from = Index(8);
  EXPECT_FALSE(log_.write(std::move(replace)));
  EXPECT_FALSE(log_.release(make_boundary(2, 3)));
  for (int round = 0; round < 2; ++round) {
    EXPECT_THAT(unreadable(3, 7), ::testing::IsEmpty());
    EXPECT_TRUE(same(log_.entries(8, 8).at(0), wal_entry(8, 4)));
    EXPECT_TRUE(reopen().damaged.empty());
  }
}

}  // namespace lockstep::testing
