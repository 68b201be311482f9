#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "lockstep/entry.hpp"
#include "lockstep/types.hpp"

namespace lockstep::consensus {

/// Entries that a follower lacks and that the leader's memory has let go of: read from the WAL
/// before the follower's window has room for them, so that the disk, the link and the follower work
/// at the same time. One read is under way at most; twice the size of one lies here at most.
class ReadAhead {
 public:
  explicit ReadAhead(std::size_t read_bytes) : read_bytes_(read_bytes) {}

  /// Where the next read is to begin, if the follower needs entries from `next` on; none: one is
  /// under way, or enough is here. What does not lead on from `next` is let go of.
  [[nodiscard]] std::optional<Index> wanted_behind(Index next);
  [[nodiscard]] std::size_t read_bytes() const { return read_bytes_; }
  void started(std::uint64_t id, Index first);
  /// False: nobody waits for this read any more.
  [[nodiscard]] bool finished(std::uint64_t id);
  /// What was read. Ignored if it does not follow what is here.
  void add(std::vector<Entry> entries);
  /// As many from `next` on as fit the budget, each with its digest counted; at least one, if it is
  /// here.
  [[nodiscard]] std::vector<Entry> take(Index next, std::size_t budget_bytes);
  [[nodiscard]] bool empty() const { return entries_.empty(); }
  /// Lets go of everything, the read under way too.
  void clear();

 private:
  std::size_t read_bytes_;
  std::deque<Entry> entries_;
  std::size_t bytes_ = 0;
  /// Where the next read goes on.
  Index end_;
  std::optional<std::uint64_t> read_;
};

}  // namespace lockstep::consensus
