#include "consensus/log.hpp"

#include <algorithm>
#include <ranges>

namespace lockstep::consensus {
namespace {

constexpr std::uint64_t kSampleEvery = 64;

}  // namespace

Log::Log(const WALState& state, std::size_t tail_budget_bytes)
    : before_first_(state.boundary ? state.boundary->last : EntryId{}),
      last_index_(state.bounds.empty() ? before_first_.index : state.bounds.last),
      durable_index_(last_index_),
      runs_(state.term_runs),
      tail_first_(last_index_.next()),
      tail_budget_bytes_(tail_budget_bytes),
      opened_at_(last_index_) {}

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
  appended_bytes_ += entry.size_bytes();
  if (last_index_.value() % kSampleEvery == 0) samples_.push_back({last_index_, appended_bytes_});
  tail_.push_back(std::move(entry));
}

void Log::truncate_from(Index index) {
  while (!tail_.empty() && tail_.back().header.index >= index) {
    tail_bytes_ -= tail_.back().size_bytes();
    appended_bytes_ -= tail_.back().size_bytes();
    tail_.pop_back();
  }
  while (!samples_.empty() && samples_.back().index >= index) samples_.pop_back();
  runs_.truncate_from(index);
  last_index_ = index.previous();
  durable_index_ = std::min(durable_index_, last_index_);
  tail_first_ = std::min(tail_first_, last_index_.next());
  opened_at_ = std::min(opened_at_, last_index_);
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
  std::size_t bytes = tail_at(first).size_bytes();
  Index last = first;
  while (last < last_index_) {
    bytes += tail_at(last.next()).size_bytes();
    if (bytes > budget_bytes) break;
    last = last.next();
  }
  return last;
}

void Log::trim_tail(Index keep_from) {
  const Index keep = std::min(keep_from, durable_index_.next());
  while (tail_bytes_ > tail_budget_bytes_ && tail_first_ < keep && !tail_.empty()) {
    tail_bytes_ -= tail_.front().size_bytes();
    tail_.pop_front();
    tail_first_ = tail_first_.next();
  }
}

std::uint64_t Log::bytes_after(Index index) const {
  if (index >= last_index_) return 0;
  const std::uint64_t appended_entries = last_index_.value() - opened_at_.value();
  const std::uint64_t mean = appended_entries == 0 ? 0 : appended_bytes_ / appended_entries;
  if (index <= opened_at_) return appended_bytes_ + (opened_at_.value() - index.value()) * mean;
  const auto sample = std::ranges::lower_bound(samples_, index, {}, &SizeSample::index);
  if (sample == samples_.end()) return (last_index_.value() - index.value()) * mean;
  return appended_bytes_ - sample->bytes + (sample->index.value() - index.value()) * mean;
}

}  // namespace lockstep::consensus
