#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/digest.hpp"
#include "lockstep/file_system.hpp"
#include "lockstep/wal_source.hpp"
#include "wal/batch_scanner.hpp"
#include "wal/log_map.hpp"
#include "wal/wal_folder.hpp"

namespace lockstep {

/// Reads entries back from the segments, each checked against its digest.
class EntryReader {
 public:
  /// Both must outlive the reader.
  EntryReader(const WALFolder& folder, LogMap& map) : folder_(folder), map_(map) {}

  /// Entries from `range.first` on, at least one; stops before the first that it cannot read.
  /// Errors: kCorruption, kIo. Precondition: the log holds the range.
  [[nodiscard]] Result<std::vector<Entry>> read(IndexRange range, std::size_t byte_budget);

  void close() { open_file_.reset(); }

 private:
  struct Request {
    Index next;
    Index last;
    std::size_t bytes_left;
    std::vector<Entry> entries;
    bool done = false;
  };

  [[nodiscard]] Result<> read_extent(const LogMap::Extent& extent, Request& request);
  [[nodiscard]] Result<> read_batch(FileWindow& window, const BatchScanner::Found& batch,
                                    Index last_of_extent, Request& request);
  [[nodiscard]] Result<IFile*> open_segment(std::uint64_t number);

  const WALFolder& folder_;
  LogMap& map_;
  Sha256 sha_;
  std::uint64_t open_number_ = 0;
  std::unique_ptr<IFile> open_file_;  // the segment read last
};

}  // namespace lockstep
