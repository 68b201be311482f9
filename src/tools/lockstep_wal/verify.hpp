#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tools/lockstep_wal/index_set.hpp"
#include "tools/lockstep_wal/log_view.hpp"

namespace lockstep::tools {

/// A place that does not match its checksum or digest, or is gone.
struct Finding {
  enum class Weight {
    kLost,    ///< entries of the log cannot be read
    kSpare,   ///< the log lies there, but nothing of it is lost: there is another copy
    kUnused,  ///< nothing of the log lies there any more
    kTorn,    ///< beyond the proven end: a write that was cut off, or is under way
  };
  Weight weight = Weight::kUnused;
  /// Empty: known since earlier, the place is gone.
  std::string file;
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
  std::string what;
  /// Of the log, when it opens; else all that lay there.
  IndexSet entries;
  /// Before the proven end: it was synced, so what it held may have been acknowledged and
  /// committed.
  [[nodiscard]] bool proven() const { return weight != Weight::kTorn; }
};

struct SegmentCheck {
  SegmentFile file;
  bool used = false;
  std::uint64_t batches = 0;
  std::uint64_t entries = 0;
};

struct Verification {
  LogView view;
  std::vector<SegmentCheck> segments;
  std::vector<Finding> findings;
  /// Entries of the log that cannot be read.
  IndexSet damaged;
  /// A writer at work removed these meanwhile; they are no longer the log's.
  std::vector<std::uint64_t> gone;

  [[nodiscard]] bool whole() const;
};

/// Reads every byte of the log that has a checksum or a digest, changing nothing. Errors: as
/// `view_log`.
[[nodiscard]] Result<Verification> verify_log(IFileSystem& files, const std::string& folder);

}  // namespace lockstep::tools
