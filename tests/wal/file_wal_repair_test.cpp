// Copies in the place of damaged entries: checked, atomic, and kept through all that follows.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "wal/file_wal_fixture.hpp"

namespace lockstep::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

IndexRange range(std::uint64_t first, std::uint64_t last) { return {Index(first), Index(last)}; }

/// Entries 1 to 15, terms 1 (to 6) and 3, three to a batch, with a configuration at 8; those of the
/// third batch, 7 to 9, are damaged: its body, or its header too.
constexpr std::uint64_t kConfiguration = 8;

Entry entry_at(std::uint64_t index) {
  const EntryKind kind = index == kConfiguration ? EntryKind::kConfiguration : EntryKind::kCommand;
  return make_entry(index, index <= 6 ? 1 : 3, 20, kind);
}

std::vector<Entry> entries_at(std::uint64_t first, std::uint64_t last) {
  std::vector<Entry> entries;
  for (std::uint64_t index = first; index <= last; ++index) entries.push_back(entry_at(index));
  return entries;
}

SimulatedDisk damaged_disk(bool header_too = false) {
  SimulatedDisk disk;
  {
    FileNode node(disk);
    EXPECT_TRUE(node.open());
    for (std::uint64_t first = 1; first <= 13; first += 3) {
      EXPECT_FALSE(node.call().write(append(entries_at(first, first + 2))));
    }
  }
  const auto batches = batch_offsets(disk.contents(segment_path(1)));  // two heads, then five
  disk.flip_bit(segment_path(1), batches[4] + (header_too ? 9 : 200));
  return disk;
}

Error repair(FileNode& node, IndexRange damaged, std::vector<Entry> entries) {
  std::optional<Error> answer;
  node.wal->repair(damaged, std::move(entries), [&](const Error& error) {
    EXPECT_FALSE(answer);
    answer = error;
  });
  node.runtime.executor->run();
  EXPECT_TRUE(answer);
  return answer.value_or(Errc::kTimedOut);
}

Error repair(FileNode& node, std::uint64_t first, std::uint64_t last) {
  return repair(node, range(first, last), entries_at(first, last));
}

void expect_entries(FileNode& node, std::uint64_t first, std::uint64_t last) {
  std::uint64_t next = first;
  while (next <= last) {
    const auto read = node.call().entries(next, last);
    ASSERT_FALSE(read.empty()) << next;
    for (const Entry& entry : read) EXPECT_TRUE(same(entry, entry_at(next++)));
  }
  for (std::uint64_t index = first; index <= last; ++index) {
    const auto read = node.call().entries(index, index);
    ASSERT_EQ(read.size(), 1U) << index;
    EXPECT_TRUE(same(read.front(), entry_at(index))) << index;
  }
}

TEST(FileWALRepair, CopiesTakeThePlaceOfDamageAndStay) {
  for (const bool header_too : {false, true}) {
    SimulatedDisk disk = damaged_disk(header_too);
    {
      FileNode node(disk, 2);
      const WALState found = node.opened();
      ASSERT_THAT(found.damaged, ElementsAre(range(7, 9)));
      EXPECT_THAT(found.configuration_indexes, IsEmpty());
      EXPECT_EQ(found.newest_configuration, Index(kConfiguration));
      ASSERT_FALSE(repair(node, 7, 9));
      expect_entries(node, 1, 15);
      ASSERT_FALSE(node.call().write(append(entries_at(16, 16))));
      expect_entries(node, 1, 16);
    }
    for (std::uint64_t round = 0; round < 3; ++round) {
      FileNode node(disk, 3 + round);
      const WALState state = node.opened();
      EXPECT_THAT(state.damaged, IsEmpty());
      EXPECT_EQ(state.bounds, range(1, 16));
      EXPECT_THAT(state.configuration_indexes, ElementsAre(Index(kConfiguration)));
      EXPECT_THAT(state.term_runs,
                  ElementsAre(TermRun{Term(1), Index(1)}, TermRun{Term(3), Index(7)}));
      expect_entries(node, 1, 16);
      ASSERT_FALSE(node.call().close());
    }
  }
}

