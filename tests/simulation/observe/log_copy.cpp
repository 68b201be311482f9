#include "simulation/observe/log_copy.hpp"

#include <algorithm>

#include "consensus/configuration_codec.hpp"

namespace lockstep::sim {

LogChange change_of(const WALWrite& write) {
  LogChange change;
  change.truncate_from = write.truncate_from;
  change.boundary = write.boundary;
  change.hard_state = write.hard_state;
  if (!write.entries.empty()) change.first_entry = write.entries.front().header.index;
  change.entries.reserve(write.entries.size());
  for (const Entry& entry : write.entries) {
    change.entries.push_back({entry.header.term, entry.digest});
    if (entry.header.kind != EntryKind::kConfiguration) continue;
    const auto record = consensus::decode_record(entry.payload().bytes());
    if (record) change.configurations[entry.header.index] = record->configuration;
  }
  return change;
}

bool LogCopy::make(const LogChange& change) {
  const auto cut = [&](Index from) {
    const std::uint64_t kept = from.value() - std::min(from, first_index()).value();
    if (from >= first_index() && kept < entries_.size()) entries_.resize(kept);
    configurations_.erase(configurations_.lower_bound(from), configurations_.end());
  };
  if (change.truncate_from) cut(*change.truncate_from);
  const bool follows = change.entries.empty() || change.first_entry == last_index().next();
  if (follows) {
    entries_.insert(entries_.end(), change.entries.begin(), change.entries.end());
    configurations_.insert(change.configurations.begin(), change.configurations.end());
  }
  if (change.hard_state) hard_state_ = *change.hard_state;
  if (!change.boundary) return follows;
  const EntryId last = change.boundary->last;
  if (change.is_release && last.index > boundary_.index) {
    const std::uint64_t gone =
        std::min<std::uint64_t>(last.index.value() - boundary_.index.value(), entries_.size());
    entries_.erase(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(gone));
  } else if (!change.is_release) {
    entries_.clear();
    configurations_.clear();
  } else {
    return follows;
  }
  boundary_ = last;
  configurations_.erase(configurations_.begin(), configurations_.upper_bound(last.index));
  configurations_[last.index] = change.boundary->configuration;
  return follows;
}

void LogCopy::repair(Index index, const EntryTrace& copy) {
  if (index < first_index() || index > last_index()) return;
  entries_[index.value() - first_index().value()] = copy;
}

const EntryTrace* LogCopy::at(Index index) const {
  if (index < first_index() || index > last_index()) return nullptr;
  return &entries_[index.value() - first_index().value()];
}

bool LogCopy::holds(EntryId id) const {
  if (id.index < boundary_.index) return true;
  if (id.index == boundary_.index) return id.term == boundary_.term;
  const EntryTrace* entry = at(id.index);
  return entry != nullptr && entry->term == id.term;
}

std::optional<Term> LogCopy::term_before(Index index) const {
  if (index == first_index()) return boundary_.term;
  const EntryTrace* entry = index == Index{} ? nullptr : at(index.previous());
  if (entry == nullptr) return std::nullopt;
  return entry->term;
}

const Configuration* LogCopy::configuration() const { return configuration_at(last_index()); }

Term LogCopy::configuration_term() const {
  if (configurations_.empty()) return {};
  const EntryTrace* entry = at(configurations_.rbegin()->first);
  return entry == nullptr ? boundary_.term : entry->term;
}

const Configuration* LogCopy::configuration_at(Index index) const {
  const auto behind = configurations_.upper_bound(index);
  return behind == configurations_.begin() ? nullptr : &std::prev(behind)->second;
}

Index LogCopy::configuration_index_at(Index index) const {
  const auto behind = configurations_.upper_bound(index);
  return behind == configurations_.begin() ? Index{} : std::prev(behind)->first;
}

bool LogCopy::fits(const WALState& state) const {
  if (state.hard_state != hard_state_) return false;
  const EntryId begin = state.boundary ? state.boundary->last : EntryId{};
  if (begin != boundary_) return false;
  if (state.last_promised.index != last_index()) return false;
  auto run = state.term_runs.begin();
  for (Index index = first_index(); index <= last_index(); index = index.next()) {
    while (run != state.term_runs.end() && std::next(run) != state.term_runs.end() &&
           std::next(run)->first <= index) {
      ++run;
    }
    if (run == state.term_runs.end()) return false;
    if (run->term != Term{} && run->term != at(index)->term) return false;
  }
  return true;
}

}  // namespace lockstep::sim
