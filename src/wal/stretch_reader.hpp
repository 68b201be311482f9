#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "lockstep/entry.hpp"
#include "wal/batch_scanner.hpp"
#include "wal/log_map.hpp"

namespace lockstep {

/// Rot, and where it was met.
struct DamagedPlace {
  std::uint64_t segment = 0;
  std::uint64_t offset = 0;
  /// The entries of the log that a batch there held.
  IndexRange range;
  std::string what;
};

/// Walks the batches of one stretch of the log.
class StretchReader {
 public:
  struct Batch {
    BatchScanner::Found found;
    /// All entries in it, and those of them that are the log's.
    IndexRange entries;
    IndexRange live;
  };
  /// Either of the two; neither at the end of the stretch.
  struct Step {
    std::optional<Batch> batch;
    std::optional<DamagedPlace> damage;
  };

  StretchReader(FileWindow& window, const LogMap::Stretch& stretch)
      : stretch_(stretch),
        window_(window),
        scanner_(window, stretch.segment.nonce, stretch.place.offset),
        expected_(stretch.place.first),
        position_(stretch.place.offset) {}

  /// The next batch that holds entries of the stretch. Damage may lie before all of them; what
  /// follows it can still be asked for.
  [[nodiscard]] Step next();
  /// Whether the checksum of the body is right.
  [[nodiscard]] bool is_whole(const Batch& batch);
  /// That all of a batch's entries are taken for damaged.
  [[nodiscard]] DamagedPlace damage_of(const Batch& batch, std::string what) const {
    return {stretch_.segment.number, batch.found.offset, batch.entries, std::move(what)};
  }

 private:
  [[nodiscard]] std::optional<BatchScanner::Found> next_found();
  /// From the batch that is expected on.
  [[nodiscard]] Step lost(Index last, const char* what);

  const LogMap::Stretch stretch_;
  FileWindow& window_;
  BatchScanner scanner_;
  Index expected_;          // the first entry of the next batch
  std::uint64_t position_;  // where that begins
  std::optional<BatchScanner::Found> behind_damage_;
};

/// Reads the entries of a batch one after another. Their digests are for the caller to verify, many
/// at a time.
class BatchEntries {
 public:
  /// Both must outlive it. From `first` on; what comes before is passed over unread.
  BatchEntries(FileWindow& window, const StretchReader::Batch& batch, Index first)
      : window_(window),
        is_copies_(!batch.found.header.repaired.empty()),
        offset_(batch.found.body_offset()),
        end_(offset_ + batch.found.header.body_bytes),
        index_(batch.entries.first),
        wanted_(first) {}

  /// Empty: damaged. Precondition: there is one more.
  [[nodiscard]] std::optional<Entry> next();

 private:
  FileWindow& window_;
  const bool is_copies_;
  std::uint64_t offset_;
  const std::uint64_t end_;
  Index index_;
  Index wanted_;
};

}  // namespace lockstep