TEST(FileWALRepair, PieceByPiece) {
  SimulatedDisk disk = damaged_disk(true);
  {
    FileNode node(disk, 2);
    ASSERT_TRUE(node.open());
    ASSERT_FALSE(repair(node, 8, 8));
    EXPECT_EQ(node.call().read(7, 7).error(), Errc::kCorruption);
    EXPECT_EQ(node.call().read(9, 9).error(), Errc::kCorruption);
    expect_entries(node, 8, 8);
  }
  FileNode node(disk, 3);
  EXPECT_THAT(node.opened().damaged, ElementsAre(range(7, 7), range(9, 9)));
  EXPECT_FALSE(repair(node, 9, 9));
  EXPECT_FALSE(repair(node, 7, 7));
  expect_entries(node, 1, 15);
  EXPECT_FALSE(node.call().close());
  EXPECT_THAT(node.opened().damaged, IsEmpty());
  expect_entries(node, 1, 15);
}

TEST(FileWALRepair, WhatDoesNotFitIsRefusedAndChangesNothing) {
  SimulatedDisk disk = damaged_disk();
  FileNode node(disk, 2);
  ASSERT_TRUE(node.open());
  const auto before = disk.contents(last_segment(disk));
  const auto refused = [&](IndexRange damaged, std::vector<Entry> entries, Errc code,
                           const char* text) {
    const Error error = repair(node, damaged, std::move(entries));
    EXPECT_EQ(error, code) << error.message;
    EXPECT_THAT(error.message, HasSubstr(text));
  };
  refused(range(7, 9), entries_at(7, 8), Errc::kInvalidArgument, "3 entries with 2");
  refused(range(9, 8), {}, Errc::kInvalidArgument, "0 entries");
  refused(range(6, 8), entries_at(6, 8), Errc::kInvalidArgument, "not all damaged");
  refused(range(9, 10), entries_at(9, 10), Errc::kInvalidArgument, "not all damaged");
  refused(range(7, 8), entries_at(8, 9), Errc::kInvalidArgument, "in the place of");
  refused(range(7, 7), {make_entry(7, 2)}, Errc::kInvalidArgument, "had term 3");
  refused(range(7, 7), {make_entry(7, 3, 20, EntryKind::kCommand, GroupId(9))},
          Errc::kInvalidArgument, "group 9");
  std::vector<Entry> rotten = entries_at(7, 9);
  rotten[1].digest.bytes[3] ^= 1;
  refused(range(7, 9), std::move(rotten), Errc::kBadEntryDigest, "entry 8");
  std::vector<Entry> other = entries_at(7, 9);
  other[2].header.kind = EntryKind::kNoop;
  refused(range(7, 9), std::move(other), Errc::kBadEntryDigest, "entry 9");
  EXPECT_EQ(disk.contents(last_segment(disk)), before);
  EXPECT_FALSE(repair(node, 7, 9));
  refused(range(7, 9), entries_at(7, 9), Errc::kInvalidArgument, "not all damaged");
}

TEST(FileWALRepair, UnknownTermsMustFitBetweenTheirNeighbours) {
  SimulatedDisk disk = damaged_disk(true);  // between terms 1 and 3
  FileNode node(disk, 2);
  ASSERT_EQ(node.opened().term_runs.at(1), (TermRun{Term{}, Index(7)}));
  EXPECT_EQ(repair(node, range(9, 9), {make_entry(9, 4)}), Errc::kInvalidArgument);
  EXPECT_FALSE(repair(node, range(8, 8), {make_entry(8, 2)}));
  EXPECT_EQ(repair(node, range(7, 7), {make_entry(7, 3)}), Errc::kInvalidArgument);
  EXPECT_EQ(repair(node, range(9, 9), {make_entry(9, 1)}), Errc::kInvalidArgument);
  EXPECT_FALSE(repair(node, range(7, 7), {make_entry(7, 2)}));
  EXPECT_FALSE(repair(node, range(9, 9), {make_entry(9, 2)}));
  EXPECT_FALSE(node.call().close());
  EXPECT_THAT(node.opened().term_runs,
              ElementsAre(TermRun{Term(1), Index(1)}, TermRun{Term(2), Index(7)},
                          TermRun{Term(3), Index(10)}));
}

