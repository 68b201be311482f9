#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tools/sample_log.hpp"

namespace lockstep::testing {
namespace {

using nlohmann::json;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using tools::ExitStatus;

TEST(Inspect, TellsWhoseLogItIsAndWhatItHolds) {
  SimulatedDisk disk;
  SampleLog::write(disk);
  const Outcome outcome = run_tool(disk, {"inspect", "/log"});
  EXPECT_EQ(outcome.status, ExitStatus::kWhole) << outcome.err;
  for (const char* line :
       {"live            no\n", "node            node-1\n", "group           7\n",
        "cluster         c1000000000000000000000000000000\n",
        "epoch           e9000000000000000000000000000000\n", "current term    2\n",
        "voted for       node-2\n", "entries         51..400 (350)\n",
        "terms           1 (51..290), 2 (291..400)\n", "last promised   index 400, term 2\n",
        "boundary        index 50, term 1", "3 digests since\n", "members         entry 60\n",
        "node-4 (04000000000000000000000000000000)\n", "install intent  none\n",
        "damaged         none that opening finds\n"}) {
    EXPECT_THAT(outcome.out, HasSubstr(line));
  }
  EXPECT_THAT(outcome.out,
              ContainsRegex("segment-[0-9a-f]+\\.wal  [0-9]+ bytes, entries 51\\.\\."));
}

TEST(Inspect, SpeaksJson) {
  SimulatedDisk disk;
  SampleLog::write(disk);
  const Outcome outcome = run_tool(disk, {"inspect", "/log", "--json"});
  const json object = json::parse(outcome.out, nullptr, false);
  ASSERT_TRUE(object.is_object()) << outcome.out;
  EXPECT_EQ(object["node"], "node-1");
  EXPECT_EQ(object["first"], 51);
  EXPECT_EQ(object["last"], 400);
  EXPECT_EQ(object["terms"].size(), 2u);
  EXPECT_EQ(object["hard_state"]["voted_for"], "node-2");
  EXPECT_EQ(object["members"]["voters"].size(), 3u);
  EXPECT_EQ(object["boundary"]["last"]["index"], 50);
  EXPECT_EQ(object["live"], false);
  EXPECT_TRUE(object["damaged"].empty());
  std::uint64_t entries = 0;
  for (const json& segment : object["segments"]) {
    EXPECT_GT(segment["bytes"], 1024);
    for (const json& range : segment["entries"]) {
      entries += range["last"].get<std::uint64_t>() - range["first"].get<std::uint64_t>() + 1;
    }
  }
  EXPECT_GE(object["segments"].size(), 3u);
  EXPECT_EQ(entries, 350u);
}

TEST(Inspect, ShowsTheBallast) {
  SimulatedDisk disk;
  {
    FileNode node(disk);
    node.options.ballast_bytes = 4096;
    node.opened();
  }
  EXPECT_THAT(run_tool(disk, {"inspect", "/log"}).out, HasSubstr("ballast         4096 bytes\n"));
}

TEST(Inspect, TellsOfAnInstallThatIsUnderWay) {
  SimulatedDisk disk;
  {
    FileNode node(disk);
    node.opened();
    WALWrite write;
    write.install_intent = InstallIntent{"snapshot-9", {Index(77), Term(3)}};
    ASSERT_FALSE(node.call().write(write));
  }
  const Outcome outcome = run_tool(disk, {"inspect", "/log"});
  EXPECT_THAT(outcome.out, HasSubstr("install intent  \"snapshot-9\", index 77, term 3\n"));
  EXPECT_THAT(outcome.out, HasSubstr("entries         none\n"));
  EXPECT_THAT(outcome.out, HasSubstr("cluster         none\n"));
}

TEST(Inspect, SaysWhyALogDoesNotOpen) {
  SimulatedDisk disk;
  {
    FileNode node(disk);
    node.opened();
    ASSERT_FALSE(node.call().write(append(1, 3, 1)));
  }
  // Both copies of what must be known of the log.
  const std::string path = last_segment(disk);
  const std::vector<std::size_t> batches = batch_offsets(disk.contents(path));
  disk.flip_bit(path, batches[0] + 200);
  disk.flip_bit(path, batches[1] + 200);
  const Outcome outcome = run_tool(disk, {"inspect", "/log"});
  EXPECT_EQ(outcome.status, ExitStatus::kDamaged);
  EXPECT_THAT(outcome.out, HasSubstr("the log does not open: "));
  EXPECT_THAT(outcome.out, HasSubstr("both copies of the segment's summary are damaged"));
  EXPECT_EQ(run_tool(disk, {"verify", "/log"}).status, ExitStatus::kDamaged);
  EXPECT_EQ(run_tool(disk, {"dump", "/log"}).status, ExitStatus::kFailed);
  EXPECT_EQ(run_tool(disk, {"repair", "/log", "--cut-tail", "--yes"}).status, ExitStatus::kDamaged);
}

}  // namespace
}  // namespace lockstep::testing
