#include "base/checkpoint_chain.hpp"

#include <utility>

namespace lockstep {

std::optional<CheckpointChain> CheckpointChain::at(LogCheckpoint newest,
                                                   std::vector<Digest> since) {
  const bool is_place = newest.index == checkpoint_before(newest.index) &&
                        newest.digest.is_none() == (newest.index == Index{}) &&
                        since.size() < kInterval;
  if (!is_place) return std::nullopt;
  CheckpointChain chain;
  chain.newest_ = newest;
  chain.since_ = std::move(since);
  return chain;
}

std::optional<LogCheckpoint> CheckpointChain::add(Sha256& sha, const Digest& digest) {
  since_.push_back(digest);
  if (since_.size() < kInterval) return std::nullopt;
  sha.begin();
  sha.update(newest_.digest.bytes);
  static_assert(sizeof(Digest) == Digest::kBytes);
  sha.update(
      {reinterpret_cast<const std::uint8_t*>(since_.data()), since_.size() * Digest::kBytes});
  newest_ = {index(), sha.finish()};
  since_.clear();
  return newest_;
}

}  // namespace lockstep