TEST(FileWALRepair, InOneOrderWithOtherCalls) {
  SimulatedDisk disk = damaged_disk();
  FileNode node(disk, 2);
  ASSERT_TRUE(node.open());
  std::vector<std::string> order;
  const auto note = [&](const char* name) {
    return [&order, name](const Error& error) { order.push_back(name + error.message); };
  };
  node.wal->write(append(entries_at(16, 16)), note("append "));
  node.wal->repair(range(7, 9), entries_at(7, 9), note("repair "));
  node.wal->repair(range(7, 9), entries_at(7, 9), [&](const Error& error) {
    order.push_back("again");
    EXPECT_EQ(error, Errc::kInvalidArgument);
  });
  bool read = false;
  node.wal->read(range(7, 9), 1 << 20, [&](const Result<std::vector<Entry>>& entries) {
    EXPECT_TRUE(entries && entries->size() == 3) << "a read sees what was submitted before";
    read = true;
  });
  WALWrite cut = append(entries_at(9, 9));
  cut.truncate_from = Index(9);
  node.wal->write(std::move(cut), note("cut "));
  node.runtime.executor->run();
  EXPECT_THAT(order, ElementsAre("append ", "repair ", "again", "cut "));
  EXPECT_TRUE(read);
  EXPECT_FALSE(node.call().close());
  EXPECT_EQ(node.opened().bounds, range(1, 9));
  expect_entries(node, 1, 9);
}

TEST(FileWALRepair, OfWhatATruncationBeforeItTakesAwayIsRefused) {
  SimulatedDisk disk = damaged_disk();
  FileNode node(disk, 2);
  ASSERT_TRUE(node.open());
  WALWrite cut;
  cut.truncate_from = Index(8);
  Error cut_done(Errc::kTimedOut);
  Error repaired;
  node.wal->write(std::move(cut), [&](const Error& error) { cut_done = error; });
  node.wal->repair(range(7, 9), entries_at(7, 9), [&](const Error& error) { repaired = error; });
  node.runtime.executor->run();
  EXPECT_FALSE(cut_done);
  EXPECT_EQ(repaired, Errc::kInvalidArgument);
  EXPECT_FALSE(repair(node, 7, 7));
  expect_entries(node, 1, 7);
}

TEST(FileWALRepair, ACrashAtAnyCallLeavesAllOfItOrNothing) {
  SimulatedDisk whole = damaged_disk(true);
  std::uint64_t calls = 0;
  {
    SimulatedDisk disk = whole.copy();
    FileNode node(disk, 2);
    ASSERT_TRUE(node.open());
    ASSERT_FALSE(repair(node, 7, 9));
    ASSERT_FALSE(node.call().close());
    calls = disk.calls();
  }
  std::uint64_t repaired = 0;
  std::uint64_t points = 0;
  for (std::uint64_t call = 1; call <= calls; ++call) {
    for (std::uint64_t seed = 0; seed < 8; ++seed, ++points) {
      SimulatedDisk disk = whole.copy();
      disk.fail_from_call(call);
      bool acknowledged = false;
      {
        FileNode node(disk, 2);
        if (node.open()) acknowledged = !repair(node, 7, 9);
      }
      disk.crash(seed);
      FileNode node(disk, 3);
      const auto state = node.open();
      ASSERT_TRUE(state) << state.error().message;
      EXPECT_EQ(state->bounds, range(1, 15));
      if (state->damaged.empty()) {
        ++repaired;
        expect_entries(node, 1, 15);
      } else {
        EXPECT_FALSE(acknowledged) << call;
        EXPECT_THAT(state->damaged, ElementsAre(range(7, 9)));
        ASSERT_FALSE(repair(node, 7, 9));
        expect_entries(node, 1, 15);
      }
    }
  }
  EXPECT_GT(repaired, 8U);
  EXPECT_LT(repaired, points / 2);
}

TEST(FileWALRepair, ARottenRepairLeavesTheRangeDamaged) {
  for (const std::size_t place : {std::size_t{9}, std::size_t{200}}) {  // header, body
    SimulatedDisk disk = damaged_disk();
    {
      FileNode node(disk, 2);
      ASSERT_TRUE(node.open());
      ASSERT_FALSE(repair(node, 7, 9));
      ASSERT_FALSE(node.call().write(append(entries_at(16, 16))));
      ASSERT_FALSE(node.call().close());
    }
    const std::string path = last_segment(disk);
    const auto batches = batch_offsets(disk.contents(path));
    disk.flip_bit(path, batches.at(batches.size() - 3) + place);  // then the entry, and the mark
    FileNode node(disk, 3);
    EXPECT_THAT(node.opened().damaged, ElementsAre(range(7, 9)));
    EXPECT_EQ(node.call().read(7, 7).error(), Errc::kCorruption);
    expect_entries(node, 10, 16);
    ASSERT_FALSE(repair(node, 7, 9));
    expect_entries(node, 1, 16);
  }
}

