#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <vector>

#include "lockstep/entry.hpp"

namespace lockstep {

/// The newest entries of the log, in memory, up to a number of bytes, their own housekeeping
/// counted.
class RecentEntries {
 public:
  explicit RecentEntries(std::size_t byte_limit) : byte_limit_(byte_limit) {}

  /// `entry` follows the last one here, if there is any.
  void push(Entry entry) {
    bytes_ += memory_of(entry);
    entries_.push_back(std::move(entry));
    while (bytes_ > byte_limit_) pop_front();
  }
  void truncate(Index from) {
    while (!entries_.empty() && entries_.back().header.index >= from) {
      bytes_ -= memory_of(entries_.back());
      entries_.pop_back();
    }
  }
  void release(Index up_to) {
    while (!entries_.empty() && entries_.front().header.index <= up_to) pop_front();
  }
  [[nodiscard]] bool holds(Index index) const {
    return !entries_.empty() && entries_.front().header.index <= index &&
           index <= entries_.back().header.index;
  }
  /// Precondition: `holds(range.first)` and `holds(range.last)`.
  [[nodiscard]] std::vector<Entry> read(IndexRange range, std::size_t byte_budget) const {
    std::vector<Entry> found;
    std::size_t bytes = 0;
    const Index begin = entries_.front().header.index;
    for (Index index = range.first; index <= range.last; index = index.next()) {
      const Entry& entry = entries_[index.value() - begin.value()];
      bytes += entry.size_bytes();
      if (!found.empty() && bytes > byte_budget) break;
      found.push_back(entry);
    }
    return found;
  }

 private:
  static std::size_t memory_of(const Entry& entry) { return sizeof(Entry) + entry.size_bytes(); }
  void pop_front() {
    bytes_ -= memory_of(entries_.front());
    entries_.pop_front();
  }

  const std::size_t byte_limit_;
  std::deque<Entry> entries_;
  std::size_t bytes_ = 0;
};

}  // namespace lockstep
