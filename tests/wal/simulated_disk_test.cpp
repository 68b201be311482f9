// The disk that the tests of the logs rest on: what it keeps, loses and refuses.
#include "lockstep/testing/simulated_disk.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <thread>

namespace lockstep::testing {
namespace {

using ::testing::ElementsAre;
using Bytes = std::vector<std::uint8_t>;

Bytes filled(std::size_t bytes, std::uint8_t with) { return Bytes(bytes, with); }

Result<> write(IFile& file, std::uint64_t offset, const Bytes& bytes) {
  const ByteSpan piece(bytes);
  return file.write(offset, {&piece, 1});
}

std::size_t count(const Bytes& bytes, std::uint8_t wanted) {
  return static_cast<std::size_t>(std::count(bytes.begin(), bytes.end(), wanted));
}

/// A disk with the folder /f.
SimulatedDisk disk_with_folder() {
  SimulatedDisk disk;
  EXPECT_TRUE(disk.create_folder("/f"));
  return disk;
}

/// A durable file of these bytes.
std::unique_ptr<IFile> durable_file(SimulatedDisk& disk, const std::string& path,
                                    const Bytes& bytes) {
  auto file = *disk.create(path);
  EXPECT_TRUE(write(*file, 0, bytes));
  EXPECT_TRUE(file->sync());
  EXPECT_TRUE(disk.sync_folder("/f"));
  return file;
}

TEST(SimulatedDisk, ReadsWhatWasWritten) {
  SimulatedDisk disk = disk_with_folder();
  const auto file = *disk.create("/f/a");
  const Bytes first = filled(3, 1), second = filled(2, 2);
  const ByteSpan pieces[] = {first, second};
  ASSERT_TRUE(file->write(4, pieces));
  Bytes into(20, 9);
  ASSERT_EQ(*file->read(2, into), 7U);
  EXPECT_THAT(Bytes(into.begin(), into.begin() + 8), ElementsAre(0, 0, 1, 1, 1, 2, 2, 9));
  EXPECT_EQ(*file->read(9, into), 0U);
  EXPECT_EQ(*file->size(), 9U);
  EXPECT_EQ(disk.bytes_written(), 5U);
  EXPECT_EQ(disk.bytes_read(), 7U);
  EXPECT_EQ(disk.calls(), 6U);
  EXPECT_EQ(disk.create("/f/a").error(), Errc::kIo) << "it exists";
  EXPECT_EQ(disk.open("/f/b").error(), Errc::kIo);
  EXPECT_EQ(disk.create("/g/a").error(), Errc::kIo) << "no such folder";
  const auto reader = *disk.open_to_read("/f/a");
  EXPECT_EQ(*reader->size(), 9U);
  EXPECT_EQ(write(*reader, 0, first).error(), Errc::kIo);
}

TEST(SimulatedDisk, ListsTheFilesOfAFolder) {
  SimulatedDisk disk = disk_with_folder();
  ASSERT_TRUE(disk.create_folder("/f/deep/er/"));
  for (const char* path : {"/f/b", "/f/a", "/f/deep/c"}) ASSERT_TRUE(disk.create(path));
  EXPECT_THAT(*disk.list("/f"), ElementsAre("a", "b"));
  EXPECT_THAT(*disk.list("/f/"), ElementsAre("a", "b"));
  EXPECT_THAT(*disk.list("/f/deep/er"), ElementsAre());
  EXPECT_FALSE(disk.list("/nowhere"));
  EXPECT_TRUE(*disk.exists("/f/a"));
  EXPECT_TRUE(*disk.exists("/f/deep"));
  EXPECT_FALSE(*disk.exists("/f/c"));
  ASSERT_TRUE(disk.rename("/f/a", "/f/c"));
  ASSERT_TRUE(disk.remove("/f/b"));
  EXPECT_THAT(*disk.list("/f"), ElementsAre("c"));
}

TEST(SimulatedDisk, ACrashKeepsWhatWasSynced) {
  for (const Tearing tearing : kAllTearings) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      SimulatedDisk disk = disk_with_folder();
      const auto file = durable_file(disk, "/f/a", filled(3000, 1));
      ASSERT_TRUE(write(*file, 3000, filled(3000, 2)));
      disk.crash(tearing, seed);
      const Bytes left = disk.contents("/f/a");
      ASSERT_GE(left.size(), 3000U);
      EXPECT_EQ(count(left, 1), 3000U);
      const std::size_t more = count(left, 2);
      EXPECT_TRUE(tearing != Tearing::kNothing || left.size() == 3000U);
      EXPECT_TRUE(tearing != Tearing::kAll || more == 3000U) << more;
    }
  }
}

