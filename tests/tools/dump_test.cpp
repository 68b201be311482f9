#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "base/digest.hpp"
#include "tools/lockstep_wal/peer_dump.hpp"
#include "tools/sample_log.hpp"

namespace lockstep::testing {
namespace {

using ::testing::HasSubstr;
using tools::ExitStatus;

Result<tools::PeerDump> parse(const std::string& text) {
  std::istringstream lines(text);
  return tools::read_peer_dump(lines, "dump");
}

TEST(Dump, ShowsAnEntryALine) {
  SimulatedDisk disk;
  {
    FileNode node(disk);
    node.opened();
    Sha256 sha;
    EntryHeader header;
    header.group = kGroup;
    header.term = Term(4);
    header.index = Index(1);
    header.payload_bytes = 11;
    std::vector<Entry> entries = {seal_entry(sha, header, Payload("set x to 12").release()),
                                  make_entry(2, 5, 3, EntryKind::kNoop)};
    ASSERT_FALSE(node.call().write(append(entries)));
  }
  const Outcome outcome = run_tool(disk, {"dump", "/log"});
  EXPECT_EQ(outcome.status, ExitStatus::kWhole);
  std::istringstream lines(outcome.out);
  std::string line;
  std::getline(lines, line);
  EXPECT_EQ(line, "index term kind size digest payload");
  std::getline(lines, line);
  EXPECT_THAT(line, ::testing::MatchesRegex("1 4 command 11 [0-9a-f]{16} \"set x to 12\""));
  std::getline(lines, line);
  EXPECT_THAT(line, ::testing::MatchesRegex("2 5 noop 3 [0-9a-f]{16} .*"));
  EXPECT_FALSE(std::getline(lines, line));
}

TEST(Dump, HoldsEveryEntryByteForByte) {
  SimulatedDisk disk;
  SampleLog::write(disk);
  const Outcome outcome = run_tool(disk, {"dump", "/log", "--json"});
  EXPECT_EQ(outcome.status, ExitStatus::kWhole) << outcome.err;
  const auto dump = parse(outcome.out);
  ASSERT_TRUE(dump) << dump.error().message;
  EXPECT_EQ(dump->identity.node, kNode);
  EXPECT_EQ(dump->identity.group, kGroup);
  EXPECT_EQ(dump->identity.cluster, ClusterId({0xc1}));
  ASSERT_EQ(dump->entries.size(), 350u);
  for (const auto& [index, entry] : dump->entries) {
    ASSERT_TRUE(same(entry, SampleLog::entry(index.value()))) << index.value();
  }
}

TEST(Dump, TakesARangeAndSaysWhatOfItIsHeld) {
  SimulatedDisk disk;
  SampleLog::write(disk);
  const auto dumped = [&](const char* from, const char* to) {
    const Outcome outcome = run_tool(disk, {"dump", "/log", "--json", "--from", from, "--to", to});
    EXPECT_EQ(outcome.status, ExitStatus::kWhole);
    const auto dump = parse(outcome.out);
    EXPECT_TRUE(dump);
    std::string range = dump->entries.empty() ? "" : to_string(dump->entries.begin()->first);
    return range + "-" + to_string(dump->entries.rbegin()->first) + " " +
           std::to_string(dump->entries.size()) + " " + outcome.err;
  };
  EXPECT_EQ(dumped("100", "199"), "100-199 100 ");
  EXPECT_EQ(dumped("290", "291"), "290-291 2 ");
  EXPECT_EQ(dumped("400", "400"), "400-400 1 ");
  EXPECT_EQ(dumped("1", "51"), "51-51 1 lockstep-wal: only 51: the log holds 51..400\n");
  EXPECT_EQ(dumped("399", "999"), "399-400 2 lockstep-wal: only 399..400: the log holds 51..400\n");
  const Outcome outcome = run_tool(disk, {"dump", "/log", "--from", "401"});
  EXPECT_EQ(outcome.status, ExitStatus::kFailed);
  EXPECT_THAT(outcome.err, HasSubstr("the log holds 51..400"));
}

TEST(Dump, WritesToAFile) {
  SimulatedDisk disk;
  SampleLog::write(disk);
  const TemporaryFolder folder;
  const std::string path = folder.path() + "/dump";
  const Outcome outcome = run_tool(disk, {"dump", "/log", "--json", "--output", path});
  EXPECT_EQ(outcome.status, ExitStatus::kWhole);
  EXPECT_EQ(outcome.out, "");
  std::ifstream file(path);
  const auto dump = tools::read_peer_dump(file, path);
  ASSERT_TRUE(dump);
  EXPECT_EQ(dump->entries.size(), 350u);
  EXPECT_EQ(run_tool(disk, {"dump", "/log", "--output", folder.path() + "/no/where"}).status,
            ExitStatus::kFailed);
  EXPECT_EQ(run_tool(disk, {"dump", "/log", "--output", "/dev/full"}).status, ExitStatus::kFailed);
}

TEST(Dump, GoesOnBehindDamageAndSaysWhatIsMissing) {
  SimulatedDisk disk;
  SampleLog::write(disk);
  const BatchPlace place = find_batch(disk, "/log", 120);
  disk.flip_bit(place.path, place.offset + 40);  // the batch's header
  const Outcome outcome = run_tool(disk, {"dump", "/log", "--from", "100", "--to", "140"});
  EXPECT_EQ(outcome.status, ExitStatus::kDamaged);
  EXPECT_THAT(outcome.out, HasSubstr("\n" + to_string(place.range.first) + ".." +
                                     to_string(place.range.last) + " damaged\n"));
  EXPECT_THAT(outcome.out, HasSubstr("\n140 "));
}

TEST(PeerDump, IsRefusedWithItsLineWhenItIsNotWhatDumpWrites) {
  SimulatedDisk disk;
  SampleLog::write(disk);
  const std::string good = run_tool(disk, {"dump", "/log", "--json", "--to", "60"}).out;
  const std::size_t second = good.find('\n') + 1;
  const auto refused = [&](const std::string& text) {
    const auto dump = parse(text);
    EXPECT_FALSE(dump) << text;
    return dump ? "" : dump.error().message;
  };
  EXPECT_THAT(refused(""), HasSubstr("is empty"));
  EXPECT_THAT(refused("hello\n"), HasSubstr("line 1: is no JSON object"));
  EXPECT_THAT(refused(good.substr(second)), HasSubstr("line 1: must name the log"));
  EXPECT_THAT(refused(good + "{}\n"), HasSubstr("line 12: is no entry"));
  EXPECT_THAT(refused(good + good.substr(second)), HasSubstr("line 12: holds an index that came"));
  std::string flipped = good;
  const std::size_t payload = flipped.find("\"payload\":\"") + 20;
  flipped[payload] = flipped[payload] == '0' ? '1' : '0';
  EXPECT_THAT(refused(flipped), HasSubstr("line 2: the entry does not match its digest"));
  std::string other = good;
  other.replace(other.find("\"group\":7"), 9, "\"group\":8");
  EXPECT_THAT(refused(other), HasSubstr("another group"));
}

TEST(PeerDump, NeverCrashesOnRandomDamage) {
  SimulatedDisk disk;
  SampleLog::write(disk);
  const std::string good = run_tool(disk, {"dump", "/log", "--json", "--to", "55"}).out;
  const auto original = parse(good);
  ASSERT_TRUE(original);
  SplitMix64 numbers(4);
  for (int round = 0; round < 3000; ++round) {
    std::string damaged = good;
    for (std::uint64_t flips = 1 + numbers.below(3); flips > 0; --flips) {
      damaged[numbers.below(damaged.size())] = static_cast<char>(numbers.below(256));
    }
    if (numbers.below(4) == 0) damaged.resize(numbers.below(damaged.size()));
    const auto dump = parse(damaged);
    if (!dump) continue;
    for (const auto& [index, entry] : dump->entries) {
      ASSERT_TRUE(same(entry, SampleLog::entry(index.value())));
    }
  }
}

}  // namespace
}  // namespace lockstep::testing
