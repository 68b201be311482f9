#pragma once

#include <algorithm>
#include <vector>

#include "lockstep/types.hpp"

namespace lockstep::tools {

/// Many indexes, as ranges: ascending, apart from each other.
class IndexSet {
 public:
  IndexSet() = default;
  explicit IndexSet(IndexRange range) { add(range); }

  [[nodiscard]] const std::vector<IndexRange>& ranges() const { return ranges_; }
  [[nodiscard]] bool empty() const { return ranges_.empty(); }
  [[nodiscard]] bool contains(Index index) const {
    const auto found = first_reaching(index);
    return found != ranges_.end() && found->contains(index);
  }
  [[nodiscard]] std::uint64_t size() const {
    std::uint64_t sum = 0;
    for (const IndexRange& range : ranges_) sum += range.size();
    return sum;
  }

  void add(IndexRange range) {
    if (range.empty()) return;
    // Indexes mostly come in ascending order.
    if (ranges_.empty() || ranges_.back().last < before(range.first)) {
      ranges_.push_back(range);
      return;
    }
    const auto from = first_reaching(before(range.first));
    auto to = from;
    for (; to != ranges_.end() && before(to->first) <= range.last; ++to) {
      range = {std::min(range.first, to->first), std::max(range.last, to->last)};
    }
    ranges_.insert(ranges_.erase(from, to), range);
  }
  void add(const IndexSet& other) {
    for (const IndexRange& range : other.ranges_) add(range);
  }
  void subtract(IndexRange range) {
    if (range.empty()) return;
    std::vector<IndexRange> left;
    for (const IndexRange& each : ranges_) {
      if (each.last < range.first || range.last < each.first) {
        left.push_back(each);
        continue;
      }
      if (each.first < range.first) left.push_back({each.first, range.first.previous()});
      if (range.last < each.last) left.push_back({range.last.next(), each.last});
    }
    ranges_ = std::move(left);
  }
  void subtract(const IndexSet& other) {
    for (const IndexRange& range : other.ranges_) subtract(range);
  }
  [[nodiscard]] IndexSet within(IndexRange range) const {
    IndexSet result;
    for (const IndexRange& each : ranges_) {
      result.add({std::max(each.first, range.first), std::min(each.last, range.last)});
    }
    return result;
  }

  [[nodiscard]] IndexSet within(const IndexSet& other) const {
    IndexSet result;
    for (const IndexRange& range : other.ranges_) result.add(within(range));
    return result;
  }

  friend bool operator==(const IndexSet&, const IndexSet&) = default;

 private:
  static Index before(Index index) { return index == Index{} ? index : index.previous(); }
  [[nodiscard]] std::vector<IndexRange>::const_iterator first_reaching(Index index) const {
    return std::partition_point(ranges_.begin(), ranges_.end(),
                                [&](const IndexRange& range) { return range.last < index; });
  }

  std::vector<IndexRange> ranges_;
};

}  // namespace lockstep::tools