TEST(SimulatedDisk, ACrashTearsWhatWasNotSyncedInEveryWay) {
  std::set<Bytes> by_sectors, by_bytes, prefixes;
  bool earlier_lost = false;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    SimulatedDisk whole = disk_with_folder();
    const auto file = durable_file(whole, "/f/a", {});
    ASSERT_TRUE(write(*file, 100, filled(1000, 1)));  // 412, 512 and 76 bytes of three sectors
    ASSERT_TRUE(write(*file, 2048, filled(512, 2)));
    const auto left_by = [&](Tearing tearing) {
      SimulatedDisk disk = whole.copy();
      disk.crash(tearing, seed);
      return disk.contents("/f/a");
    };
    const Bytes sectors = left_by(Tearing::kSectors);
    by_sectors.insert(sectors);
    if (count(sectors, 2) == 512 && count(sectors, 1) == 0) earlier_lost = true;
    by_bytes.insert(left_by(Tearing::kBytes));
    prefixes.insert(left_by(Tearing::kPrefix));
  }
  EXPECT_EQ(by_sectors.size(), 16U) << "every subset of the four sectors";
  EXPECT_TRUE(earlier_lost) << "the order of writing does not bind the disk";
  EXPECT_GT(by_bytes.size(), 190U);
  EXPECT_GT(prefixes.size(), 100U);
  for (const Bytes& bytes : prefixes) {
    EXPECT_TRUE(count(bytes, 2) == 0 || count(bytes, 1) == 1000);
  }
}

TEST(SimulatedDisk, NamesAreDurableOnceTheirFolderIsSynced) {
  std::set<std::vector<std::string>> left;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    SimulatedDisk disk = disk_with_folder();
    durable_file(disk, "/f/kept", filled(1, 1));
    durable_file(disk, "/f/moved", filled(1, 2));
    durable_file(disk, "/f/removed", filled(1, 3));
    const auto fresh = *disk.create("/f/new");
    ASSERT_TRUE(write(*fresh, 0, filled(1, 4)));
    ASSERT_TRUE(fresh->sync()) << "of the data, not of the name";
    ASSERT_TRUE(disk.rename("/f/moved", "/f/there"));
    ASSERT_TRUE(disk.remove("/f/removed"));
    SimulatedDisk synced = disk.copy();
    disk.crash(Tearing::kSectors, seed);
    left.insert(disk.paths());
    for (const std::string& path : disk.paths()) EXPECT_EQ(disk.contents(path).size(), 1U) << path;
    ASSERT_TRUE(synced.sync_folder("/f"));
    synced.crash(Tearing::kNothing, seed);
    EXPECT_THAT(synced.paths(), ElementsAre("/f/kept", "/f/new", "/f/there"));
  }
  EXPECT_EQ(left.size(), 8U) << "each of the three changes, or not";
}

TEST(SimulatedDisk, ARenameReplacesAtomically) {
  std::set<Bytes> left;
  for (const Tearing tearing : {Tearing::kNothing, Tearing::kAll}) {
    SimulatedDisk disk = disk_with_folder();
    durable_file(disk, "/f/a", filled(1, 1));
    durable_file(disk, "/f/b", filled(1, 2));
    ASSERT_TRUE(disk.rename("/f/b", "/f/a"));
    disk.crash(tearing, 1);
    left.insert(disk.contents("/f/a"));
    EXPECT_EQ(*disk.exists("/f/b"), tearing == Tearing::kNothing);
  }
  EXPECT_EQ(left.size(), 2U);
}

TEST(SimulatedDisk, AFileWithoutANameIsGoneAfterACrash) {
  SimulatedDisk disk = disk_with_folder();
  const auto file = *disk.create("/f/a");
  ASSERT_TRUE(write(*file, 0, filled(10, 1)));
  ASSERT_TRUE(file->sync());
  disk.crash(Tearing::kNothing, 1);
  EXPECT_TRUE(disk.paths().empty());
  EXPECT_TRUE(disk.create("/f/a")) << "the folder stays";
}

