#include "wal/log_state.hpp"

#include <algorithm>

#include "base/index_ranges.hpp"

namespace lockstep {

Term LogState::term(Index index) const {
  if (state_.boundary && index == state_.boundary->last.index) return state_.boundary->last.term;
  if (!state_.bounds.contains(index)) return {};
  const auto after =
      std::upper_bound(state_.term_runs.begin(), state_.term_runs.end(), index,
                       [](Index wanted, const TermRun& run) { return wanted < run.first; });
  return after == state_.term_runs.begin() ? Term{} : std::prev(after)->term;
}

bool LogState::is_damaged(Index index) const { return contains(state_.damaged, index); }

bool LogState::is_all_damaged(IndexRange range) const {
  return std::any_of(state_.damaged.begin(), state_.damaged.end(), [&](const IndexRange& damaged) {
    return damaged.contains(range.first) && damaged.contains(range.last);
  });
}

Result<> LogState::check_read(const IndexRange& range) const {
  if (range.empty() || range.first == Index{}) {
    return Error(Errc::kInvalidArgument, "the range to read is empty, or begins at index 0");
  }
  if (range.first < state_.bounds.first) {
    return Error(Errc::kReleased, "entry " + to_string(range.first) +
                                      " is released; the log begins at " +
                                      to_string(state_.bounds.first));
  }
  if (range.first > last().index) {
    return Error(Errc::kOutOfRange, "entry " + to_string(range.first) +
                                        " is beyond the end of the log, " +
                                        to_string(last().index));
  }
  if (is_damaged(range.first)) {
    return Error(Errc::kCorruption, "entry " + to_string(range.first) + " is damaged on the disk");
  }
  return {};
}

Index LogState::read_end(const IndexRange& range) const {
  Index end = std::min(range.last, last().index);
  for (const IndexRange& damaged : state_.damaged) {
    if (damaged.first > range.first) end = std::min(end, damaged.first.previous());
  }
  return end;
}

void LogState::truncate(Index from) {
  if (from > last().index) return;
  const Term term_before = term(from.previous());
  std::erase_if(state_.term_runs, [&](const TermRun& run) { return run.first >= from; });
  std::erase_if(state_.configuration_indexes, [&](Index index) { return index >= from; });
  state_.bounds.last = from.previous();
  state_.last_promised = {from.previous(), term_before};
  clip_damaged();
  if (state_.newest_configuration >= from) doubt_newest_configuration();
  settle_newest_configuration();
}

void LogState::append(EntryId entry, EntryKind kind) {
  if (state_.term_runs.empty() || state_.term_runs.back().term != entry.term) {
    state_.term_runs.push_back({entry.term, entry.index});
  }
  if (kind == EntryKind::kConfiguration) {
    state_.configuration_indexes.push_back(entry.index);
    state_.newest_configuration = entry.index;
  }
  state_.bounds.last = entry.index;
  state_.last_promised = entry;
}

void LogState::mark_damaged(IndexRange range) { add(state_.damaged, range); }

void LogState::settle_newest_configuration() {
  if (state_.newest_configuration) return;
  const std::vector<Index>& known = state_.configuration_indexes;
  const Index newest = known.empty() ? Index{} : known.back();
  const bool hidden = !state_.damaged.empty() && state_.damaged.back().last > newest;
  if (!hidden) state_.newest_configuration = newest;
}

void LogState::repair(const std::vector<EntryHeader>& entries) {
  const IndexRange range = held_of({entries.front().index, entries.back().index});
  if (range.empty()) return;
  const Index behind = range.last.next();
  const Term term_behind = term(behind);

  std::vector<TermRun> runs;
  const auto add_run = [&](Term term, Index first) {
    if (runs.empty() || runs.back().term != term) runs.push_back({term, first});
  };
  for (const TermRun& run : state_.term_runs) {
    if (run.first < range.first) add_run(run.term, run.first);
  }
  std::vector<Index>& configurations = state_.configuration_indexes;
  std::erase_if(configurations, [&](Index index) { return range.contains(index); });
  for (const EntryHeader& entry : entries) {
    if (!range.contains(entry.index)) continue;
    add_run(entry.term, entry.index);
    if (entry.kind == EntryKind::kConfiguration) configurations.push_back(entry.index);
    if (entry.index == last().index) state_.last_promised = entry.id();
  }
  std::sort(configurations.begin(), configurations.end());
  if (behind <= state_.bounds.last) add_run(term_behind, behind);
  for (const TermRun& run : state_.term_runs) {
    if (run.first > behind) add_run(run.term, run.first);
  }
  state_.term_runs = std::move(runs);

  subtract(state_.damaged, range);
  settle_newest_configuration();
}

void LogState::reset(const Boundary& boundary) {
  state_.boundary = boundary;
  state_.bounds = {boundary.last.index.next(), boundary.last.index};
  state_.term_runs.clear();
  state_.configuration_indexes.clear();
  state_.newest_configuration = Index{};
  state_.last_promised = boundary.last;
  state_.damaged.clear();
  state_.install_intent.reset();
}

void LogState::release(const Boundary& boundary) {
  const Index first = boundary.last.index.next();
  const Term first_term = term(first);
  state_.boundary = boundary;
  state_.bounds.first = first;
  std::erase_if(state_.configuration_indexes, [&](Index index) { return index < first; });
  const bool any_held = first <= state_.bounds.last;
  std::erase_if(state_.term_runs, [&](const TermRun& run) { return run.first < first; });
  const bool starts_run = !state_.term_runs.empty() && state_.term_runs.front().first == first;
  if (any_held && !starts_run) {
    state_.term_runs.insert(state_.term_runs.begin(), TermRun{first_term, first});
  }
  clip_damaged();
  settle_newest_configuration();
}

void LogState::set_install_intent(const std::optional<InstallIntent>& intent) {
  state_.install_intent = intent && intent->snapshot_id.empty() ? std::nullopt : intent;
}

void LogState::clip_damaged() {
  for (IndexRange& range : state_.damaged) range = held_of(range);
  std::erase_if(state_.damaged, [](const IndexRange& range) { return range.empty(); });
}

}  // namespace lockstep
