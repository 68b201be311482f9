// A disk that fills up: entries are refused in time, what must pass does, and all goes on when
// there is room.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "wal/file_wal_fixture.hpp"

namespace lockstep::testing {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kBallast = "/log/ballast";
constexpr std::uint64_t kLow = 64 << 10;
constexpr std::size_t kBallastBytes = 48 << 10;

IndexRange range(std::uint64_t first, std::uint64_t last) { return {Index(first), Index(last)}; }

/// With a low-water mark and a ballast.
class SpaceNode : public FileNode {
 public:
  explicit SpaceNode(SimulatedDisk& disk, std::uint64_t seed = 1) : FileNode(disk, seed) {
    options.low_space_bytes = kLow;
    options.ballast_bytes = kBallastBytes;
    options.zero_fill_bytes = 16 << 10;
  }
};

void leave_room(SimulatedDisk& disk, std::uint64_t bytes) {
  disk.set_capacity(disk.used_bytes() + bytes);
}

WALWrite vote(std::uint64_t term) {
  WALWrite write;
  write.hard_state = HardState{Term(term), kNode};
  return write;
}

WALWrite cut_from(std::uint64_t index) {
  WALWrite write;
  write.truncate_from = Index(index);
  return write;
}

/// That the log opens from its files as it was in memory.
void expect_reopened(SimulatedDisk& disk, const IndexRange& bounds, const HardState& hard_state) {
  disk.crash(Tearing::kAll, 1);
  disk.set_capacity({});
  SpaceNode node(disk, 7);
  const WALState state = node.opened();
  EXPECT_EQ(state.bounds, bounds);
  EXPECT_EQ(state.hard_state, hard_state);
  EXPECT_TRUE(state.damaged.empty());
  for (std::uint64_t index = bounds.first.value(); index <= bounds.last.value(); ++index) {
    EXPECT_EQ(node.call().entries(index, index).size(), 1U);
  }
}

TEST(FileWALSpace, BelowTheMarkEntriesAreRefusedAndTheRestPasses) {
  SimulatedDisk disk;
  {
    SpaceNode node(disk);
    ASSERT_TRUE(node.open());
    for (std::uint64_t index = 1; index <= 9; ++index) {
      ASSERT_FALSE(node.call().write(append(index, index, 1)));
    }
    leave_room(disk, kLow - 1);
    const Error refused = node.call().write(append(10, 10, 1));
    EXPECT_EQ(refused, Errc::kNoSpace);
    EXPECT_THAT(refused.message, HasSubstr(std::to_string(kLow - 1) + " bytes are free"));
    EXPECT_THAT(refused.message, HasSubstr("low-water mark of " + std::to_string(kLow)));
    EXPECT_FALSE(node.call().write(vote(3)));
    EXPECT_FALSE(node.call().write(cut_from(8)));
    EXPECT_FALSE(node.call().release(make_boundary(2, 1)));
    EXPECT_EQ(node.call().read(8, 8).error(), Errc::kOutOfRange);

    leave_room(disk, kLow + kLow / 4 - 1);
    EXPECT_EQ(node.call().write(append(8, 8, 1)), Errc::kNoSpace) << "a quarter more is needed";
    leave_room(disk, kLow + kLow / 4);
    EXPECT_FALSE(node.call().write(append(8, 8, 1)));
    leave_room(disk, kLow + 2048);
    EXPECT_FALSE(node.call().write(append(9, 9, 1)));
  }
  expect_reopened(disk, range(3, 9), {Term(3), kNode});
}

TEST(FileWALSpace, NothingIsAcknowledgedThatBuildsOnWhatWasRefused) {
  SimulatedDisk disk;
  SpaceNode node(disk);
  ASSERT_TRUE(node.open());
  ASSERT_FALSE(node.call().write(append(1, 5, 1)));
  leave_room(disk, 1000);
  std::vector<Error> errors;
  const auto note = [&](const Error& error) { errors.push_back(error); };
  WALWrite replace = append(3, 4, 2);
  replace.truncate_from = Index(3);
  node.wal->write(std::move(replace), note);
  node.wal->write(append(5, 5, 2), note);
  node.wal->write(cut_from(5), note);  // of the old ones, for the new have never been
  node.wal->release_prefix(make_boundary(4, 2), note);
  node.wal->release_prefix(make_boundary(1, 1), note);
  node.wal->write(vote(2), note);
  node.runtime.executor->run();
  ASSERT_EQ(errors.size(), 6U);
  EXPECT_EQ(errors[0], Errc::kNoSpace);
  EXPECT_EQ(errors[1], Errc::kNoSpace);
  EXPECT_FALSE(errors[2]);
  EXPECT_EQ(errors[3], Errc::kInvalidArgument);
  EXPECT_FALSE(errors[4]);
  EXPECT_FALSE(errors[5]);
  expect_reopened(disk, range(2, 4), {Term(2), kNode});
}

TEST(FileWALSpace, ARepairIsRefusedLikeEntries) {
  SimulatedDisk disk;
  {
    SpaceNode node(disk);
    ASSERT_TRUE(node.open());
    for (std::uint64_t index = 1; index <= 3; ++index) {
      ASSERT_FALSE(node.call().write(append(index, index, 1)));
    }
  }
  disk.flip_bit(segment_path(1), batch_offsets(disk.contents(segment_path(1)))[3] + 200);
  SpaceNode node(disk, 2);
  ASSERT_EQ(node.opened().damaged.size(), 1U);
  const auto repair = [&] {
    Error answer(Errc::kTimedOut);
    node.wal->repair(range(2, 2), make_entries(2, 2, 1), [&](const Error& e) { answer = e; });
    node.runtime.executor->run();
    return answer;
  };
  leave_room(disk, 1000);
  EXPECT_EQ(repair(), Errc::kNoSpace);
  leave_room(disk, 1 << 20);
  EXPECT_FALSE(repair());
}

TEST(FileWALSpace, TheBallastIsRealAndGivenUpForWhatMustPass) {
  SimulatedDisk disk;
  {
    SpaceNode node(disk);
    ASSERT_TRUE(node.open());
    const auto ballast = disk.contents(kBallast);
    EXPECT_EQ(ballast.size(), kBallastBytes);
    EXPECT_EQ(std::count(ballast.begin(), ballast.end(), 0), 0);
    // To the last byte, and into the zeros that were filled in ahead.
    std::uint64_t last = 0;
    while (!node.call().write(append(last + 1, last + 1, 1, 600))) {
      ++last;
      if (last == 20) leave_room(disk, 0);
    }
    EXPECT_EQ(last, 20U) << "below the mark nothing with entries is written";
    std::uint64_t term = 1;
    while (std::count(node.lines.begin(), node.lines.end(),
                      "WAL /log: the disk is full; the ballast is given up") == 0) {
      ASSERT_FALSE(node.call().write(vote(++term)));
      ASSERT_LT(term, 200U);
    }
    EXPECT_THAT(disk.paths(), Not(Contains(kBallast)));
    EXPECT_FALSE(node.call().release(make_boundary(10, 1)));
    EXPECT_FALSE(node.call().close());
    disk.crash(Tearing::kNothing, 1);
    SpaceNode next(disk, 2);
    const WALState state = next.opened();
    EXPECT_EQ(state.bounds, range(11, 20));
    EXPECT_EQ(state.hard_state.current_term, Term(term));
    EXPECT_THAT(disk.paths(), Not(Contains(kBallast)));

    disk.set_capacity({});
    EXPECT_FALSE(next.call().write(append(21, 21, 1)));
    EXPECT_THAT(disk.paths(), Contains(kBallast)) << "it is back when there is room";
    EXPECT_EQ(disk.contents(kBallast).size(), kBallastBytes);
  }
}

TEST(FileWALSpace, CloseMarksTheEndOnAFullDisk) {
  SimulatedDisk disk;
  {
    SpaceNode node(disk);
    node.options.zero_fill_bytes = 0;
    ASSERT_TRUE(node.open());
    ASSERT_FALSE(node.call().write(append(1, 3, 1)));
    leave_room(disk, 0);
    ASSERT_FALSE(node.call().close());
  }
  EXPECT_THAT(disk.paths(), Not(Contains(kBallast)));
  disk.set_capacity({});
  const std::string path = last_segment(disk);
  if (path == segment_path(1)) {
    disk.flip_bit(path, batch_offsets(disk.contents(path))[2] + 200);
    SpaceNode node(disk, 2);
    EXPECT_THAT(node.opened().damaged, ::testing::ElementsAre(range(1, 3)))
        << "known to be rot, not a torn tail";
  } else {
    SpaceNode node(disk, 2);
    EXPECT_EQ(node.opened().bounds, range(1, 3));
  }
}

TEST(FileWALSpace, ANodeWhoseDiskIsFullStarts) {
  SimulatedDisk disk;
  {
    SpaceNode node(disk);
    ASSERT_TRUE(node.open());
    ASSERT_FALSE(node.call().write(append(1, 3, 1)));
  }
  leave_room(disk, 0);
  {
    SpaceNode node(disk, 2);
    EXPECT_EQ(node.opened().bounds, range(1, 3));
    EXPECT_THAT(disk.paths(), Not(Contains(kBallast)));
    EXPECT_EQ(node.call().write(append(4, 4, 1)), Errc::kNoSpace);
    EXPECT_FALSE(node.call().write(vote(2)));
    EXPECT_EQ(node.call().entries(1, 3).size(), 3U);
  }
  // And without a ballast it says why it does not.
  leave_room(disk, 0);
  {
    SpaceNode node(disk, 3);
    const auto refused = node.open();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error(), Errc::kNoSpace);
    EXPECT_THAT(refused.error().message, HasSubstr("nothing is lost"));
  }
  expect_reopened(disk, range(1, 3), {Term(2), kNode});
}

