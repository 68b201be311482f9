#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tools/lockstep_wal/verify.hpp"
#include "tools/sample_log.hpp"

namespace lockstep::testing {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using tools::ExitStatus;

/// A damaged log, and the log of a peer that has the same entries.
class Repair : public ::testing::Test {
 protected:
  Repair() {
    SampleLog::write(disk);
    SampleLog::write(peer, NodeId("node-2"));
  }

  std::string peer_dump(const std::vector<std::string>& range = {}) {
    std::vector<std::string> words = {"dump", "/log", "--json"};
    words.insert(words.end(), range.begin(), range.end());
    return folder.write("dump", run_tool(peer, words).out);
  }
  Outcome repair(const std::string& dump) {
    return run_tool(disk, {"repair", "/log", "--from-peer-dump", dump});
  }
  void damage_payload_of(std::uint64_t index) {
    const BatchPlace place = find_batch(disk, "/log", index);
    disk.flip_bit(place.path, place.offset + 128 + 60);  // the first entry of the batch
  }
  void damage_header_of(std::uint64_t index) {
    const BatchPlace place = find_batch(disk, "/log", index);
    disk.flip_bit(place.path, place.offset + 9);
  }
  /// The log reads as it was written.
  void expect_mended() {
    FileNode node(disk);
    const WALState state = node.opened();
    EXPECT_TRUE(state.damaged.empty());
    EXPECT_EQ(state.bounds, (IndexRange{Index(SampleLog::kFirst), Index(SampleLog::kLast)}));
    EXPECT_EQ(state.hard_state, (HardState{Term(2), NodeId("node-2")}));
    const auto entries = node.call().entries(SampleLog::kFirst, SampleLog::kLast);
    ASSERT_EQ(entries.size(), 350u);
    for (const Entry& entry : entries) {
      ASSERT_TRUE(same(entry, SampleLog::entry(entry.header.index.value())));
    }
    EXPECT_FALSE(node.call().close());
  }

  SimulatedDisk disk;
  SimulatedDisk peer;
  TemporaryFolder folder;
};

TEST_F(Repair, PutsAPeersEntriesInThePlaceOfDamagedOnes) {
  damage_payload_of(120);  // in segments that opening does not read
  damage_header_of(200);
  damage_header_of(285);
  damage_payload_of(392);
  damage_header_of(398);
  EXPECT_EQ(run_tool(disk, {"verify", "/log"}).status, ExitStatus::kDamaged);
  const Outcome outcome = repair(peer_dump());
  EXPECT_EQ(outcome.status, ExitStatus::kWhole) << outcome.out << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("from the log of node-2\n"));
  EXPECT_THAT(outcome.out, EndsWith("whole\n"));
  EXPECT_EQ(run_tool(disk, {"verify", "/log"}).status, ExitStatus::kWhole);
  const std::string dump = run_tool(disk, {"dump", "/log", "--json"}).out;
  const std::string others = run_tool(peer, {"dump", "/log", "--json"}).out;
  EXPECT_TRUE(dump.substr(dump.find("\n")) == others.substr(others.find("\n")));
  expect_mended();
  EXPECT_EQ(run_tool(disk, {"verify", "/log"}).status, ExitStatus::kWhole);
}

TEST_F(Repair, MendsWhatTheDumpHasAndSaysWhatIsLeft) {
  damage_header_of(391);
  damage_header_of(400);
  const Outcome outcome = repair(peer_dump({"--from", "100", "--to", "395"}));
  EXPECT_EQ(outcome.status, ExitStatus::kDamaged);
  EXPECT_THAT(outcome.out, HasSubstr("still damaged: 396..400, not in the dump\n"));
  EXPECT_EQ(repair(peer_dump()).status, ExitStatus::kWhole);
  expect_mended();
}

TEST_F(Repair, TouchesNothingThatIsNotDamaged) {
  const std::uint64_t written = disk.bytes_written();
  const Outcome outcome = repair(peer_dump());
  EXPECT_EQ(outcome.status, ExitStatus::kWhole);
  EXPECT_THAT(outcome.out, HasSubstr("nothing was changed"));
  EXPECT_EQ(disk.bytes_written(), written);
}

