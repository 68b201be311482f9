#include "replication/checkpoint_history.hpp"

#include <algorithm>
#include <vector>

namespace lockstep::replication {

void CheckpointHistory::reset(const CheckpointChain& chain) {
  last_ = chain.index();
  digests_.assign(chain.since().begin(), chain.since().end());
  checkpoints_.assign(1, chain.newest());
}

void CheckpointHistory::forget() {
  digests_.clear();
  checkpoints_.clear();
}

void CheckpointHistory::add(std::span<const Digest> digests, std::span<const LogCheckpoint> made) {
  if (!is_known()) return;
  last_ = Index(last_.value() + digests.size());
  digests_.insert(digests_.end(), digests.begin(), digests.end());
  checkpoints_.insert(checkpoints_.end(), made.begin(), made.end());
  if (digests_.size() > kMaxDigests) {
    const auto excess = static_cast<std::ptrdiff_t>(digests_.size() - kMaxDigests);
    digests_.erase(digests_.begin(), digests_.begin() + excess);
  }
  while (checkpoints_.size() > kMaxCheckpoints) checkpoints_.pop_front();
}

std::optional<LogCheckpoint> CheckpointHistory::checkpoint_at(Index index) const {
  const auto found = std::ranges::lower_bound(checkpoints_, index, {}, &LogCheckpoint::index);
  if (found == checkpoints_.end() || found->index != index) return std::nullopt;
  return *found;
}

std::optional<CheckpointChain> CheckpointHistory::at(Index index) const {
  const auto newest = checkpoint_at(CheckpointChain::checkpoint_before(index));
  if (!newest || index > last_) return std::nullopt;
  const Index first = newest->index.next();
  if (first <= index && first < first_digest()) return std::nullopt;
  std::vector<Digest> since;
  for (Index i = first; i <= index; i = i.next()) {
    since.push_back(digests_[i.value() - first_digest().value()]);
  }
  return CheckpointChain::at(*newest, std::move(since));
}

std::optional<Index> CheckpointHistory::last_known(Index index) const {
  index = std::min(index, last_);
  const auto above = std::ranges::upper_bound(checkpoints_, index, {}, &LogCheckpoint::index);
  if (above == checkpoints_.begin()) return std::nullopt;
  const Index checkpoint = std::prev(above)->index;
  const bool tells_all = CheckpointChain::checkpoint_before(index) == checkpoint &&
                         checkpoint.next() >= first_digest();
  return tells_all ? index : checkpoint;
}

std::optional<LogCheckpoint> CheckpointHistory::newest() const {
  if (checkpoints_.empty()) return std::nullopt;
  return checkpoints_.back();
}

}  // namespace lockstep::replication
