#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/byte_codec.hpp"
#include "base/digest.hpp"
#include "lockstep/testing/simulated_machine.hpp"
#include "lockstep/testing/simulated_runtime.hpp"
#include "wal/file_wal_fixture.hpp"
#include "wal/log_map.hpp"

namespace lockstep::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(FileWAL, WhatIsSubmittedTogetherSharesOneWriteAndOneSync) {
  SimulatedDisk disk;
  FileNode node(disk);
  ASSERT_TRUE(node.open());
  std::uint64_t syncs = disk.syncs();
  std::uint64_t calls = disk.calls();
  int done = 0;
  for (std::uint64_t index = 1; index <= 100; ++index) {
    node.wal->write(append(index, index, 1), [&](const Error& error) {
      EXPECT_FALSE(error) << error.message;
      ++done;
    });
  }
  node.runtime.executor->run();
  EXPECT_EQ(done, 100);
  EXPECT_EQ(disk.syncs() - syncs, 1U);
  EXPECT_EQ(disk.calls() - calls, 2U);
  syncs = disk.syncs();
  for (std::uint64_t index = 101; index <= 103; ++index) {
    EXPECT_FALSE(node.call().write(append(index, index, 1)));
  }
  EXPECT_EQ(disk.syncs() - syncs, 3U);
}

TEST(FileWAL, SmallEntriesInBatchesCostLittleMoreThanTheirBytes) {
  SimulatedDisk disk;
  FileNode node(disk);
  ASSERT_TRUE(node.open());
  const std::size_t before = disk.contents(segment_path(1)).size();
  EXPECT_FALSE(node.call().write(append(1, 64, 1, 256)));
  const std::size_t written = disk.contents(segment_path(1)).size() - before;
  EXPECT_LT(written, 64U * 256U * 3 / 2);
  EXPECT_FALSE(node.call().write(append(65, 65, 1, 256)));
  EXPECT_EQ(disk.contents(segment_path(1)).size() - before - written, 512U)
      << "a lone small entry takes one sector";
}

TEST(FileWAL, SegmentsRollOverAndReleaseRemovesWholeOnes) {
  SimulatedDisk disk;
  FileNode node(disk);
  ASSERT_TRUE(node.open());
  for (std::uint64_t index = 1; index <= 40; ++index) {
    ASSERT_FALSE(node.call().write(append(index, index, 1 + index / 15, 5000)));
  }
  ASSERT_GE(disk.paths().size(), 4U);
  ASSERT_FALSE(node.call().close());
  for (int round = 0; round < 2; ++round) {
    const auto state = node.open();
    ASSERT_TRUE(state);
    EXPECT_EQ(state->term_runs.size(), 3U);
    for (const std::uint64_t first : {1U, 12U, 13U, 14U, 39U}) {
      const auto read = node.call().read(first, 40);
      ASSERT_TRUE(read) << read.error().message;
      ASSERT_EQ(read->size(), 41 - first);
      for (const Entry& entry : *read) {
        EXPECT_TRUE(
            same(entry, make_entry(entry.header.index.value(), entry.header.term.value(), 5000)));
      }
    }
    ASSERT_FALSE(node.call().close());
  }
  ASSERT_TRUE(node.open());
  EXPECT_FALSE(node.call().release(make_boundary(30, 3)));
  EXPECT_THAT(disk.paths(), ::testing::Not(::testing::Contains(segment_path(1))));
  EXPECT_FALSE(node.call().close());
  const auto state = node.open();
  ASSERT_TRUE(state);
  EXPECT_EQ(state->bounds, (IndexRange{Index(31), Index(40)}));
  EXPECT_TRUE(state->damaged.empty());
  EXPECT_EQ(node.call().entries(31, 40).size(), 10U);
}

TEST(FileWAL, OpeningReadsTheLastSegmentOnly) {
  SimulatedDisk disk;
  {
    FileNode node(disk);
    ASSERT_TRUE(node.open());
    for (std::uint64_t index = 1; index <= 400; ++index) {
      ASSERT_FALSE(node.call().write(append(index, index, 1, 5000)));
    }
    ASSERT_FALSE(node.call().close());
  }
  const std::uint64_t before = disk.bytes_read();
  FileNode node(disk, 2);
  ASSERT_TRUE(node.open());
  EXPECT_LT(disk.bytes_read() - before, 3 * node.options.segment_bytes);
  EXPECT_EQ(node.call().entries(7, 9).size(), 3U);
}

TEST(FileWAL, ManyReopeningsLeaveFewFiles) {
  SimulatedDisk disk;
  for (std::uint64_t round = 0; round < 20; ++round) {
    FileNode node(disk, round);
    ASSERT_TRUE(node.open());
    ASSERT_FALSE(node.call().close());
  }
  EXPECT_LE(disk.paths().size(), 2U);
}

