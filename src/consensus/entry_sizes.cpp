#include "consensus/entry_sizes.hpp"

#include <algorithm>

namespace lockstep::consensus {
namespace {

constexpr std::size_t kMaxSums = 4096;

}  // namespace

void EntrySizes::append(Index index, std::size_t bytes) {
  last_ = {index, last_.bytes + bytes};
  if (index.value() % stride_ != 0) return;
  if (sums_.size() == kMaxSums) {
    stride_ *= 2;
    std::erase_if(sums_, [this](const Sum& sum) { return sum.index.value() % stride_ != 0; });
    if (index.value() % stride_ != 0) return;
  }
  sums_.push_back(last_);
}

void EntrySizes::truncate_from(Index index) {
  if (index > last_.index) return;
  last_ = {index.previous(), bytes_up_to(index.previous())};
  while (!sums_.empty() && sums_.back().index >= index) sums_.pop_back();
  opened_at_ = std::min(opened_at_, last_.index);
}

void EntrySizes::release_up_to(Index index) {
  // One sum before it is needed to interpolate.
  const auto behind = std::ranges::upper_bound(sums_, index, {}, &Sum::index);
  if (behind != sums_.begin()) sums_.erase(sums_.begin(), std::prev(behind));
}

std::uint64_t EntrySizes::bytes_after(Index index) const {
  if (index >= last_.index) return 0;
  if (index >= opened_at_) return last_.bytes - bytes_up_to(index);
  const std::uint64_t counted = last_.index.value() - opened_at_.value();
  const std::uint64_t mean = counted == 0 ? 0 : last_.bytes / counted;
  return last_.bytes + (opened_at_.value() - index.value()) * mean;
}

std::uint64_t EntrySizes::bytes_up_to(Index index) const {
  if (index <= opened_at_) return 0;
  const auto after = std::ranges::lower_bound(sums_, index, {}, &Sum::index);
  const Sum high = after == sums_.end() ? last_ : *after;
  const Sum low = after == sums_.begin() ? Sum{opened_at_, 0} : *std::prev(after);
  const std::uint64_t mean = (high.bytes - low.bytes) / (high.index.value() - low.index.value());
  return high.bytes - (high.index.value() - index.value()) * mean;
}

}  // namespace lockstep::consensus