TEST(SimulatedDisk, AnyCallCanFailOnce) {
  for (const Errc code : {Errc::kIo, Errc::kNoSpace}) {
    SimulatedDisk disk = disk_with_folder();
    const auto file = durable_file(disk, "/f/a", filled(10, 1));
    Bytes into(1);
    const std::vector<std::function<Error()>> calls = {
        [&] { return disk.create_folder("/f/x").error(); },
        [&] { return disk.list("/f").error(); },
        [&] { return disk.exists("/f").error(); },
        [&] { return disk.create("/f/x").error(); },
        [&] { return disk.open("/f/a").error(); },
        [&] { return disk.open_to_read("/f/a").error(); },
        [&] { return disk.rename("/f/a", "/f/b").error(); },
        [&] { return disk.remove("/f/a").error(); },
        [&] { return disk.free_bytes("/f").error(); },
        [&] { return disk.lock("/f/lock").error(); },
        [&] { return write(*file, 0, filled(10, 2)).error(); },
        [&] { return file->read(0, into).error(); },
        [&] { return file->size().error(); },
    };
    for (const auto& call : calls) {
      disk.fail_call(disk.calls() + 1, code);
      EXPECT_EQ(call(), code);
    }
    EXPECT_THAT(disk.paths(), ElementsAre("/f/a")) << "what failed was not done";
    disk.fail_call(disk.calls() + 1, code);
    EXPECT_EQ(disk.sync_folder("/f").error(), Errc::kSyncFailed);
    EXPECT_TRUE(disk.sync_folder("/f")) << "once";
    disk.fail_call(disk.calls() + 2, code);
    EXPECT_TRUE(file->size());
    EXPECT_EQ(file->sync().error(), Errc::kSyncFailed);
    EXPECT_TRUE(file->sync());
    disk.fail_from_call(disk.calls() + 2, code);
    EXPECT_TRUE(file->size());
    EXPECT_EQ(file->size().error(), code);
    EXPECT_EQ(file->size().error(), code) << "lasting";
    disk.heal();
    EXPECT_TRUE(file->size());
    disk.fail_changes_from_call(disk.calls() + 1, code);
    EXPECT_TRUE(file->size());
    EXPECT_TRUE(file->read(0, into));
    EXPECT_TRUE(disk.open("/f/a"));
    EXPECT_EQ(disk.remove("/f/a").error(), code);
    EXPECT_EQ(write(*file, 0, filled(10, 2)).error(), code);
    EXPECT_EQ(file->sync().error(), Errc::kSyncFailed);
  }
}

TEST(SimulatedDisk, AFailedWriteMayHaveWrittenAPart) {
  using Written = SimulatedDisk::Written;
  const std::pair<Written, std::size_t> cases[] = {
      {Written::kNothing, 0}, {Written::kHalf, 50}, {Written::kAllButOneByte, 99}};
  for (const auto& [written, bytes] : cases) {
    SimulatedDisk disk = disk_with_folder();
    const auto file = *disk.create("/f/a");
    disk.fail_call(disk.calls() + 1, Errc::kNoSpace, written);
    EXPECT_EQ(write(*file, 0, filled(100, 1)).error(), Errc::kNoSpace);
    EXPECT_EQ(disk.contents("/f/a").size(), bytes);
  }
}

TEST(SimulatedDisk, AfterAFailedSyncTheCacheLies) {
  std::size_t kept = 0;
  constexpr std::size_t kRounds = 40;
  for (std::uint64_t round = 0; round < kRounds; ++round) {
    SimulatedDisk disk = disk_with_folder();
    for (std::uint64_t i = 0; i < round; ++i) ASSERT_TRUE(disk.exists("/f"));  // seeds the failure
    const auto file = durable_file(disk, "/f/a", filled(8192, 1));
    ASSERT_TRUE(write(*file, 0, filled(512, 2)));
    disk.fail_call(disk.calls() + 1);
    ASSERT_EQ(file->sync().error(), Errc::kSyncFailed);
    EXPECT_EQ(count(disk.contents("/f/a"), 2), 512U) << "reads back well";
    ASSERT_TRUE(write(*file, 4096, filled(512, 3)));
    ASSERT_TRUE(file->sync()) << "the second call knows of no failure";
    SimulatedDisk again = disk.copy();
    disk.crash(Tearing::kAll, round);
    EXPECT_EQ(count(disk.contents("/f/a"), 3), 512U) << "what came later is there";
    kept += count(disk.contents("/f/a"), 2) / 512;
    // Writing to the same page makes all of it dirty.
    const auto same = *again.open("/f/a");
    ASSERT_TRUE(write(*same, 1024, filled(1, 4)));
    ASSERT_TRUE(same->sync());
    again.crash(Tearing::kNothing, round);
    EXPECT_EQ(count(again.contents("/f/a"), 2), 512U);
  }
  EXPECT_GT(kept, 0U) << "some sectors got there before the failure";
  EXPECT_LT(kept, kRounds);
}