TEST(FileWAL, AFolderOfAnotherNodeOrGroupIsRefusedWithBothSidesNamed) {
  SimulatedDisk disk;
  {
    FileNode node(disk);
    ASSERT_TRUE(node.open());
  }
  FileNode other(disk, 1, NodeId("node-9"));
  const auto opened = other.open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error(), Errc::kForeignData);
  EXPECT_THAT(opened.error().message, HasSubstr("node-1"));
  EXPECT_THAT(opened.error().message, HasSubstr("node-9"));
  FileNode group(disk);
  group.options.group = GroupId(99);
  EXPECT_EQ(group.open().error(), Errc::kForeignData);
  FileNode right(disk);
  EXPECT_TRUE(right.open());
}

TEST(FileWAL, AFolderOfAnotherClusterOrEpochIsRefusedWithBothSidesNamed) {
  ClusterId::Bytes own{1};
  ClusterId::Bytes other{2};
  for (const bool close : {false, true}) {
    SimulatedDisk disk;
    {
      FileNode node(disk);
      node.options.cluster = ClusterId(other);
      node.options.epoch = Epoch(other);
      WALWrite bootstrap;
      bootstrap.identity = node.opened().identity;  // a log that has none yet is not refused
      bootstrap.identity->cluster = ClusterId(own);
      bootstrap.identity->epoch = Epoch(own);
      ASSERT_FALSE(node.call().write(std::move(bootstrap)));
      if (close) {
        ASSERT_FALSE(node.call().close());
      }
    }
    const auto paths = disk.paths();
    FileNode cluster(disk);
    cluster.options.cluster = ClusterId(other);
    FileNode epoch(disk);
    epoch.options.cluster = ClusterId(own);
    epoch.options.epoch = Epoch(other);
    for (FileNode* node : {&cluster, &epoch}) {
      const auto opened = node->open();
      ASSERT_FALSE(opened);
      EXPECT_EQ(opened.error(), Errc::kForeignData);
      EXPECT_THAT(opened.error().message, HasSubstr(to_hex(own)));
      EXPECT_THAT(opened.error().message, HasSubstr(to_hex(other)));
      EXPECT_THAT(opened.error().message, HasSubstr(node->kFolder));
    }
    EXPECT_EQ(disk.paths(), paths) << "nothing of it is touched";
    FileNode right(disk);
    right.options.cluster = ClusterId(own);
    right.options.epoch = Epoch(own);
    EXPECT_TRUE(right.open());
  }
}

TEST(FileWAL, AnEmptiedFolderHasAnotherIncarnation) {
  SimulatedDisk disk;
  FileNode node(disk, 1);
  const WALState first = node.opened();
  SimulatedDisk emptied;
  FileNode again(emptied, 2);
  const WALState second = again.opened();
  EXPECT_NE(first.identity.incarnation, second.identity.incarnation);
}

TEST(FileWAL, ANewerFormatIsRefused) {
  SimulatedDisk disk;
  {
    FileNode node(disk);
    ASSERT_TRUE(node.open());
    ASSERT_FALSE(node.call().close());
  }
  // Version 2 in both copies of the header, with the checksum that belongs to it.
  auto bytes = disk.contents(segment_path(1));
  for (const std::size_t copy : {0U, 512U}) {
    std::vector<std::uint8_t> sector(bytes.begin() + static_cast<std::ptrdiff_t>(copy),
                                     bytes.begin() + static_cast<std::ptrdiff_t>(copy) + 512);
    sector[8] = 2;
    std::fill_n(sector.begin() + 12, 4, std::uint8_t{0});
    store_le(&sector[12], crc32c(sector));
    std::copy(sector.begin(), sector.end(), bytes.begin() + static_cast<std::ptrdiff_t>(copy));
  }
  disk.set_contents(segment_path(1), bytes);
  FileNode node(disk);
  const auto opened = node.open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error(), Errc::kNewerFormat);
  EXPECT_THAT(opened.error().message, HasSubstr("format 2"));
  EXPECT_THAT(opened.error().message, HasSubstr("up to 1"));
}

