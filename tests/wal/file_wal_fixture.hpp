#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "lockstep/file_wal_manager.hpp"
#include "wal/wal_harness.hpp"

namespace lockstep::testing {

/// One node's log in files on a disk given from outside. Dropping it is the end of the process.
class FileNode {
 public:
  explicit FileNode(SimulatedDisk& disk, std::uint64_t seed = 1, NodeId node = kNode)
      : runtime(disk, seed) {
    options.folder = kFolder;
    options.node = std::move(node);
    options.group = kGroup;
    options.segment_bytes = 64 << 10;
    options.zero_fill_bytes = 0;
    options.cache_bytes = 0;
    options.low_space_bytes = 0;
    options.ballast_bytes = 0;
    options.scrub_bytes_per_second = 0;
    options.log = [this](LogLevel, std::string_view line) { lines.emplace_back(line); };
  }

  Result<WALState> open() {
    wal = *FileWALManager::create(options, runtime, runtime.executor);
    return call().open();
  }
  /// As `open`, which must succeed.
  WALState opened() {
    const auto state = open();
    EXPECT_TRUE(state) << state.error().message;
    return state ? *state : WALState{};
  }
  Caller call() { return {*wal, *runtime.executor}; }

  static constexpr const char* kFolder = "/log";
  FileWALOptions options;
  std::vector<std::string> lines;
  ManualRuntime runtime;
  std::unique_ptr<FileWALManager> wal;
};

inline std::string segment_path(std::uint64_t number) {
  std::string digits = std::to_string(number);  // tests have fewer than ten
  return std::string(FileNode::kFolder) + "/segment-" + std::string(16 - digits.size(), '0') +
         digits + ".wal";
}

/// The newest segment.
inline std::string last_segment(const SimulatedDisk& disk) {
  std::string last;
  for (const std::string& path : disk.paths()) {
    if (path.ends_with(".wal")) last = path;
  }
  return last;
}

/// Where batches begin, by their magic number; the last one ends where the list does.
inline std::vector<std::size_t> batch_offsets(const std::vector<std::uint8_t>& bytes) {
  std::vector<std::size_t> offsets;
  for (std::size_t at = 1024; at + 4 <= bytes.size(); at += 512) {
    if (std::string_view(reinterpret_cast<const char*>(&bytes[at]), 4) == "LSB1") {
      offsets.push_back(at);
    }
  }
  return offsets;
}

}  // namespace lockstep::testing
