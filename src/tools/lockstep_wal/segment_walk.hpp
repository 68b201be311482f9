#pragma once

#include <deque>
#include <optional>
#include <vector>

#include "base/digest.hpp"
#include "lockstep/entry.hpp"
#include "wal/batch_scanner.hpp"
#include "wal/file_window.hpp"
#include "wal/log_map.hpp"

namespace lockstep::tools {

/// What lies next in a segment: a batch, or bytes in which no batch can be found.
struct WalkStep {
  std::uint64_t offset = 0;
  std::uint64_t end = 0;
  /// None: no batch.
  std::optional<BatchHeader> header;
  /// The body matches its checksum.
  bool body_whole = false;
  /// Those whose digests are right, in order.
  std::vector<Entry> entries;

  /// It repairs what was damaged elsewhere, and its entries are copies.
  [[nodiscard]] bool repairs() const { return header && !header->repaired.empty(); }
  /// Of its entries.
  [[nodiscard]] IndexRange range() const {
    if (!header) return {};
    return repairs() ? header->repaired : IndexRange{header->first_index, header->last.index};
  }
  /// Whether the log takes the extent's entries from here, or from behind here.
  [[nodiscard]] bool feeds(const LogMap::Extent& extent) const {
    if (extent.repaired != repairs()) return false;
    const std::uint64_t begin = extent.places.front().offset;
    return extent.repaired ? offset == begin : offset >= begin;
  }
};

/// Goes through a segment batch by batch and checks all that carries a checksum or a digest. What
/// the disk does not give back counts as damaged.
class SegmentWalk {
 public:
  /// `file` must outlive the walk. `from`: where a batch begins; `end`: nothing counts from there.
  SegmentWalk(IFile& file, std::uint64_t nonce, std::uint64_t from, std::uint64_t end);

  /// Empty at the end; bytes without a batch before `end` are a step too.
  [[nodiscard]] std::optional<WalkStep> next();

 private:
  [[nodiscard]] WalkStep check(const BatchScanner::Found& found);
  [[nodiscard]] SharedBuffer read_body(std::uint64_t offset, std::uint64_t bytes);
  void take_entries(const SharedBuffer& body, WalkStep& step);

  FileWindow window_;
  BatchScanner scanner_;
  const std::uint64_t nonce_;
  Sha256 sha_;
  std::uint64_t position_;
  std::optional<std::uint64_t> last_number_;
  std::optional<WalkStep> pending_;  // behind a gap
};

}  // namespace lockstep::tools
