#include "base/index_ranges.hpp"

#include <algorithm>

namespace lockstep {

void add(IndexRanges& ranges, IndexRange range) {
  if (range.empty()) return;
  IndexRanges merged;
  for (const IndexRange& other : ranges) {
    if (other.last.next() < range.first || range.last.next() < other.first) {
      merged.push_back(other);
    } else {
      range = {std::min(range.first, other.first), std::max(range.last, other.last)};
    }
  }
  merged.insert(std::ranges::upper_bound(merged, range), range);
  ranges = std::move(merged);
}

void subtract(IndexRanges& ranges, IndexRange range) {
  if (range.empty()) return;
  IndexRanges left;
  for (const IndexRange& other : ranges) {
    const IndexRange before{other.first, std::min(other.last, range.first.previous())};
    const IndexRange behind{std::max(other.first, range.last.next()), other.last};
    if (!before.empty()) left.push_back(before);
    if (!behind.empty()) left.push_back(behind);
  }
  ranges = std::move(left);
}

bool contains(const IndexRanges& ranges, Index index) {
  const auto found = std::ranges::lower_bound(ranges, index, {}, &IndexRange::last);
  return found != ranges.end() && found->contains(index);
}

}  // namespace lockstep
