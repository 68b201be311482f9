#pragma once

// A disk without room: nothing breaks, nothing is half done, and with room it goes on.

#include "lockstep/testing/wal_conformance/fixture.hpp"

namespace lockstep::testing {

class WALSpace : public WALConformance {
 protected:
  static constexpr std::size_t kBytes = 4000;

  /// Appends until there is no room. The last index that was acknowledged.
  std::uint64_t fill_up(std::uint64_t next) {
    constexpr std::uint64_t kTries = 20000;  // 80 MB
    for (const std::uint64_t end = next + kTries; next < end; ++next) {
      const Error error = log_.write(append(next, next, 1, kBytes));
      if (!error) continue;
      EXPECT_EQ(error, Errc::kNoSpace) << error.message;
      return next - 1;
    }
    ADD_FAILURE() << "the disk never gets full";
    return next - 1;
  }
};
LOCKSTEP_CONFORMANCE_GROUP(WALSpace);

TEST_P(WALSpace, AWriteWithoutRoomChangesNothingAndGoesThroughLater) {
  LOCKSTEP_CONFORMANCE_NEEDS(kFullDisk);
  open();
  EXPECT_FALSE(log_.write(append(1, 2, 1, kBytes)));
  testbed_->set_room(0);
  const std::uint64_t last = fill_up(3);
  Answers<Error> refused;
  log_.together([&](IWALSource& log) {
    log.write(append(last + 1, last + 1, 1, kBytes), log_.handler(refused));
    log.write(append(last + 2, last + 2, 1, kBytes), log_.handler(refused));
  });
  const auto errors = log_.wait(refused, 2);
  ASSERT_EQ(errors.size(), 2U);
  EXPECT_EQ(errors[0], Errc::kNoSpace) << errors[0].message;
  EXPECT_TRUE(errors[1] == Errc::kNoSpace || errors[1] == Errc::kInvalidArgument)
      << "it builds on what is not there: " << errors[1].message;
  EXPECT_EQ(log_.read(last + 1, last + 1).error(), Errc::kOutOfRange);
  expect_entries(wal_entries(1, last, 1, kBytes));
  testbed_->set_room(std::nullopt);
  EXPECT_FALSE(log_.write(append(last + 1, last + 9, 1, kBytes))) << "without being opened anew";
  EXPECT_EQ(reopen().bounds, range(1, last + 9));
  expect_entries(wal_entries(1, last + 9, 1, kBytes));
}

TEST_P(WALSpace, AReleaseGetsByWithoutRoom) {
  LOCKSTEP_CONFORMANCE_NEEDS(kFullDisk);
  open();
  EXPECT_FALSE(log_.write(append(1, 8, 1, kBytes)));
  testbed_->set_room(0);
  const std::uint64_t last = fill_up(9);
  EXPECT_FALSE(log_.release(make_boundary(5, 1)));
  EXPECT_EQ(log_.read(5, 5).error(), Errc::kReleased);
  expect_entries(wal_entries(6, last, 1, kBytes));
  EXPECT_FALSE(log_.close());
  testbed_->set_room(std::nullopt);
  const WALState state = open();
  EXPECT_EQ(state.bounds, range(6, last));
  EXPECT_EQ(state.boundary, make_boundary(5, 1));
  expect_entries(wal_entries(6, last, 1, kBytes));
}

TEST_P(WALSpace, ALogOnAFullDiskClosesInOrder) {
  LOCKSTEP_CONFORMANCE_NEEDS(kFullDisk);
  open();
  testbed_->set_room(0);
  const std::uint64_t last = fill_up(1);
  EXPECT_FALSE(log_.close());
  testbed_->set_room(std::nullopt);
  const WALState state = open();
  EXPECT_EQ(state.bounds, range(1, last));
  EXPECT_TRUE(state.damaged.empty());
}

TEST_P(WALSpace, WhatWasRefusedDoesNotComeBackBehindWhatWasNot) {
  LOCKSTEP_CONFORMANCE_NEEDS(kFullDisk);
  open();
  testbed_->set_room(0);
  const std::uint64_t last = fill_up(1);
  WALWrite lost = append(last + 1, last + 20, 1, kBytes);
  lost.hard_state = HardState{Term(9), kNode};
  EXPECT_EQ(log_.write(std::move(lost)), Errc::kNoSpace);
  testbed_->set_room(std::nullopt);
  EXPECT_FALSE(log_.write(append(last + 1, last + 1, 2)));
  const WALState state = open();  // without close
  EXPECT_EQ(state.last_promised, (EntryId{Index(last + 1), Term(2)}));
  EXPECT_EQ(state.hard_state, HardState{});
  EXPECT_TRUE(same(log_.entries(last + 1, last + 1).at(0), wal_entry(last + 1, 2)));
}

}  // namespace lockstep::testing
