#pragma once

#include <cstdint>
#include <vector>

#include "lockstep/entry.hpp"
#include "lockstep/types.hpp"

namespace lockstep {

/// Where the log's entries lie in its segments. Entries of one extent follow each other in one
/// segment, with no truncation in between, so that whoever walks its batches meets no entry that
/// was dropped. Memory: some tens of places an extent, and only where it has been read or written
/// by this process.
class LogMap {
 public:
  struct Segment {
    std::uint64_t number = 0;
    std::uint64_t nonce = 0;
    /// Its batches end here.
    std::uint64_t end = 0;
  };
  /// A batch whose first entry is known.
  struct Place {
    Index first;
    std::uint64_t offset = 0;
  };
  struct Extent {
    std::uint64_t segment = 0;
    IndexRange range;
    /// Ascending and never empty; `front` is where the extent begins.
    std::vector<Place> places;
    /// Copies in one batch of their own, which took the place of damaged entries.
    bool repaired = false;
    /// Bytes between two places, at least; doubled when they become too many.
    std::uint64_t spacing = std::uint64_t{64} << 10;
  };
  /// A part of one extent, with all that it takes to read it: a copy, good on any thread for as
  /// long as the segment is there.
  struct Stretch {
    Segment segment;
    bool repaired = false;
    IndexRange range;
    /// The last entry of the extent.
    Index end;
    /// At or before the first entry of `range`.
    Place place;
  };

  /// `segment` becomes the one that is written.
  void begin_segment(const Segment& segment) {
    segments_.push_back(segment);
    may_have_unused_ = true;
  }
  /// For recovery: of a segment that is written no more.
  void add_extent(Extent extent) { extents_.push_back(std::move(extent)); }
  /// A batch in the last segment; `range` may be empty.
  void add_batch(std::uint64_t offset, std::uint64_t end, IndexRange range);
  /// Entries `range` lie as copies in a batch of the last segment, no longer where they lay.
  void repair(IndexRange range, const Place& batch);
  /// A place in a segment that a reader of `wanted` has come by; maybe long ago.
  void learn(std::uint64_t segment, Index wanted, const Place& place);

  void truncate(Index from);
  void release(Index up_to);
  /// Forgets segments that hold no entry any more, except the last; returns their numbers.
  [[nodiscard]] std::vector<std::uint64_t> drop_unused_segments();
  /// Forgets a segment that is gone; returns the indexes that it held.
  [[nodiscard]] std::vector<IndexRange> lose_segment(std::uint64_t number);

  /// Where `range` lies, as far as extents hold it and entries of no payload would fill the budget.
  [[nodiscard]] std::vector<Stretch> plan(IndexRange range, std::size_t byte_budget) const;
  /// Which of the entries `range`, that once lay in the batch there, still do.
  [[nodiscard]] std::vector<IndexRange> still_at(std::uint64_t segment, std::uint64_t offset,
                                                 IndexRange range) const;
  /// Null when no extent holds it.
  [[nodiscard]] const Extent* find(Index index) const;
  [[nodiscard]] const Segment* segment(std::uint64_t number) const;
  /// The nearest known place at or before an entry of the extent.
  [[nodiscard]] static const Place& nearest_place(const Extent& extent, Index index);

  [[nodiscard]] const std::vector<Segment>& segments() const { return segments_; }
  [[nodiscard]] const std::vector<Extent>& extents() const { return extents_; }

 private:
  std::vector<Segment> segments_;
  std::vector<Extent> extents_;  // ascending by index
  bool truncated_ = false;       // since the last batch with entries
  /// Something was taken away since unused segments were looked for: that costs the whole map.
  bool may_have_unused_ = true;
};

}  // namespace lockstep
