// Rot anywhere in a small log: what is told of it is true, and nothing crashes.
#include <gtest/gtest.h>

#include <sstream>

#include "tools/lockstep_wal/peer_dump.hpp"
#include "tools/lockstep_wal/verify.hpp"
#include "tools/sample_log.hpp"

namespace lockstep::testing {
namespace {

using tools::ExitStatus;

/// Entries 1..40 of terms 1 and 2 in three small segments, closed.
SimulatedDisk small_log() {
  SimulatedDisk disk;
  FileNode node(disk);
  node.opened();
  for (std::uint64_t index = 1; index <= 40; index += 4) {
    EXPECT_FALSE(node.call().write(append(index, index + 3, index <= 20 ? 1 : 2, 30)));
    if (index == 13 || index == 29) {
      EXPECT_FALSE(node.call().close());
      node.opened();
    }
  }
  WALWrite state;
  state.hard_state = HardState{Term(2), kNode};
  EXPECT_FALSE(node.call().write(state));
  EXPECT_FALSE(node.call().close());
  return disk;
}

Entry expected(std::uint64_t index) { return make_entry(index, index <= 20 ? 1 : 2, 30); }

/// Runs the commands that look, and compares what they say with what was written.
void check_what_is_told(SimulatedDisk& disk) {
  static_cast<void>(run_tool(disk, {"inspect", "/log"}));
  static_cast<void>(run_tool(disk, {"inspect", "/log", "--json"}));
  static_cast<void>(run_tool(disk, {"repair", "/log", "--cut-tail"}));
  const Outcome verified = run_tool(disk, {"verify", "/log"});
  const Outcome dumped = run_tool(disk, {"dump", "/log", "--json"});
  if (verified.status == ExitStatus::kFailed || dumped.status == ExitStatus::kFailed) {
    EXPECT_NE(verified.status, ExitStatus::kWhole);
    return;
  }
  std::istringstream lines(dumped.out);
  const auto dump = tools::read_peer_dump(lines, "dump");
  ASSERT_TRUE(dump) << dump.error().message;
  const auto checked = tools::verify_log(disk, "/log");
  ASSERT_TRUE(checked);
  for (std::uint64_t index = 1; index <= 40; ++index) {
    const auto entry = dump->entries.find(Index(index));
    if (entry == dump->entries.end()) {
      ASSERT_TRUE(checked->damaged.contains(Index(index))) << "entry " << index << " is gone";
      continue;
    }
    ASSERT_TRUE(same(entry->second, expected(index))) << "entry " << index << " is wrong";
    ASSERT_FALSE(checked->damaged.contains(Index(index))) << "entry " << index << " is there";
  }
  EXPECT_EQ(verified.status == ExitStatus::kWhole, checked->whole());
  EXPECT_EQ(dumped.status == ExitStatus::kWhole, checked->damaged.empty());
}

std::uint64_t scaled(std::uint64_t rounds) {
#if defined(LOCKSTEP_SANITIZED)
  return rounds / 4;
#else
  return rounds;
#endif
}

TEST(RottenFolder, OneFlippedBitAnywhereIsToldTruly) {
  const SimulatedDisk whole = small_log();
  SplitMix64 numbers(1);
  const std::vector<std::string> paths = whole.paths();
  std::uint64_t told = 0;
  const std::uint64_t rounds = scaled(2000);
  for (std::uint64_t round = 0; round < rounds && !HasFailure(); ++round) {
    SimulatedDisk disk = whole.copy();
    const std::string path = paths[numbers.below(paths.size())];
    const std::uint64_t size = disk.contents(path).size();
    if (size == 0) continue;
    const std::uint64_t byte = numbers.below(size);
    disk.flip_bit(path, byte, static_cast<unsigned>(numbers.below(8)));
    SCOPED_TRACE(path + ", byte " + std::to_string(byte));
    check_what_is_told(disk);
    if (run_tool(disk, {"verify", "/log"}).status != ExitStatus::kWhole) ++told;
  }
  EXPECT_GT(told, rounds / 4) << "too little was hit";
}

TEST(RottenFolder, ManyFlippedBytesCrashNothing) {
  const SimulatedDisk whole = small_log();
  SplitMix64 numbers(2);
  const std::vector<std::string> paths = whole.paths();
  for (std::uint64_t round = 0; round < scaled(1000) && !HasFailure(); ++round) {
    SimulatedDisk disk = whole.copy();
    for (std::uint64_t flips = 1 + numbers.below(40); flips > 0; --flips) {
      const std::string path = paths[numbers.below(paths.size())];
      std::vector<std::uint8_t> bytes = disk.contents(path);
      if (bytes.empty()) continue;
      bytes[numbers.below(bytes.size())] = static_cast<std::uint8_t>(numbers.next());
      if (numbers.below(100) == 0) bytes.resize(numbers.below(bytes.size()));
      disk.set_contents(path, bytes);
    }
    for (const char* command : {"inspect", "dump", "verify"}) {
      static_cast<void>(run_tool(disk, {command, "/log"}));
      static_cast<void>(run_tool(disk, {command, "/log", "--json"}));
    }
  }
}

}  // namespace
}  // namespace lockstep::testing
