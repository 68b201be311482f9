#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lockstep/configuration.hpp"
#include "lockstep/file_system.hpp"
#include "wal/log_parts.hpp"

namespace lockstep::tools {

struct SegmentFile {
  std::uint64_t number = 0;
  std::uint64_t bytes = 0;
};

/// A log as the next opening would find it.
struct LogView {
  std::string folder;
  /// Ascending, at least one.
  std::vector<SegmentFile> files;
  /// Of the newest segment.
  SegmentHeader header;
  /// Not known when the log does not open.
  LogParts log;
  /// Why it does not: what must not be lost is damaged.
  Error broken;
  /// From here on the newest segment holds whole batches that no later one has confirmed.
  std::optional<std::uint64_t> unconfirmed_from;
  /// What recovery has to say.
  std::vector<std::string> remarks;
  /// The process that has the log open.
  std::optional<std::int64_t> holder;
  std::optional<std::uint64_t> ballast_bytes;
};

/// Looks at the log in `folder` without changing anything; whoever has it open may go on. Errors:
/// kIo, kNewerFormat, kCorruption (the newest segment cannot even be told whose it is),
/// kInvalidArgument (no log there), kOverloaded (it changes faster than it can be read).
[[nodiscard]] Result<LogView> view_log(IFileSystem& files, const std::string& folder);

[[nodiscard]] std::string segment_name(std::uint64_t number);

}  // namespace lockstep::tools