TEST(FileWAL, AFailedSyncIsFinal) {
  SimulatedDisk disk;
  {
    FileNode node(disk);
    ASSERT_TRUE(node.open());
    ASSERT_FALSE(node.call().write(append(1, 2, 1)));
    disk.fail_call(disk.calls() + 2, Errc::kIo);  // write, sync
    std::vector<Error> errors;
    for (std::uint64_t index = 3; index <= 4; ++index) {
      node.wal->write(append(index, index, 1), [&](const Error& e) { errors.push_back(e); });
    }
    node.runtime.executor->run();
    ASSERT_EQ(errors.size(), 2U);
    EXPECT_EQ(errors[0], Errc::kSyncFailed);
    EXPECT_EQ(errors[1], Errc::kSyncFailed);
    EXPECT_EQ(node.call().write(append(3, 3, 1)), Errc::kSyncFailed);
    EXPECT_EQ(node.call().release(make_boundary(1, 1)), Errc::kSyncFailed);
    EXPECT_EQ(node.call().entries(1, 9).size(), 2U) << "what is durable can still be read";
    EXPECT_EQ(node.call().close(), Errc::kSyncFailed);
  }
  disk.crash(0);
  FileNode node(disk);
  ASSERT_TRUE(node.open());
  EXPECT_EQ(node.call().entries(1, 2).size(), 2U);
}

TEST(FileWAL, AFullDiskIsNotFinal) {
  SimulatedDisk disk;
  {
    FileNode node(disk);
    ASSERT_TRUE(node.open());
    ASSERT_FALSE(node.call().write(append(1, 2, 1)));
    disk.fail_call(disk.calls() + 1, Errc::kNoSpace);
    WALWrite lost = append(3, 6, 1);
    lost.hard_state = HardState{Term(9), kNode};
    EXPECT_EQ(node.call().write(std::move(lost)), Errc::kNoSpace);
    EXPECT_EQ(node.call().read(3, 3).error(), Errc::kOutOfRange);
    disk.fail_call(disk.calls() + 1, Errc::kNoSpace);  // in the fresh segment, once more
    EXPECT_EQ(node.call().write(append(3, 3, 2)), Errc::kNoSpace);
    EXPECT_FALSE(node.call().write(append(3, 3, 2)));
  }
  disk.crash(1);
  FileNode node(disk);
  const auto state = node.open();
  ASSERT_TRUE(state);
  EXPECT_EQ(state->last_promised, (EntryId{Index(3), Term(2)}));
  EXPECT_EQ(state->hard_state, HardState{});
  EXPECT_TRUE(state->damaged.empty());
  EXPECT_TRUE(same(node.call().entries(3, 3).at(0), make_entry(3, 2)));
}

TEST(FileWAL, ZerosAreFilledInAheadWithoutASyncOfTheirOwn) {
  SimulatedDisk disk;
  FileNode node(disk);
  node.options.zero_fill_bytes = 16 << 10;
  ASSERT_TRUE(node.open());
  const std::uint64_t syncs = disk.syncs();
  for (std::uint64_t index = 1; index <= 60; ++index) {
    ASSERT_FALSE(node.call().write(append(index, index, 1)));
    const auto& bytes = disk.contents(segment_path(1));
    const std::size_t end = batch_offsets(bytes).back() + 512;
    EXPECT_GE(bytes.size(), end + (8 << 10)) << index;
    EXPECT_LE(bytes.size(), node.options.segment_bytes + node.options.zero_fill_bytes);
  }
  EXPECT_EQ(disk.syncs() - syncs, 60U);
}

TEST(FileWAL, OneFillDoesForManyAppendsAndLargeOnesGoWithout) {
  SimulatedDisk disk;
  FileNode node(disk);
  node.options.segment_bytes = 64 << 20;
  node.options.zero_fill_bytes = 4 << 20;
  ASSERT_TRUE(node.open());
  const auto size = [&] { return disk.contents(segment_path(1)).size(); };
  const auto times_grown = [&](std::uint64_t first, std::uint64_t last, std::size_t payload_bytes) {
    int grown = 0;
    for (std::uint64_t index = first; index <= last; ++index) {
      const std::size_t before = size();
      EXPECT_FALSE(node.call().write(append(index, index, 1, payload_bytes)));
      if (size() > before) ++grown;
    }
    return grown;
  };
  times_grown(1, 8, 64 << 10);  // far enough ahead
  EXPECT_LE(times_grown(9, 72, 64 << 10), 6);
  times_grown(73, 100, 200 << 10);  // uses up what was ahead
  const std::size_t before = size();
  EXPECT_EQ(times_grown(101, 105, 200 << 10), 5);
  EXPECT_LT(size() - before, std::size_t{5 * 201} << 10) << "no zeros";
}