TEST_F(Repair, RefusesADumpOfAnotherGroupClusterOrEpoch) {
  damage_payload_of(120);
  const std::string good = run_tool(peer, {"dump", "/log", "--json"}).out;
  const std::uint64_t written = disk.bytes_written();
  for (const char* field : {"cluster", "epoch"}) {
    std::string other = good;
    const std::size_t at = other.find(std::string("\"") + field + "\":\"");
    other.replace(at + std::string(field).size() + 4, 2, "77");
    const Outcome outcome = repair(folder.write("dump", other));
    EXPECT_EQ(outcome.status, ExitStatus::kFailed) << outcome.out;
    EXPECT_THAT(outcome.err, HasSubstr(std::string("the dump is of ") + field + " 77"));
  }
  SimulatedDisk other_group;
  {
    FileNode node(other_group);
    node.options.group = GroupId(8);
    const WALState born = node.opened();
    WALWrite write = append({make_entry(1, 1, 20, EntryKind::kCommand, GroupId(8))});
    write.identity = SampleLog::identity(born.identity);
    ASSERT_FALSE(node.call().write(write));
  }
  const std::string dump = run_tool(other_group, {"dump", "/log", "--json"}).out;
  const Outcome outcome = repair(folder.write("dump", dump));
  EXPECT_EQ(outcome.status, ExitStatus::kFailed);
  EXPECT_THAT(outcome.err, HasSubstr("the dump is of group 8, this log of group 7"));
  EXPECT_EQ(disk.bytes_written(), written);
}

TEST_F(Repair, RefusesALogThatDiffers) {
  damage_payload_of(300);
  const Index lost = find_batch(disk, "/log", 300).range.first;
  SimulatedDisk other;
  {
    FileNode node(other, 3, NodeId("node-3"));
    const WALState born = node.opened();
    WALWrite write = append(1, 400, 1, 30);
    write.identity = SampleLog::identity(born.identity);
    ASSERT_FALSE(node.call().write(write));
  }
  const std::uint64_t written = disk.bytes_written();
  const Outcome outcome =
      repair(folder.write("dump", run_tool(other, {"dump", "/log", "--json"}).out));
  EXPECT_EQ(outcome.status, ExitStatus::kFailed);
  EXPECT_THAT(outcome.err, HasSubstr("entry " + to_string(lost) +
                                     " is of term 2 here and of term 1 in the dump"));
  EXPECT_EQ(disk.bytes_written(), written);
}

TEST(RepairOfUnknownTerms, WantsADumpThatReachesAnEntryWhoseTermIsKnown) {
  // Terms 1, then 3; what lies between is lost with its header, so its terms are not known.
  const auto write = [](SimulatedDisk& disk, const NodeId& node) {
    FileNode own(disk, 1, node);
    const WALState born = own.opened();
    WALWrite first = append(1, 5, 1);
    first.identity = SampleLog::identity(born.identity);
    EXPECT_FALSE(own.call().write(first));
    EXPECT_FALSE(own.call().write(append(6, 8, 2)));
    EXPECT_FALSE(own.call().write(append(9, 12, 3)));
    EXPECT_FALSE(own.call().close());
  };
  SimulatedDisk disk;
  SimulatedDisk peer;
  write(disk, kNode);
  write(peer, NodeId("node-2"));
  const BatchPlace place = find_batch(disk, "/log", 6);
  disk.flip_bit(place.path, place.offset + 9);
  TemporaryFolder folder;
  const auto repair = [&](const char* to) {
    const std::string dump = run_tool(peer, {"dump", "/log", "--json", "--to", to}).out;
    return run_tool(disk, {"repair", "/log", "--from-peer-dump", folder.write("dump", dump)});
  };
  const Outcome short_of = repair("8");
  EXPECT_EQ(short_of.status, ExitStatus::kDamaged);
  EXPECT_THAT(short_of.out, HasSubstr("still damaged: 6..8: their terms are not known here"));
  const Outcome reaching = repair("9");
  EXPECT_EQ(reaching.status, ExitStatus::kWhole) << reaching.out << reaching.err;
  FileNode node(disk);
  node.opened();
  const auto entries = node.call().entries(1, 12);
  ASSERT_EQ(entries.size(), 12u);
  for (std::size_t i = 5; i < 8; ++i) EXPECT_TRUE(same(entries[i], make_entry(i + 1, 2)));
}

TEST_F(Repair, NamesWhoHasTheLogOpen) {
  damage_payload_of(120);
  const std::string dump = peer_dump();
  const auto lock = disk.lock("/log/lock");
  const std::uint64_t written = disk.bytes_written();
  const Outcome outcome = repair(dump);
  EXPECT_EQ(outcome.status, ExitStatus::kFailed);
  EXPECT_THAT(outcome.err, HasSubstr("the log in /log is open in another process"));
  EXPECT_EQ(disk.bytes_written(), written);
}

}  // namespace
}  // namespace lockstep::testing
