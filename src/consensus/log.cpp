#include "consensus/log.hpp"

#include <algorithm>

namespace lockstep::consensus {

Log::Log(const WALState& state, std::size_t tail_budget_bytes)
    : before_first_(state.boundary ? state.boundary->last : EntryId{}),
      last_index_(state.bounds.empty() ? before_first_.index : state.bounds.last),
      durable_index_(last_index_),
      runs_(state.term_runs),
      tail_first_(last_index_.next()),
      tail_budget_bytes_(tail_budget_bytes),
      sizes_(last_index_) {}

std::optional<Term> Log::term_at(Index index) const {
  if (index == before_first_.index) return before_first_.term;
  if (index < before_first_.index || index > last_index_) return std::nullopt;
  return runs_.at(index);
}

EntryId Log::closest_to(EntryId id) const {
  const Index from = std::min(id.index, last_index_);
  const auto index = runs_.last_not_above(from, id.term);
  if (!index || *index <= before_first_.index) return before_first_;
  return {*index, *runs_.at(*index)};
}

void Log::append(Entry entry) {
  last_index_ = entry.header.index;
  runs_.append(last_index_, entry.header.term);
  tail_bytes_ += entry.size_bytes();
  sizes_.append(last_index_, entry.size_bytes());
  tail_.push_back(std::move(entry));
}

void Log::truncate_from(Index index) {
  while (!tail_.empty() && tail_.back().header.index >= index) {
    tail_bytes_ -= tail_.back().size_bytes();
    tail_.pop_back();
  }
  sizes_.truncate_from(index);
  runs_.truncate_from(index);
  last_index_ = index.previous();
  durable_index_ = std::min(durable_index_, last_index_);
  tail_first_ = std::min(tail_first_, last_index_.next());
}

void Log::set_durable(Index index) {
  durable_index_ = std::max(durable_index_, std::min(index, last_index_));
}

const Entry& Log::tail_at(Index index) const {
  return tail_[static_cast<std::size_t>(index.value() - tail_first_.value())];
}

void Log::set_digest(Index index, const Digest& digest) {
  tail_[static_cast<std::size_t>(index.value() - tail_first_.value())].digest = digest;
}

Index Log::last_within(Index first, std::size_t budget_bytes) const {
  // In a frame the entry's digest travels besides.
  const auto bytes_of = [&](Index index) { return tail_at(index).size_bytes() + Digest::kBytes; };
  std::size_t bytes = bytes_of(first);
  Index last = first;
  while (last < last_index_) {
    bytes += bytes_of(last.next());
    if (bytes > budget_bytes) break;
    last = last.next();
  }
  return last;
}

void Log::trim_tail() {
  while (tail_bytes_ > tail_budget_bytes_ && tail_first_ <= durable_index_ && !tail_.empty()) {
    tail_bytes_ -= tail_.front().size_bytes();
    tail_.pop_front();
    tail_first_ = tail_first_.next();
  }
}

}  // namespace lockstep::consensus