TEST(FileWAL, TheEndIsMarkedWhenIdle) {
  SimulatedDisk disk;
  FileNode node(disk);
  ASSERT_TRUE(node.open());
  ASSERT_FALSE(node.call().write(append(1, 1, 1)));
  const std::size_t before = batch_offsets(disk.contents(segment_path(1))).size();
  node.runtime.fire_timers();
  node.runtime.fire_timers();
  EXPECT_EQ(batch_offsets(disk.contents(segment_path(1))).size(), before + 1);
  for (int round = 0; round < 5; ++round) node.runtime.fire_timers();
  EXPECT_EQ(batch_offsets(disk.contents(segment_path(1))).size(), before + 1) << "once is enough";
  ASSERT_FALSE(node.call().write(append(2, 2, 1)));
  EXPECT_EQ(node.call().entries(1, 2).size(), 2U);
}

TEST(FileWAL, ThePlacesInMemoryAreFewHoweverMuchIsWritten) {
  constexpr std::uint64_t kBatchBytes = 4096;
  constexpr std::uint64_t kSegmentBytes = 64 << 20;
  LogMap map;
  Index next(1);
  for (std::uint64_t segment = 1; segment <= 16; ++segment) {  // 1 GiB
    map.begin_segment({segment, segment, 0});
    for (std::uint64_t offset = 1024; offset < kSegmentBytes; offset += kBatchBytes) {
      map.add_batch(offset, offset + kBatchBytes, {next, next});
      next = next.next();
    }
  }
  ASSERT_EQ(map.extents().size(), 16U);
  for (const LogMap::Extent& extent : map.extents()) {
    EXPECT_LE(extent.places.size(), 64U);
    for (Index index = extent.range.first; index <= extent.range.last; index = index.next()) {
      const LogMap::Place& place = LogMap::nearest_place(extent, index);
      ASSERT_LE(place.first, index);
      ASSERT_LE((index.value() - place.first.value()) * kBatchBytes, 4U << 20) << "a short walk";
      map.learn(extent.segment, index, {index, 1024 + (index.value() - 1) % 16384 * kBatchBytes});
    }
    EXPECT_LE(extent.places.size(), 64U) << "those that readers come by too";
  }
}

TEST(FileWAL, ATermDoesNotFallBehindABoundaryOfTheSameWrite) {
  SimulatedDisk disk;
  FileNode node(disk);
  ASSERT_TRUE(node.open());
  std::vector<Error> answers;
  const auto note = [&](const Error& error) { answers.push_back(error); };
  WALWrite reset;
  reset.boundary = make_boundary(50, 9);
  WALWrite falls = append(51, 51, 1);
  falls.truncate_from = Index(51);
  node.wal->write(std::move(reset), note);
  node.wal->write(append(51, 51, 9), note);
  node.wal->write(std::move(falls), note);
  node.runtime.executor->run();
  ASSERT_EQ(answers.size(), 3U);
  EXPECT_FALSE(answers[0]);
  EXPECT_FALSE(answers[1]);
  EXPECT_EQ(answers[2], Errc::kInvalidArgument);
}

/// Callers keep the log, whose queue keeps their calls: an executor that ends first unties that.
TEST(FileWAL, AnExecutorThatEndsLetsGoOfWhatWaits) {
  const auto disk = std::make_shared<SimulatedDisk>();
  SimulatedRuntime simulated(1);
  const auto machine = simulated.make_machine(disk);
  FileWALOptions options;
  options.folder = FileNode::kFolder;
  options.node = kNode;
  options.group = kGroup;
  options.log = [](LogLevel, std::string_view) {};
  std::shared_ptr<FileWALManager> log =
      *FileWALManager::create(options, *machine, machine->make_worker("wal"));
  log->open([log](const Result<WALState>& state) { EXPECT_TRUE(state); });
  simulated.run_for(std::chrono::seconds(0));
  log->write(append(1, 1, 1), [log](const Error&) { ADD_FAILURE() << "nothing runs any more"; });
  const std::weak_ptr<FileWALManager> left = std::exchange(log, {});
  EXPECT_FALSE(left.expired());
  machine->power_off();
  EXPECT_TRUE(left.expired());
}

TEST(FileWAL, OptionsAreChecked) {
  const auto problems = check(FileWALOptions{});
  ASSERT_EQ(problems.size(), 2U);
  EXPECT_EQ(problems[0].field, "folder");
  EXPECT_EQ(problems[1].field, "node");
  FileWALOptions options;
  options.folder = "/log";
  options.node = kNode;
  EXPECT_TRUE(check(options).empty());
  options.segment_bytes = 100;
  options.mark_end_after = std::chrono::milliseconds(-1);
  EXPECT_EQ(check(options).size(), 3U) << "zero_fill_bytes exceeds segment_bytes too";
  SimulatedDisk disk;
  ManualRuntime runtime(disk);
  EXPECT_EQ(FileWALManager::create(options, runtime, runtime.executor).error(),
            Errc::kInvalidArgument);
}

}  // namespace
}  // namespace lockstep::testing
