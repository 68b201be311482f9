#include "consensus/log.hpp"

#include <algorithm>

namespace lockstep::consensus {
namespace {

/// Of the budget, for entries that all members have and that are applied.
constexpr std::size_t kShareOfUnwanted = 16;

IndexRanges without_term(const WALState& state) {
  IndexRanges termless;
  for (std::size_t i = 0; i < state.term_runs.size(); ++i) {
    if (state.term_runs[i].term != Term{}) continue;
    const bool is_last = i + 1 == state.term_runs.size();
    add(termless, {state.term_runs[i].first,
                   is_last ? state.bounds.last : state.term_runs[i + 1].first.previous()});
  }
  return termless;
}

std::vector<TermRun> known_runs(const WALState& state) {
  std::vector<TermRun> known = state.term_runs;
  Term before = state.boundary ? state.boundary->last.term : Term{};
  for (TermRun& run : known) {
    if (run.term == Term{}) run.term = before;
    before = run.term;
  }
  return known;
}

}  // namespace

Log::Log(const WALState& state, std::size_t tail_budget_bytes)
    : before_first_(state.boundary ? state.boundary->last : EntryId{}),
      last_index_(state.bounds.empty() ? before_first_.index : state.bounds.last),
      durable_index_(last_index_),
      promised_(state.last_promised),
      runs_(known_runs(state)),
      damaged_(state.damaged),
      termless_(without_term(state)),
      tail_first_(last_index_.next()),
      tail_budget_bytes_(tail_budget_bytes),
      sizes_(last_index_) {}

std::optional<Term> Log::term_at(Index index) const {
  if (index == before_first_.index) return before_first_.term;
  if (index < before_first_.index || index > last_index_ || lacks_term(index)) return std::nullopt;
  return runs_.at(index);
}

EntryId Log::promised() const {
  const EntryId last = this->last();
  const bool beyond =
      promised_.term > last.term || (promised_.term == last.term && promised_.index > last.index);
  return beyond ? promised_ : last;
}

std::optional<EntryId> Log::known_behind(Index index) const {
  const auto termless = std::ranges::lower_bound(termless_, index.next(), {}, &IndexRange::last);
  const bool follows = termless != termless_.end() && termless->contains(index.next());
  const Index known = follows ? termless->last.next() : index.next();
  const auto term = term_at(known);
  return term ? std::optional(EntryId{known, *term}) : std::nullopt;
}

std::optional<Index> Log::first_damaged_after(Index index) const {
  for (const IndexRange& range : damaged_) {
    if (range.last > index) return std::max(range.first, index.next());
  }
  return std::nullopt;
}

Index Log::intact_index() const {
  return damaged_.empty() ? durable_index_
                          : std::min(durable_index_, damaged_.front().first.previous());
}

void Log::mark_damaged(IndexRange range) {
  add(damaged_, {std::max(range.first, first_index()), std::min(range.last, last_index_)});
}

void Log::mend(const std::vector<Entry>& entries) {
  if (entries.empty()) return;
  const IndexRange range{entries.front().header.index, entries.back().header.index};
  for (const Entry& entry : entries) {
    const Index index = entry.header.index;
    const auto termless = std::ranges::lower_bound(termless_, index, {}, &IndexRange::last);
    if (termless == termless_.end() || !termless->contains(index)) continue;
    // What is left of them counts as of the term before it.
    runs_.assign({index, termless->last}, entry.header.term, last_index_);
  }
  subtract(termless_, range);
  subtract(damaged_, range);
}

EntryId Log::closest_to(EntryId id) const {
  const Index from = std::min(id.index, last_index_);
  auto index = runs_.last_not_above(from, id.term);
  const auto termless = std::ranges::find_if(
      termless_, [&](const IndexRange& range) { return index && range.contains(*index); });
  if (termless != termless_.end()) index = termless->first.previous();
  if (!index || *index <= before_first_.index) return before_first_;
  return {*index, *runs_.at(*index)};
}

void Log::append(Entry entry) {
  last_index_ = entry.header.index;
  runs_.append(last_index_, entry.header.term);
  sizes_.append(last_index_, entry.size_bytes());
  const std::uint64_t before =
      tail_.empty() ? 0 : tail_.back().bytes_before + tail_.back().entry.size_bytes();
  tail_.push_back({std::move(entry), before});
}

void Log::truncate_from(Index index) {
  while (!tail_.empty() && tail_.back().entry.header.index >= index) tail_.pop_back();
  sizes_.truncate_from(index);
  runs_.truncate_from(index);
  subtract(damaged_, {index, last_index_});
  subtract(termless_, {index, last_index_});
  last_index_ = index.previous();
  if (!lacks_term(last_index_)) promised_ = last();
  durable_index_ = std::min(durable_index_, last_index_);
  tail_first_ = std::min(tail_first_, last_index_.next());
}

void Log::release_prefix(EntryId last) {
  if (last.index < first_index()) return;
  const IndexRange released{first_index(), last.index};
  before_first_ = last;
  runs_.release_before(last.index.next());
  subtract(damaged_, released);
  subtract(termless_, released);
  sizes_.release_up_to(last.index);
  while (!tail_.empty() && tail_first_ <= last.index) drop_oldest();
  tail_first_ = std::max(tail_first_, last.index.next());
}

void Log::reset(EntryId last) {
  WALState state;
  state.boundary = Boundary{last, {}, {}, {}};
  state.bounds = {last.index.next(), last.index};
  state.last_promised = last;
  *this = Log(state, tail_budget_bytes_);
}

Index Log::begin_of_last(std::uint64_t bytes) const {
  Index low = before_first_.index;
  Index high = last_index_;
  while (low < high) {
    const Index middle(low.value() + (high.value() - low.value()) / 2);
    bytes_after(middle) > bytes ? low = middle.next() : high = middle;
  }
  return low;
}

void Log::set_durable(Index index) {
  durable_index_ = std::max(durable_index_, std::min(index, last_index_));
}

const Log::Held& Log::held_at(Index index) const {
  return tail_[static_cast<std::size_t>(index.value() - tail_first_.value())];
}

const Entry& Log::tail_at(Index index) const { return held_at(index).entry; }

void Log::set_digest(Index index, const Digest& digest) {
  tail_[static_cast<std::size_t>(index.value() - tail_first_.value())].entry.digest = digest;
}

Index Log::last_within(Index first, std::size_t budget_bytes) const {
  Index low = first;
  Index high = last_index_;
  while (low < high) {
    const Index middle(high.value() - (high.value() - low.value()) / 2);
    const IndexRange range{first, middle};
    // In a frame the entry's digest travels besides.
    const bool fits = tail_bytes_in(range) + range.size() * Digest::kBytes <= budget_bytes;
    fits ? low = middle : high = middle.previous();
  }
  return low;
}

std::size_t Log::tail_bytes_in(IndexRange range) const {
  if (range.empty()) return 0;
  const Held& last = held_at(range.last);
  return static_cast<std::size_t>(last.bytes_before + last.entry.size_bytes() -
                                  held_at(range.first).bytes_before);
}

std::size_t Log::tail_bytes() const { return tail_bytes_in({tail_first_, last_index_}); }

void Log::trim_tail(Index wanted_from) {
  const std::size_t unwanted_budget = tail_budget_bytes_ / kShareOfUnwanted;
  while (!tail_.empty() && tail_first_ <= durable_index_ &&
         tail_bytes() > (tail_first_ < wanted_from ? unwanted_budget : tail_budget_bytes_)) {
    drop_oldest();
  }
}

void Log::drop_oldest() {
  tail_.pop_front();
  tail_first_ = tail_first_.next();
}

}  // namespace lockstep::consensus
