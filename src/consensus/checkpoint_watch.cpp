#include "consensus/checkpoint_watch.hpp"

#include <algorithm>

namespace lockstep::consensus {

/// Checkpoints are chained: behind the first different one all are, and nothing new is said.
std::optional<Divergence> CheckpointWatch::compare(const NodeId& node, Other& other, Index index,
                                                   bool is_equal) {
  if (is_equal) {
    other.newest_equal = std::max(other.newest_equal, index);
    return std::nullopt;
  }
  if (std::exchange(other.is_different, true)) return std::nullopt;
  return Divergence{node, other.newest_equal, index};
}

std::vector<Divergence> CheckpointWatch::made(Index index, const Digest& digest) {
  own_[index] = digest;
  if (own_.size() > kKept) own_.erase(own_.begin());
  std::vector<Divergence> found;
  for (auto& [node, other] : others_) {
    const auto told = other.told.find(index);
    if (told == other.told.end()) continue;
    if (const auto news = compare(node, other, index, told->second == digest)) {
      found.push_back(*news);
    }
    other.told.erase(other.told.begin(), std::next(told));
  }
  return found;
}

std::optional<Divergence> CheckpointWatch::told(const NodeId& node, Index index,
                                                const Digest& digest) {
  Other& other = others_[node];
  if (const auto known = own(index)) return compare(node, other, index, *known == digest);
  // Not made here yet.
  if (!own_.empty() && index < own_.rbegin()->first) return std::nullopt;
  other.told[index] = digest;
  if (other.told.size() > kKept) other.told.erase(other.told.begin());
  return std::nullopt;
}

std::optional<Digest> CheckpointWatch::own(Index index) const {
  const auto found = own_.find(index);
  return found == own_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<std::pair<Index, Digest>> CheckpointWatch::newest() const {
  if (own_.empty()) return std::nullopt;
  return *own_.rbegin();
}

}  // namespace lockstep::consensus
