#pragma once

#include <string>
#include <vector>

#include "tools/lockstep_wal/commands.hpp"
#include "wal/file_wal_fixture.hpp"

namespace lockstep::testing {

/// What a command said and answered.
struct Outcome {
  tools::ExitStatus status = tools::ExitStatus::kWhole;
  std::string out;
  std::string err;
};

/// Runs `lockstep-wal` in this process.
[[nodiscard]] Outcome run_tool(IFileSystem& files, const std::vector<std::string>& words);

/// The log of one member of a cluster of three, written and closed: entries 51..400 of terms 1 and
/// 2, of which 50 were released; 291 and what follows was truncated once; several segments.
struct SampleLog {
  static constexpr std::uint64_t kFirst = 51;
  static constexpr std::uint64_t kTruncated = 291;
  static constexpr std::uint64_t kLast = 400;

  static Entry entry(std::uint64_t index);
  static Entry configuration_entry(std::uint64_t index);
  static WALIdentity identity(const WALIdentity& born);
  /// Makes the log in `FileNode::kFolder`.
  static void write(SimulatedDisk& disk, const NodeId& node = kNode);
};

/// The offset of the batch that holds the entry, and its segment.
struct BatchPlace {
  std::string path;
  std::uint64_t offset = 0;
  IndexRange range;
};
[[nodiscard]] BatchPlace find_batch(IFileSystem& files, const std::string& folder,
                                    std::uint64_t index);

/// A folder that is gone with the test.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  [[nodiscard]] const std::string& path() const { return path_; }
  /// Writes a file and returns its path.
  std::string write(const std::string& name, const std::string& content) const;

 private:
  std::string path_;
};

}  // namespace lockstep::testing