TEST(FileWALSpace, AWriteThatFindsTheDiskFullMidwayHasChangedNothing) {
  for (const auto written : {SimulatedDisk::Written::kNothing, SimulatedDisk::Written::kHalf,
                             SimulatedDisk::Written::kAllButOneByte}) {
    SimulatedDisk disk;
    {
      FileNode node(disk);  // without a mark: as on a disk that tells wrong figures
      ASSERT_TRUE(node.open());
      ASSERT_FALSE(node.call().write(append(1, 3, 1)));
      disk.fail_call(disk.calls() + 1, Errc::kNoSpace, written);
      WALWrite refused = append(4, 9, 1, 1000);
      refused.hard_state = HardState{Term(9), kNode};
      EXPECT_EQ(node.call().write(std::move(refused)), Errc::kNoSpace);
      EXPECT_EQ(node.call().read(4, 4).error(), Errc::kOutOfRange);
    }
    disk.crash(Tearing::kAll, 1);
    FileNode node(disk, 2);
    const WALState state = node.opened();
    EXPECT_EQ(state.bounds, range(1, 3)) << "what was refused does not come back";
    EXPECT_EQ(state.hard_state, HardState{});
    EXPECT_FALSE(node.call().write(append(4, 4, 2)));
  }
}

TEST(FileWALSpace, WhatMustPassDoesThoughItSharesAWriteWithEntriesThatDoNot) {
  SimulatedDisk disk;
  {
    SpaceNode node(disk);
    node.options.low_space_bytes = 0;  // as where nobody can tell how much is left
    ASSERT_TRUE(node.open());
    ASSERT_FALSE(node.call().write(append(1, 9, 1)));
    disk.fail_call(disk.calls() + 1, Errc::kNoSpace);
    std::vector<Error> answers;
    const auto note = [&](const Error& error) { answers.push_back(error); };
    node.wal->write(append(10, 12, 1, 4000), note);
    node.wal->write(vote(4), note);
    node.wal->release_prefix(make_boundary(2, 1), note);
    node.runtime.executor->run();
    ASSERT_EQ(answers.size(), 3U);
    EXPECT_EQ(answers[0], Errc::kNoSpace);
    EXPECT_FALSE(answers[1]) << answers[1].message;
    EXPECT_FALSE(answers[2]) << answers[2].message;
  }
  expect_reopened(disk, range(3, 9), {Term(4), kNode});
}

