#include "tools/lockstep_wal/verify.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tools/lockstep_wal/output.hpp"
#include "tools/sample_log.hpp"

namespace lockstep::testing {
namespace {

using nlohmann::json;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using tools::ExitStatus;

TEST(Verify, FindsAWholeLogWhole) {
  SimulatedDisk disk;
  SampleLog::write(disk);
  const Outcome outcome = run_tool(disk, {"verify", "/log"});
  EXPECT_EQ(outcome.status, ExitStatus::kWhole) << outcome.out;
  EXPECT_THAT(outcome.out, EndsWith("\nwhole\n"));
  EXPECT_EQ(outcome.err, "");
  const json object = json::parse(run_tool(disk, {"verify", "/log", "--json"}).out);
  EXPECT_EQ(object["whole"], true);
  EXPECT_TRUE(object["findings"].empty());
  EXPECT_TRUE(object["damaged"].empty());
}

TEST(Verify, NamesTheFileThePlaceAndTheEntriesOfAColdSegment) {
  SimulatedDisk disk;
  SampleLog::write(disk);
  const BatchPlace place = find_batch(disk, "/log", 120);
  ASSERT_NE(place.path, last_segment(disk));
  disk.flip_bit(place.path, place.offset + 128 + 60);  // in the first entry's payload
  EXPECT_EQ(run_tool(disk, {"inspect", "/log"}).status, ExitStatus::kWhole)
      << "opening reads the newest segment only";
  const Outcome outcome = run_tool(disk, {"verify", "/log"});
  EXPECT_EQ(outcome.status, ExitStatus::kDamaged);
  const std::string first = to_string(place.range.first);
  EXPECT_THAT(outcome.out,
              HasSubstr(place.path.substr(5) + ", bytes " + std::to_string(place.offset) + " to "));
  EXPECT_THAT(outcome.out, HasSubstr("entries " + first +
                                     "; synced before, so perhaps acknowledged and committed\n"));
  EXPECT_THAT(outcome.out, EndsWith("DAMAGED: entries " + first + " cannot be read\n"));

  const json object = json::parse(run_tool(disk, {"verify", "/log", "--json"}).out);
  EXPECT_EQ(object["whole"], false);
  ASSERT_EQ(object["findings"].size(), 1u);
  EXPECT_EQ(object["findings"][0]["offset"], place.offset);
  EXPECT_EQ(object["findings"][0]["effect"], "lost");
  EXPECT_EQ(object["findings"][0]["may_have_been_committed"], true);
  EXPECT_EQ(object["damaged"][0]["first"], place.range.first.value());
}

TEST(Verify, NamesAllEntriesOfABatchWhoseHeaderIsGone) {
  SimulatedDisk disk;
  SampleLog::write(disk);
  for (const std::uint64_t index : {120u, 395u}) {
    SimulatedDisk damaged = disk.copy();
    const BatchPlace place = find_batch(damaged, "/log", index);
    damaged.flip_bit(place.path, place.offset + 9);
    const auto checked = tools::verify_log(damaged, "/log");
    ASSERT_TRUE(checked) << checked.error().message;
    EXPECT_EQ(checked->damaged.ranges(), std::vector{place.range});
    ASSERT_EQ(checked->findings.size(), 1u);
    EXPECT_EQ(checked->findings[0].entries.ranges(), std::vector{place.range});
    EXPECT_EQ(checked->findings[0].offset, place.offset);
  }
}

TEST(Verify, TellsSpareCopiesAndPlacesWithoutUseFromLosses) {
  SimulatedDisk disk;
  SampleLog::write(disk);
  const std::string newest = last_segment(disk);
  {
    SimulatedDisk damaged = disk.copy();
    damaged.flip_bit(newest, 30);  // the first copy of the segment's header
    const Outcome outcome = run_tool(damaged, {"verify", "/log"});
    EXPECT_EQ(outcome.status, ExitStatus::kDamaged);
    EXPECT_THAT(outcome.out, HasSubstr("nothing is lost"));
    EXPECT_THAT(outcome.out, HasSubstr("a spare copy cannot"));
  }
  {
    // Entry 30 was released; its segment stays for those behind it.
    SimulatedDisk damaged = disk.copy();
    const BatchPlace held = find_batch(damaged, "/log", 51);
    const std::vector<std::size_t> batches = batch_offsets(damaged.contents(held.path));
    damaged.flip_bit(held.path, batches[3] + 300);
    const Outcome outcome = run_tool(damaged, {"verify", "/log"});
    EXPECT_EQ(outcome.status, ExitStatus::kWhole) << outcome.out;
    EXPECT_THAT(outcome.out, HasSubstr("the log no longer needs what was there"));
  }
}

TEST(Verify, ATornTailIsNoDamage) {
  SimulatedDisk disk;
  {
    FileNode node(disk);
    node.opened();
    ASSERT_FALSE(node.call().write(append(1, 5, 1)));
    ASSERT_FALSE(node.call().write(append(6, 9, 1)));
  }
  const std::string path = last_segment(disk);
  const std::size_t last = batch_offsets(disk.contents(path)).back();
  disk.flip_bit(path, last + 200);
  const Outcome outcome = run_tool(disk, {"verify", "/log"});
  EXPECT_EQ(outcome.status, ExitStatus::kWhole) << outcome.out;
  EXPECT_THAT(outcome.out, HasSubstr("beyond the proven end"));
  const json object = json::parse(run_tool(disk, {"verify", "/log", "--json"}).out);
  ASSERT_EQ(object["findings"].size(), 1u);
  EXPECT_EQ(object["findings"][0]["effect"], "torn");
  EXPECT_EQ(object["findings"][0]["may_have_been_committed"], false);
}

TEST(Verify, AMissingSegmentAndAShortOneAreDamage) {
  SimulatedDisk disk;
  SampleLog::write(disk);
  const BatchPlace place = find_batch(disk, "/log", 200);
  {
    SimulatedDisk damaged = disk.copy();
    ASSERT_TRUE(damaged.remove(place.path));
    const Outcome outcome = run_tool(damaged, {"verify", "/log"});
    EXPECT_EQ(outcome.status, ExitStatus::kDamaged);
    EXPECT_THAT(outcome.out, HasSubstr("a segment that is not there"));
  }
  {
    SimulatedDisk damaged = disk.copy();
    std::vector<std::uint8_t> bytes = damaged.contents(place.path);
    bytes.resize(place.offset);
    damaged.set_contents(place.path, bytes);
    const auto checked = tools::verify_log(damaged, "/log");
    ASSERT_TRUE(checked);
    EXPECT_TRUE(checked->damaged.contains(place.range.first));
    ASSERT_EQ(checked->findings.size(), 1u);
    EXPECT_EQ(checked->findings[0].what, "the end of the segment");
    EXPECT_EQ(checked->findings[0].entries, checked->damaged);
  }
}

TEST(Verify, ASectorThatCannotBeReadIsDamageAndEndsNothing) {
  SimulatedDisk disk;
  SampleLog::write(disk);
  const BatchPlace place = find_batch(disk, "/log", 120);
  disk.fail_reads(place.path, place.offset, 512);  // a header, and with it the way to its entries
  const auto checked = tools::verify_log(disk, "/log");
  ASSERT_TRUE(checked) << checked.error().message;
  EXPECT_EQ(checked->damaged.ranges(), std::vector{place.range});
  const BatchPlace other = find_batch(disk, "/log", 220);
  disk.fail_reads(other.path, other.offset + 1024, 512);  // within the entries
  const auto again = tools::verify_log(disk, "/log");
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_TRUE(again->damaged.contains(place.range.first));
  EXPECT_FALSE(again->damaged.contains(other.range.first)) << "it lies before the bad sector";
  EXPECT_FALSE(again->damaged.within(other.range).empty());
  EXPECT_EQ(again->findings.size(), 2u);
}

TEST(Verify, ChangesNothingAndTakesNoLock) {
  SimulatedDisk disk;
  SampleLog::write(disk);
  const auto lock = disk.lock("/log/lock");
  ASSERT_TRUE(lock);
  const std::uint64_t written = disk.bytes_written();
  const std::uint64_t syncs = disk.syncs();
  const std::vector<std::string> paths = disk.paths();
  for (const char* command : {"inspect", "dump", "verify"}) {
    EXPECT_EQ(run_tool(disk, {command, "/log"}).status, ExitStatus::kWhole);
  }
  EXPECT_EQ(disk.bytes_written(), written);
  EXPECT_EQ(disk.syncs(), syncs);
  EXPECT_EQ(disk.paths(), paths);
}

}  // namespace
}  // namespace lockstep::testing
