#pragma once

#include <string>
#include <vector>

#include "wal/file_window.hpp"
#include "wal/log_parts.hpp"
#include "wal/record_codec.hpp"
#include "wal/wal_folder.hpp"

namespace lockstep {

/// A whole batch beyond the proven end. It may or may not have been acknowledged; it is kept, but
/// counts only once it is written and synced anew.
struct TailBatch {
  BatchHeader header;
  SharedBuffer body;
  std::uint64_t offset = 0;
};

struct Recovered {
  LogParts log;
  std::vector<TailBatch> tail;
  /// What a person should know of; empty when all was well.
  std::vector<std::string> remarks;
};

/// From whichever of its two copies is whole. Errors: kCorruption, kNewerFormat, kIo.
[[nodiscard]] Result<SegmentHeader> read_segment_header(FileWindow& window);

/// Reads the last segment and works out what the log holds. Writes nothing. `segments`: those in
/// the folder, ascending, at least one. Errors: kForeignData, kNewerFormat, kCorruption, kIo.
[[nodiscard]] Result<Recovered> recover_log(const WALFolder& folder,
                                            const std::vector<std::uint64_t>& segments,
                                            const NodeId& node, GroupId group);

/// As of the end of the tail.
[[nodiscard]] WALIdentity newest_identity(const Recovered& recovered);

/// Older segments that somebody took away: their entries are damaged like any other. Returns their
/// paths. Errors: kIo.
[[nodiscard]] Result<std::vector<std::string>> mark_missing_segments(const WALFolder& folder,
                                                                     LogParts& log);

}  // namespace lockstep
