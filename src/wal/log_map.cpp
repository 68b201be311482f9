#include "wal/log_map.hpp"

#include <algorithm>
#include <utility>

namespace lockstep {
namespace {

constexpr std::size_t kMostPlaces = 64;

auto first_place_after(const std::vector<LogMap::Place>& places, Index index) {
  return std::upper_bound(
      places.begin(), places.end(), index,
      [](Index wanted, const LogMap::Place& place) { return wanted < place.first; });
}

/// Every second place goes when there are too many.
void thin_out(LogMap::Extent& extent) {
  std::vector<LogMap::Place>& places = extent.places;
  if (places.size() <= kMostPlaces) return;
  for (std::size_t i = 1; 2 * i < places.size(); ++i) places[i] = places[2 * i];
  places.resize((places.size() + 1) / 2);
  extent.spacing *= 2;
}

}  // namespace

void LogMap::add_batch(std::uint64_t offset, std::uint64_t end, IndexRange range) {
  Segment& segment = segments_.back();
  segment.end = end;
  if (range.empty()) return;
  const bool goes_on = !extents_.empty() && !extents_.back().repaired &&
                       extents_.back().segment == segment.number &&
                       extents_.back().range.last.next() == range.first;
  // After a truncation the indexes go on too, but in the file there lie dropped entries between.
  if (!goes_on || truncated_) {
    extents_.push_back({segment.number, range, {{range.first, offset}}});
    truncated_ = false;
    return;
  }
  Extent& extent = extents_.back();
  extent.range.last = range.last;
  if (offset - extent.places.back().offset >= extent.spacing) {
    extent.places.push_back({range.first, offset});
    thin_out(extent);
  }
}

void LogMap::repair(IndexRange range, const Place& batch) {
  may_have_unused_ = true;
  std::vector<Extent> extents;
  const auto add = [&](const Extent& extent, IndexRange left) {
    if (left.empty()) return;
    Extent part = extent;
    part.range = left;
    // Keep the last place at or before its first entry, and those within it.
    const auto& places = part.places;
    const auto begin = first_place_after(places, left.first);
    part.places.erase(first_place_after(places, left.last), places.end());
    if (begin != places.begin()) part.places.erase(places.begin(), std::prev(begin));
    extents.push_back(std::move(part));
  };
  Extent copies{segments_.back().number, range, {batch}, true};
  const auto add_copies = [&] {
    if (!copies.places.empty()) extents.push_back(std::exchange(copies, {}));
  };
  for (const Extent& extent : extents_) {
    add(extent, {extent.range.first, std::min(extent.range.last, range.first.previous())});
    if (extent.range.last >= range.first) add_copies();
    add(extent, {std::max(extent.range.first, range.last.next()), extent.range.last});
  }
  add_copies();
  extents_ = std::move(extents);
}

void LogMap::learn(std::uint64_t segment, Index wanted, const Place& place) {
  Extent* extent = const_cast<Extent*>(find(wanted));
  if (extent == nullptr || extent->repaired || extent->segment != segment) return;
  if (place.first > wanted || place.offset < extent->places.front().offset) return;
  const auto after = first_place_after(extent->places, place.first);
  if (after == extent->places.begin()) return;
  const Place& before = *std::prev(after);
  if (place.offset < before.offset + extent->spacing) return;
  if (after != extent->places.end() && after->offset < place.offset + extent->spacing) return;
  extent->places.insert(after, place);
  thin_out(*extent);
}

void LogMap::truncate(Index from) {
  may_have_unused_ = true;
  while (!extents_.empty() && extents_.back().range.first >= from) extents_.pop_back();
  if (!extents_.empty()) {
    Extent& extent = extents_.back();
    extent.range.last = std::min(extent.range.last, from.previous());
    extent.places.erase(first_place_after(extent.places, extent.range.last), extent.places.end());
  }
  truncated_ = true;
}

void LogMap::release(Index up_to) {
  may_have_unused_ = true;
  const auto kept = std::find_if(extents_.begin(), extents_.end(),
                                 [&](const Extent& extent) { return extent.range.last > up_to; });
  extents_.erase(extents_.begin(), kept);
  if (!extents_.empty()) {
    extents_.front().range.first = std::max(extents_.front().range.first, up_to.next());
  }
}

std::vector<std::uint64_t> LogMap::drop_unused_segments() {
  std::vector<std::uint64_t> dropped;
  if (!std::exchange(may_have_unused_, false)) return dropped;
  std::vector<std::uint64_t> used{segments_.back().number};
  for (const Extent& extent : extents_) used.push_back(extent.segment);
  std::sort(used.begin(), used.end());
  std::erase_if(segments_, [&](const Segment& segment) {
    if (std::binary_search(used.begin(), used.end(), segment.number)) return false;
    dropped.push_back(segment.number);
    return true;
  });
  return dropped;
}

std::vector<IndexRange> LogMap::lose_segment(std::uint64_t number) {
  may_have_unused_ = true;
  std::vector<IndexRange> lost;
  std::erase_if(extents_, [&](const Extent& extent) {
    if (extent.segment == number) lost.push_back(extent.range);
    return extent.segment == number;
  });
  std::erase_if(segments_, [&](const Segment& segment) { return segment.number == number; });
  return lost;
}

std::vector<LogMap::Stretch> LogMap::plan(IndexRange range, std::size_t byte_budget) const {
  std::vector<Stretch> stretches;
  std::uint64_t least_bytes = 0;
  for (const Extent* extent = find(range.first); extent != nullptr; extent = find(range.first)) {
    const Segment* const its_segment = segment(extent->segment);
    if (its_segment == nullptr) break;
    const IndexRange part{range.first, std::min(range.last, extent->range.last)};
    stretches.push_back({*its_segment, extent->repaired, part, extent->range.last,
                         nearest_place(*extent, range.first)});
    least_bytes += part.size() * EntryHeader::kEncodedBytes;
    if (part.last == range.last || least_bytes >= byte_budget) break;
    range.first = part.last.next();
  }
  return stretches;
}

std::vector<IndexRange> LogMap::still_at(std::uint64_t segment, std::uint64_t offset,
                                         IndexRange range) const {
  std::vector<IndexRange> still;
  for (const Extent& extent : extents_) {
    // What was written anew lies in an extent that begins later, if in the same segment at all.
    if (extent.segment != segment || extent.places.front().offset > offset) continue;
    const IndexRange part{std::max(range.first, extent.range.first),
                          std::min(range.last, extent.range.last)};
    if (!part.empty()) still.push_back(part);
  }
  return still;
}

const LogMap::Extent* LogMap::find(Index index) const {
  const auto found =
      std::partition_point(extents_.begin(), extents_.end(),
                           [&](const Extent& extent) { return extent.range.last < index; });
  return found != extents_.end() && found->range.contains(index) ? &*found : nullptr;
}

const LogMap::Segment* LogMap::segment(std::uint64_t number) const {
  const auto found = std::lower_bound(
      segments_.begin(), segments_.end(), number,
      [](const Segment& each, std::uint64_t wanted) { return each.number < wanted; });
  return found != segments_.end() && found->number == number ? &*found : nullptr;
}

const LogMap::Place& LogMap::nearest_place(const Extent& extent, Index index) {
  const auto after = first_place_after(extent.places, index);
  return after == extent.places.begin() ? extent.places.front() : *std::prev(after);
}

}  // namespace lockstep
