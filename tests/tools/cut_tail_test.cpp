#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tools/sample_log.hpp"

namespace lockstep::testing {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using tools::ExitStatus;

class CutTail : public ::testing::Test {
 protected:
  CutTail() {
    SampleLog::write(disk);
    place = find_batch(disk, "/log", 280);
    disk.flip_bit(place.path, place.offset + 9);  // the batch's header
    first = place.range.first.value();
  }
  std::vector<std::vector<std::uint8_t>> all_bytes() const {
    std::vector<std::vector<std::uint8_t>> all;
    for (const std::string& path : disk.paths()) all.push_back(disk.contents(path));
    return all;
  }

  SimulatedDisk disk;
  BatchPlace place;
  std::uint64_t first = 0;
};

TEST_F(CutTail, SaysWhatWouldBeLostAndChangesNoByte) {
  const auto bytes = all_bytes();
  const std::vector<std::string> paths = disk.paths();
  const std::uint64_t written = disk.bytes_written();
  const Outcome outcome = run_tool(disk, {"repair", "/log", "--cut-tail"});
  EXPECT_EQ(outcome.status, ExitStatus::kDamaged);
  const std::uint64_t lost = SampleLog::kLast - first + 1;
  EXPECT_THAT(outcome.out, HasSubstr("loses entries " + std::to_string(first) +
                                     "..400 (terms 1 to 2): 5 damaged and " +
                                     std::to_string(lost - 5) + " readable ones."));
  EXPECT_THAT(outcome.out, HasSubstr("may have been acknowledged, and committed"));
  EXPECT_THAT(outcome.out, HasSubstr("This node promised to keep them"));
  EXPECT_THAT(outcome.out, EndsWith("Nothing was changed. To cut, say --yes.\n"));
  EXPECT_EQ(disk.paths(), paths);
  EXPECT_EQ(all_bytes(), bytes);
  EXPECT_EQ(disk.bytes_written(), written);
}

TEST_F(CutTail, CutsFromTheFirstDamagedEntryOnWhenTold) {
  const Outcome outcome = run_tool(disk, {"repair", "/log", "--cut-tail", "--yes"});
  EXPECT_EQ(outcome.status, ExitStatus::kWhole) << outcome.out << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("cut: entries " + std::to_string(first) + "..400 are gone\n"));
  EXPECT_EQ(run_tool(disk, {"verify", "/log"}).status, ExitStatus::kWhole);
  FileNode node(disk);
  const WALState state = node.opened();
  EXPECT_EQ(state.last_promised, (EntryId{Index(first - 1), Term(1)}));
  EXPECT_TRUE(state.damaged.empty());
  EXPECT_EQ(state.hard_state, (HardState{Term(2), NodeId("node-2")})) << "the vote must stay";
  const auto entries = node.call().entries(SampleLog::kFirst, first - 1);
  ASSERT_EQ(entries.size(), first - SampleLog::kFirst);
  for (const Entry& entry : entries) {
    ASSERT_TRUE(same(entry, SampleLog::entry(entry.header.index.value())));
  }
}

TEST_F(CutTail, NeverCutsALogInUse) {
  const auto lock = disk.lock("/log/lock");
  const std::uint64_t written = disk.bytes_written();
  const Outcome outcome = run_tool(disk, {"repair", "/log", "--cut-tail", "--yes"});
  EXPECT_EQ(outcome.status, ExitStatus::kFailed);
  EXPECT_THAT(outcome.err, HasSubstr("stop that node first"));
  EXPECT_EQ(disk.bytes_written(), written);
}

TEST(CutTailOfAWholeLog, HasNothingToDo) {
  SimulatedDisk disk;
  SampleLog::write(disk);
  const std::uint64_t written = disk.bytes_written();
  const Outcome outcome = run_tool(disk, {"repair", "/log", "--cut-tail", "--yes"});
  EXPECT_EQ(outcome.status, ExitStatus::kWhole);
  EXPECT_THAT(outcome.out, HasSubstr("nothing to cut"));
  EXPECT_EQ(disk.bytes_written(), written);
}

}  // namespace
}  // namespace lockstep::testing