TEST(SimulatedDisk, ThePowerGoesDuringACallThatMayHaveHappened) {
  bool there = false, gone = false;
  for (const Tearing tearing : kAllTearings) {
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
      SimulatedDisk disk = disk_with_folder();
      const auto file = durable_file(disk, "/f/a", {});
      disk.cut_power_at(disk.calls() + 1);
      EXPECT_EQ(write(*file, 0, filled(512, 1)).error(), Errc::kIo);
      EXPECT_EQ(file->sync().error(), Errc::kSyncFailed);
      EXPECT_EQ(write(*file, 512, filled(512, 2)).error(), Errc::kIo);
      EXPECT_FALSE(disk.create("/f/b"));
      EXPECT_FALSE(disk.remove("/f/a"));
      disk.crash(tearing, seed);
      EXPECT_THAT(disk.paths(), ElementsAre("/f/a"));
      EXPECT_EQ(count(disk.contents("/f/a"), 2), 0U) << "no later call does anything";
      (count(disk.contents("/f/a"), 1) == 512 ? there : gone) = true;
    }
  }
  EXPECT_TRUE(there && gone);
  SimulatedDisk disk = disk_with_folder();
  const auto file = durable_file(disk, "/f/a", {});
  ASSERT_TRUE(write(*file, 0, filled(512, 1)));
  disk.cut_power_at(disk.calls() + 1);
  EXPECT_EQ(file->sync().error(), Errc::kSyncFailed);
  SimulatedDisk lucky = disk.copy();
  disk.crash(Tearing::kNothing, 1);
  EXPECT_TRUE(disk.contents("/f/a").empty()) << "the sync had not got far";
  lucky.crash(Tearing::kAll, 1);
  EXPECT_EQ(lucky.contents("/f/a").size(), 512U) << "or it had";
}

TEST(SimulatedDisk, FilesAndLocksOfBeforeACrashAreDead) {
  SimulatedDisk disk = disk_with_folder();
  auto old_lock = *disk.lock("/f/lock");
  const auto file = durable_file(disk, "/f/a", filled(10, 1));
  EXPECT_EQ(disk.lock("/f/lock").error(), Errc::kLocked);
  disk.drop_process();
  EXPECT_EQ(write(*file, 0, filled(10, 2)).error(), Errc::kIo);
  EXPECT_EQ(file->sync().error(), Errc::kSyncFailed);
  EXPECT_EQ(count(disk.contents("/f/a"), 1), 10U);
  const auto lock = *disk.lock("/f/lock");
  old_lock.reset();
  EXPECT_EQ(disk.lock("/f/lock").error(), Errc::kLocked) << "the new one is held";
}

TEST(SimulatedDisk, AFullDiskTakesWhatFitsAndGivesRoomBack) {
  SimulatedDisk disk = disk_with_folder();
  EXPECT_EQ(*disk.free_bytes("/f"), ~std::uint64_t{0});
  disk.set_capacity(1000);
  auto file = *disk.create("/f/a");
  ASSERT_TRUE(write(*file, 0, filled(600, 1)));
  EXPECT_EQ(*disk.free_bytes("/f"), 400U);
  const auto other = *disk.create("/f/b");
  EXPECT_EQ(write(*other, 0, filled(500, 2)).error(), Errc::kNoSpace);
  EXPECT_EQ(disk.contents("/f/b").size(), 400U);
  EXPECT_EQ(*disk.free_bytes("/f"), 0U);
  EXPECT_TRUE(write(*file, 0, filled(600, 3))) << "what is there can be written again";
  ASSERT_TRUE(disk.remove("/f/a"));
  EXPECT_EQ(*disk.free_bytes("/f"), 0U) << "an open file holds its room";
  file.reset();
  EXPECT_EQ(*disk.free_bytes("/f"), 600U);
  disk.set_capacity(10);
  EXPECT_EQ(*disk.free_bytes("/f"), 0U);
  EXPECT_EQ(write(*other, 400, filled(1, 2)).error(), Errc::kNoSpace);
  disk.set_capacity(std::nullopt);
  EXPECT_TRUE(write(*other, 400, filled(1, 2)));
  EXPECT_EQ(disk.used_bytes(), 401U);
}

