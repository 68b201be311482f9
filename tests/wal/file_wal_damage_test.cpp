// Rule 5 of the design: torn tails are cut, rot is reported, nothing is read wrongly.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wal/file_wal_fixture.hpp"

namespace lockstep::testing {
namespace {

using ::testing::ElementsAre;

/// A disk with `writes` done one after another, left by a crash that keeps all, or by `close`.
SimulatedDisk disk_with(std::vector<WALWrite> writes, bool close) {
  SimulatedDisk disk;
  {
    FileNode node(disk);
    EXPECT_TRUE(node.open());
    for (WALWrite& write : writes) EXPECT_FALSE(node.call().write(std::move(write)));
    if (close) {
      EXPECT_FALSE(node.call().close());
    }
  }
  return disk;
}

std::vector<WALWrite> entries_one_by_one(std::uint64_t count, std::size_t payload_bytes = 20) {
  std::vector<WALWrite> writes;
  for (std::uint64_t index = 1; index <= count; ++index) {
    writes.push_back(append(index, index, 1, payload_bytes));
  }
  return writes;
}

/// Reads each entry by itself: right, or refused. Returns those refused.
std::vector<std::uint64_t> unreadable(FileNode& node, std::uint64_t first, std::uint64_t last,
                                      std::size_t payload_bytes = 20) {
  std::vector<std::uint64_t> refused;
  for (std::uint64_t index = first; index <= last; ++index) {
    const auto read = node.call().read(index, index);
    if (read) {
      EXPECT_TRUE(same(read->front(), make_entry(index, 1, payload_bytes))) << index;
    } else {
      EXPECT_EQ(read.error(), Errc::kCorruption) << index;
      refused.push_back(index);
    }
  }
  return refused;
}

TEST(FileWALDamage, ATailTornAtAnyByteIsCutAndNothingElse) {
  auto writes = entries_one_by_one(3);
  WALWrite last = append(4, 7, 1, 100);
  last.hard_state = HardState{Term(1), kNode};
  writes.push_back(std::move(last));
  const SimulatedDisk whole = disk_with(std::move(writes), false);
  const auto bytes = whole.contents(segment_path(1));
  const std::size_t begin = batch_offsets(bytes).back();
  std::size_t kept = 0;
  for (std::size_t cut = begin; cut < bytes.size(); ++cut) {
    for (const bool zeros : {false, true}) {
      SimulatedDisk disk = whole.copy();
      auto torn = bytes;
      torn.resize(cut);
      if (zeros) torn.resize(bytes.size() + 4096);
      disk.set_contents(segment_path(1), torn);
      FileNode node(disk, cut);
      const auto state = node.open();
      ASSERT_TRUE(state) << cut << ": " << state.error().message;
      EXPECT_TRUE(state->damaged.empty()) << cut;
      const bool there = state->bounds.last == Index(7);
      EXPECT_TRUE(there || state->bounds.last == Index(3)) << cut;
      EXPECT_EQ(state->hard_state, (there ? HardState{Term(1), kNode} : HardState{})) << cut;
      EXPECT_TRUE(unreadable(node, 1, 3).empty()) << cut;
      if (there) {
        ++kept;
        EXPECT_EQ(node.call().entries(4, 7).size(), 4U);
      }
      EXPECT_FALSE(node.call().write(append(there ? 8 : 4, there ? 8 : 4, 2)));
    }
  }
  EXPECT_GT(kept, 0U) << "a batch whose padding alone is gone is whole";
  EXPECT_LT(kept, 1024U);
}

TEST(FileWALDamage, WhatWasCutDoesNotComeBack) {
  SimulatedDisk disk = disk_with(entries_one_by_one(3), false);
  const auto before = disk.contents(segment_path(1));
  auto torn = before;
  torn.resize(batch_offsets(before).back() + 100);
  disk.set_contents(segment_path(1), torn);
  {
    FileNode node(disk, 2);
    ASSERT_EQ(node.opened().bounds.last, Index(2));
    ASSERT_FALSE(node.call().write(append(3, 3, 5)));
  }
  disk.set_contents(segment_path(1), before);  // the sectors turn up after all
  FileNode node(disk, 3);
  ASSERT_EQ(node.opened().last_promised, (EntryId{Index(3), Term(5)}));
  EXPECT_TRUE(same(node.call().entries(3, 3).at(0), make_entry(3, 5)));
}

TEST(FileWALDamage, ABodyRottenBeforeTheProvenEndIsReportedExactly) {
  std::vector<WALWrite> writes;
  for (std::uint64_t first = 1; first <= 13; first += 3) {
    writes.push_back(append(first, first + 2, 1));
  }
  SimulatedDisk disk = disk_with(std::move(writes), false);
  const std::string path = segment_path(1);
  const auto batches = batch_offsets(disk.contents(path));  // two heads, then five
  disk.flip_bit(path, batches[4] + 200);                    // of entries 7 to 9
  for (std::uint64_t round = 0; round < 3; ++round) {
    FileNode node(disk, round);
    const auto state = node.open();
    ASSERT_TRUE(state) << state.error().message;
    EXPECT_THAT(state->damaged, ElementsAre(range(7, 9)));
    EXPECT_EQ(state->bounds, range(1, 15));
    EXPECT_THAT(state->term_runs, ElementsAre(TermRun{Term(1), Index(1)}));
    EXPECT_EQ(unreadable(node, 1, 15), (std::vector<std::uint64_t>{7, 8, 9}));
    EXPECT_EQ(node.call().entries(1, 15).size(), 6U) << "a read stops before the damage";
    EXPECT_EQ(node.call().entries(10, 15).size(), 6U) << "and goes on behind it";
    EXPECT_FALSE(node.call().close());
  }
  FileNode node(disk, 9);
  ASSERT_TRUE(node.open());
  WALWrite cut = append(8, 8, 1);
  cut.truncate_from = Index(8);
  EXPECT_FALSE(node.call().write(std::move(cut)));
  EXPECT_FALSE(node.call().close());
  EXPECT_THAT(node.opened().damaged, ElementsAre(range(7, 7))) << "8 was written anew";
  EXPECT_EQ(unreadable(node, 1, 8), (std::vector<std::uint64_t>{7}));
}

TEST(FileWALDamage, AHeaderRottenBeforeTheProvenEndIsReportedExactly) {
  for (const bool close : {false, true}) {
    SimulatedDisk disk = disk_with(entries_one_by_one(6), close);
    const std::string path = segment_path(1);
    disk.flip_bit(path, batch_offsets(disk.contents(path))[2 + 3] + 9);  // of entry 4
    FileNode node(disk, 2);
    const auto state = node.open();
    ASSERT_TRUE(state) << state.error().message;
    EXPECT_THAT(state->damaged, ElementsAre(range(4, 4)));
    EXPECT_EQ(state->bounds, range(1, 6));
    EXPECT_EQ(unreadable(node, 1, 6), (std::vector<std::uint64_t>{4}));
  }
}

TEST(FileWALDamage, TheLastWriteOfAClosedLogIsNeverCut) {
  for (const std::size_t place : {std::size_t{9}, std::size_t{150}}) {
    SimulatedDisk disk = disk_with(entries_one_by_one(4), true);
    const std::string path = segment_path(1);
    const auto batches = batch_offsets(disk.contents(path));
    disk.flip_bit(path, batches[batches.size() - 2] + place);  // the last is the mark of the end
    FileNode node(disk, 2);
    const auto state = node.open();
    ASSERT_TRUE(state) << state.error().message;
    EXPECT_THAT(state->damaged, ElementsAre(range(4, 4)));
    EXPECT_EQ(state->last_promised, (EntryId{Index(4), Term(1)}));
  }
}

TEST(FileWALDamage, EntriesThatARottenTruncationMayHaveReplacedAreNotReadAsTheLogs) {
  for (const std::size_t place : {std::size_t{9}, std::size_t{150}}) {  // header, body
    auto writes = entries_one_by_one(5);
    WALWrite replace = append(4, 6, 2);
    replace.truncate_from = Index(4);
    writes.push_back(std::move(replace));
    writes.push_back(append(7, 7, 2));
    SimulatedDisk disk = disk_with(std::move(writes), false);
    const std::string path = segment_path(1);
    const auto batches = batch_offsets(disk.contents(path));
    disk.flip_bit(path, batches[batches.size() - 2] + place);
    FileNode node(disk, 2);
    const auto state = node.open();
    ASSERT_TRUE(state) << state.error().message;
    EXPECT_THAT(state->damaged, ElementsAre(range(4, 6)));
    EXPECT_EQ(state->last_promised, (EntryId{Index(7), Term(2)}));
    EXPECT_EQ(unreadable(node, 1, 6), (std::vector<std::uint64_t>{4, 5, 6}));
    EXPECT_TRUE(same(node.call().entries(7, 7).at(0), make_entry(7, 2)));
  }
}

TEST(FileWALDamage, AVoteThatMayBeLostIsAnErrorAndNotAnOlderVote) {
  WALWrite vote;
  vote.hard_state = HardState{Term(3), kNode};
  std::vector<WALWrite> writes = entries_one_by_one(1);
  writes.push_back(vote);
  writes.push_back(append(2, 2, 1));
  SimulatedDisk crashed = disk_with(writes, false);
  const std::string path = segment_path(1);
  const std::size_t at = batch_offsets(crashed.contents(path))[3] + 150;
  crashed.flip_bit(path, at);
  FileNode lost(crashed, 2);
  EXPECT_EQ(lost.open().error(), Errc::kCorruption);
  // The mark at the end has the state once more.
  SimulatedDisk closed = disk_with(writes, true);
  closed.flip_bit(path, at);
  FileNode node(closed, 2);
  const auto state = node.open();
  ASSERT_TRUE(state) << state.error().message;
  EXPECT_EQ(state->hard_state, *vote.hard_state);
  EXPECT_TRUE(state->damaged.empty());
}

TEST(FileWALDamage, RotFoundWhileReadingIsAnError) {
  SimulatedDisk disk = disk_with({append(1, 9, 1, 300)}, false);
  FileNode node(disk, 2);
  ASSERT_TRUE(node.open());
  const std::string path = last_segment(disk);
  disk.flip_bit(path, batch_offsets(disk.contents(path))[2] + 1000);
  const auto refused = unreadable(node, 1, 9, 300);
  ASSERT_FALSE(refused.empty());
  EXPECT_EQ(refused.size(), 10 - refused.front()) << "from then on all of its batch is";
}

TEST(FileWALDamage, AMissingSegmentIsReported) {
  std::vector<WALWrite> writes = entries_one_by_one(30, 5000);
  SimulatedDisk disk = disk_with(std::move(writes), true);
  ASSERT_TRUE(disk.remove(segment_path(2)));
  FileNode node(disk, 2);
  const auto state = node.open();
  ASSERT_TRUE(state) << state.error().message;
  ASSERT_EQ(state->damaged.size(), 1U);
  EXPECT_EQ(unreadable(node, 1, 30, 5000).size(), state->damaged.front().size());
}

}  // namespace
}  // namespace lockstep::testing
