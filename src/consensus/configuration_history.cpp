#include "consensus/configuration_history.hpp"

#include <iterator>

namespace lockstep::consensus {

bool ConfigurationHistory::is_certain() const {
  return !places_.empty() && places_.rbegin()->second.has_value();
}

bool ConfigurationHistory::is_certain_at(Index index) const {
  const auto behind = places_.upper_bound(index);
  return behind != places_.begin() && std::prev(behind)->second.has_value();
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

void ConfigurationHistory::release_up_to(Index index) {
  const auto behind = places_.upper_bound(index);
  if (behind != places_.begin()) places_.erase(places_.begin(), std::prev(behind));
}

}  // namespace lockstep::consensus
