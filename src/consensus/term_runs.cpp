#include "consensus/term_runs.hpp"

#include <algorithm>
#include <iterator>

namespace lockstep::consensus {

void TermRuns::append(Index index, Term term) {
  if (runs_.empty() || runs_.back().term != term) runs_.push_back({term, index});
}

void TermRuns::truncate_from(Index index) {
  while (!runs_.empty() && runs_.back().first >= index) runs_.pop_back();
}

void TermRuns::release_before(Index first) {
  const auto behind = std::ranges::upper_bound(runs_, first, {}, &TermRun::first);
  if (behind == runs_.begin()) return;
  runs_.erase(runs_.begin(), std::prev(behind));
  runs_.front().first = std::max(runs_.front().first, first);
}

void TermRuns::assign(IndexRange range, Term term, Index end) {
  const std::optional<Term> behind = range.last < end ? at(range.last.next()) : std::nullopt;
  std::vector<TermRun> later;
  std::ranges::copy_if(runs_, std::back_inserter(later),
                       [&](const TermRun& run) { return run.first > range.last.next(); });
  truncate_from(range.first);
  append(range.first, term);
  if (behind) append(range.last.next(), *behind);
  for (const TermRun& run : later) append(run.first, run.term);
}

std::optional<Term> TermRuns::at(Index index) const {
  const auto after = std::ranges::upper_bound(runs_, index, {}, &TermRun::first);
  if (after == runs_.begin()) return std::nullopt;
  return std::prev(after)->term;
}

std::optional<Index> TermRuns::last_not_above(Index index, Term term) const {
  const auto end = std::ranges::upper_bound(runs_, index, {}, &TermRun::first);
  const auto above = std::ranges::upper_bound(runs_.begin(), end, term, {}, &TermRun::term);
  if (above == runs_.begin()) return std::nullopt;
  return above == end ? index : above->first.previous();
}

}  // namespace lockstep::consensus