TEST(FileWALRepair, DamageAtTheEndOfTheLog) {
  SimulatedDisk disk;
  {
    FileNode node(disk);
    ASSERT_TRUE(node.open());
    for (std::uint64_t index = 1; index <= 7; ++index) {
      ASSERT_FALSE(node.call().write(append(entries_at(index, index))));
    }
    ASSERT_FALSE(node.call().close());
  }
  const auto batches = batch_offsets(disk.contents(segment_path(1)));
  disk.flip_bit(segment_path(1), batches.at(batches.size() - 2) + 9);
  FileNode node(disk, 2);
  const WALState state = node.opened();
  ASSERT_THAT(state.damaged, ElementsAre(range(7, 7)));
  EXPECT_EQ(state.last_promised, entry_at(7).id());
  ASSERT_FALSE(repair(node, 7, 7));
  ASSERT_FALSE(node.call().write(append(entries_at(8, 9))));
  expect_entries(node, 1, 9);
  ASSERT_FALSE(node.call().close());
  EXPECT_THAT(node.opened().damaged, IsEmpty());
  expect_entries(node, 1, 9);
}

TEST(FileWALRepair, SurvivesRollOverReleaseAndTruncation) {
  SimulatedDisk disk = damaged_disk();
  FileNode node(disk, 2);
  ASSERT_TRUE(node.open());
  ASSERT_FALSE(repair(node, 7, 9));
  const auto large = [](std::uint64_t index) { return make_entry(index, 3, 30000); };
  for (std::uint64_t index = 16; index <= 24; ++index) {
    ASSERT_FALSE(node.call().write(append({large(index)})));
  }
  expect_entries(node, 1, 15);
  ASSERT_FALSE(node.call().release(make_boundary(8, 3)));
  ASSERT_FALSE(node.call().close());
  for (int round = 0; round < 2; ++round) {
    const WALState state = node.opened();
    EXPECT_EQ(state.bounds, range(9, 24));
    EXPECT_THAT(state.damaged, IsEmpty());
    expect_entries(node, 9, 15);
    EXPECT_TRUE(same(node.call().entries(24, 24).at(0), large(24)));
    ASSERT_FALSE(node.call().close());
  }
  ASSERT_TRUE(node.open());
  WALWrite cut = append(entries_at(10, 11));
  cut.truncate_from = Index(10);
  ASSERT_FALSE(node.call().write(std::move(cut)));
  expect_entries(node, 9, 11);
  ASSERT_FALSE(node.call().close());
  EXPECT_EQ(node.opened().bounds, range(9, 11));
  expect_entries(node, 9, 11);
}

TEST(FileWALRepair, ASegmentOfDamageOnlyIsKeptUntilItIsRepaired) {
  SimulatedDisk disk;
  {
    FileNode node(disk);
    ASSERT_TRUE(node.open());
    ASSERT_FALSE(node.call().write(append({make_entry(1, 1)})));
    ASSERT_FALSE(node.call().close());
  }
  const auto batches = batch_offsets(disk.contents(segment_path(1)));
  disk.flip_bit(segment_path(1), batches[2] + 200);
  for (std::uint64_t round = 2; round < 4; ++round) {
    FileNode node(disk, round);
    ASSERT_THAT(node.opened().damaged, ElementsAre(range(1, 1)));
    ASSERT_FALSE(node.call().close());
    EXPECT_THAT(disk.paths(), ::testing::Contains(segment_path(1)));
  }
  FileNode node(disk, 4);
  ASSERT_TRUE(node.open());
  ASSERT_FALSE(repair(node, 1, 1));
  EXPECT_THAT(disk.paths(), ::testing::Not(::testing::Contains(segment_path(1))));
  expect_entries(node, 1, 1);
  ASSERT_FALSE(node.call().close());
  EXPECT_THAT(node.opened().damaged, IsEmpty());
  expect_entries(node, 1, 1);
}

}  // namespace
}  // namespace lockstep::testing