TEST(FileWALSpace, FillingAheadStopsBelowTheMark) {
  SimulatedDisk disk;
  SpaceNode node(disk);
  node.options.segment_bytes = 1 << 20;
  node.options.zero_fill_bytes = 1 << 20;
  ASSERT_TRUE(node.open());
  leave_room(disk, kLow + (200 << 10));
  for (std::uint64_t index = 1; index <= 5; ++index) {
    ASSERT_FALSE(node.call().write(append(index, index, 1)));
  }
  EXPECT_GE(*disk.free_bytes("/log"), kLow);
  EXPECT_FALSE(node.call().write(append(6, 6, 1)));
}

TEST(FileWALSpace, ABallastCutShortByACrashIsMadeAnew) {
  SimulatedDisk disk;
  {
    SpaceNode node(disk);
    ASSERT_TRUE(node.open());
  }
  disk.set_contents(kBallast, std::vector<std::uint8_t>(100, 1));
  SpaceNode node(disk, 2);
  ASSERT_TRUE(node.open());
  EXPECT_EQ(disk.contents(kBallast).size(), kBallastBytes);
}

TEST(FileWALSpace, TroubleWithTheBallastIsNoTroubleForTheLog) {
  SimulatedDisk counted;
  std::uint64_t calls = 0;
  {
    SpaceNode node(counted);
    ASSERT_TRUE(node.open());
    calls = counted.calls();
  }
  // The last calls of opening: free space, the ballast's birth, its bytes.
  for (std::uint64_t call = calls - 2; call <= calls; ++call) {
    SimulatedDisk disk;
    disk.fail_call(call);
    SpaceNode node(disk);
    ASSERT_TRUE(node.open()) << call;
    EXPECT_FALSE(node.call().write(append(1, 1, 1)));
  }
}

TEST(FileWALSpace, AnEntryLargerThanASegment) {
  SimulatedDisk disk;
  {
    FileNode node(disk);
    ASSERT_TRUE(node.open());
    ASSERT_FALSE(node.call().write(append(1, 2, 1)));
    ASSERT_FALSE(node.call().write(append(3, 3, 1, 300 << 10)));
    ASSERT_FALSE(node.call().write(append(4, 4, 1)));
    EXPECT_EQ(node.call().entries(1, 4).size(), 4U);
    ASSERT_FALSE(node.call().close());
  }
  FileNode node(disk, 2);
  EXPECT_EQ(node.opened().bounds, range(1, 4));
  EXPECT_TRUE(same(node.call().entries(3, 3).at(0), make_entry(3, 1, 300 << 10)));
}

}  // namespace
}  // namespace lockstep::testing