TEST(SimulatedDisk, BitsRotAndSectorsBecomeUnreadable) {
  SimulatedDisk disk = disk_with_folder();
  const auto file = durable_file(disk, "/f/a", filled(2000, 0));
  ASSERT_TRUE(write(*file, 1999, filled(2, 0)));
  disk.flip_bit("/f/a", 7, 3);
  EXPECT_EQ(disk.contents("/f/a")[7], 8U);
  disk.crash(Tearing::kNothing, 1);
  EXPECT_EQ(disk.contents("/f/a")[7], 8U);
  EXPECT_EQ(disk.contents("/f/a").size(), 2000U) << "rot makes nothing durable";
  disk.fail_reads("/f/a", 512, 512);
  const auto again = *disk.open("/f/a");
  Bytes into(512);
  EXPECT_TRUE(again->read(0, into));
  EXPECT_EQ(again->read(1, into).error(), Errc::kIo);
  EXPECT_EQ(again->read(1023, into).error(), Errc::kIo);
  EXPECT_TRUE(again->read(1024, into));
  ASSERT_TRUE(write(*again, 512, filled(512, 1)));
  EXPECT_TRUE(again->read(1, into)) << "the disk puts another sector there";
  disk.fail_reads("/f/a", 0, 2000);
  EXPECT_FALSE(again->read(1, into));
  disk.mend_reads();
  EXPECT_TRUE(again->read(1, into));
}

TEST(SimulatedDisk, ACopyGoesItsOwnWay) {
  SimulatedDisk disk = disk_with_folder();
  const auto file = durable_file(disk, "/f/a", filled(10, 1));
  ASSERT_TRUE(write(*file, 0, filled(10, 2)));
  ASSERT_TRUE(disk.create("/f/b"));
  SimulatedDisk copy = disk.copy();
  copy.crash(Tearing::kNothing, 1);
  EXPECT_EQ(count(copy.contents("/f/a"), 1), 10U);
  EXPECT_EQ(count(disk.contents("/f/a"), 2), 10U);
  EXPECT_THAT(copy.paths(), ElementsAre("/f/a"));
  EXPECT_THAT(disk.paths(), ElementsAre("/f/a", "/f/b"));
}

TEST(SimulatedDisk, EqualSeedsLeaveEqualDisks) {
  SimulatedDisk disk = disk_with_folder();
  const auto file = durable_file(disk, "/f/a", {});
  for (std::uint64_t i = 0; i < 20; ++i) {
    ASSERT_TRUE(write(*file, i * 700, filled(700, static_cast<std::uint8_t>(i))));
  }
  std::set<Bytes> left;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    SimulatedDisk first = disk.copy(), second = disk.copy();
    first.crash(seed);
    second.crash(seed);
    EXPECT_EQ(first.contents("/f/a"), second.contents("/f/a"));
    left.insert(first.contents("/f/a"));
  }
  EXPECT_GT(left.size(), 5U);
}

TEST(SimulatedDisk, AHangHoldsItsCallersUntilHealed) {
  SimulatedDisk disk = disk_with_folder();
  const auto file = durable_file(disk, "/f/a", {});
  disk.hang_from_call(disk.calls() + 2);
  EXPECT_TRUE(file->size());
  EXPECT_FALSE(disk.wait_until_hanging(std::chrono::milliseconds(0)));
  std::thread writer([&] { EXPECT_TRUE(write(*file, 0, filled(5, 1))); });
  EXPECT_TRUE(disk.wait_until_hanging());
  EXPECT_TRUE(disk.contents("/f/a").empty());
  disk.heal();
  writer.join();
  EXPECT_EQ(disk.contents("/f/a").size(), 5U);
}

}  // namespace
}  // namespace lockstep::testing
