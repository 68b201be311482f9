#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lockstep/error.hpp"
#include "lockstep/export.hpp"
#include "lockstep/logging.hpp"
#include "lockstep/runtime.hpp"
#include "lockstep/wal_source.hpp"

namespace lockstep {

struct FileWALOptions {
  /// Made when it is not there. One log, one folder, one process at a time.
  std::string folder{};
  NodeId node{};
  GroupId group{};
  /// When given, a log of another cluster or epoch is refused with kForeignData; a log that has
  /// none yet is not.
  std::optional<ClusterId> cluster{};
  std::optional<Epoch> epoch{};
  std::size_t segment_bytes = std::size_t{64} << 20;
  /// How far ahead of the end the current segment is filled with zeros, so that a sync need not
  /// change the file's size.
  std::size_t zero_fill_bytes = std::size_t{4} << 20;
  /// Recent entries kept in memory for readers.
  std::size_t cache_bytes = std::size_t{1} << 20;
  /// After this long without a write the end of the log is marked, so that damage of the very last
  /// write can be told from a torn one; so it is at `close`. 0: at `close` only.
  std::chrono::milliseconds mark_end_after{200};
  /// With less than this free, writes that carry entries are refused with kNoSpace, until there is
  /// a quarter more again; terms, votes, truncations and releases still pass.
  std::size_t low_space_bytes = std::size_t{16} << 20;
  /// Kept filled on the disk, and given up when it is full to the last byte: then a vote, a
  /// release, the mark at `close`, and what opening writes still find room. 0: none.
  std::size_t ballast_bytes = std::size_t{1} << 20;
  /// How fast the segments that are no longer written are read to find rot, over and over. 0:
  /// never.
  std::size_t scrub_bytes_per_second = std::size_t{1} << 20;
  /// False: `done` comes once the operating system has the bytes. Survives a killed process, not a
  /// power cut; for measurements.
  bool sync = true;
  LogSink log{};
};

[[nodiscard]] LOCKSTEP_EXPORT std::vector<OptionProblem> check(const FileWALOptions& options);

/// The write-ahead log for production: append-only, zero-filled segment files of checksummed
/// batches (docs/wal-format.md). It has no thread of its own: it runs on `executor`, where it must
/// be called; and destroyed, unless `close` has completed: then anywhere.
///
/// Several writes submitted in a row share one write and one sync. Entries that are no longer in
/// memory are read on `reading_executor`, and so is what the scrubber reads: a reader never holds
/// up the writer. What cannot be read, rotten or refused by the disk, is told as `WALDamaged`, and
/// costs no more than the batch that it lies in. `close` answers the reads under way first.
class LOCKSTEP_EXPORT FileWALManager : public IWALSource {
 public:
  /// Touches no file yet. `runtime` must outlive the log. `reading_executor` may be shared by many
  /// logs; none: `executor`. Errors: kInvalidArgument.
  [[nodiscard]] static Result<std::unique_ptr<FileWALManager>> create(
      FileWALOptions options, Runtime& runtime, std::shared_ptr<IExecutor> executor,
      std::shared_ptr<IExecutor> reading_executor = {});
};

}  // namespace lockstep
