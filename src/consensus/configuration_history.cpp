#include "consensus/configuration_history.hpp"

#include <algorithm>
#include <iterator>

namespace lockstep::consensus {

bool ConfigurationHistory::is_certain_at(Index index) const {
  const auto behind = places_.upper_bound(index);
  if (behind == places_.begin() || !std::prev(behind)->second) return false;
  const Index place = std::prev(behind)->first;
  return std::ranges::none_of(doubtful_, [&](const IndexRange& range) {
    return range.last > place && range.first <= index;
  });
}

Index ConfigurationHistory::newest_index() const {
  return places_.empty() ? Index{} : places_.rbegin()->first;
}

const Configuration& ConfigurationHistory::at(Index index) const {
  static const Configuration kNone;
  for (auto place = places_.upper_bound(index); place != places_.begin();) {
    --place;
    if (place->second) return *place->second;
  }
  return kNone;
}

std::vector<Index> ConfigurationHistory::indexes_in(IndexRange range) const {
  std::vector<Index> found;
  for (auto place = places_.lower_bound(range.first);
       place != places_.end() && place->first <= range.last; ++place) {
    found.push_back(place->first);
  }
  return found;
}

void ConfigurationHistory::add(Index index, Configuration configuration) {
  places_.insert_or_assign(index, std::move(configuration));
}

void ConfigurationHistory::doubt(const IndexRanges& damaged) {
  for (const IndexRange& range : damaged) lockstep::add(doubtful_, range);
  for (const auto& [place, configuration] : places_) subtract(doubtful_, {place, place});
}

void ConfigurationHistory::truncate_from(Index index) {
  places_.erase(places_.lower_bound(index), places_.end());
  if (!doubtful_.empty()) subtract(doubtful_, {index, doubtful_.back().last});
}

void ConfigurationHistory::release_up_to(Index index) {
  subtract(doubtful_, {Index{1}, index});
  const auto behind = places_.upper_bound(index);
  if (behind != places_.begin()) places_.erase(places_.begin(), std::prev(behind));
}

}  // namespace lockstep::consensus
