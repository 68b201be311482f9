#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <span>

#include "base/checkpoint_chain.hpp"

namespace lockstep::replication {

/// How the chain of checkpoints stood at earlier places than where it is now: any place among the
/// newest entries, and before them any checkpoint, both in bounded numbers. Owned by the strand.
class CheckpointHistory {
 public:
  static constexpr std::size_t kMaxDigests = 4096;
  static constexpr std::size_t kMaxCheckpoints = 4096;

  /// From here on; of what lies before nothing is known but what `chain` itself tells.
  void reset(const CheckpointChain& chain);
  /// Nothing is known any more.
  void forget();
  [[nodiscard]] bool is_known() const { return !checkpoints_.empty(); }

  /// Of the entries that follow, and the checkpoints that they complete.
  void add(std::span<const Digest> digests, std::span<const LogCheckpoint> made);

  /// None: that place is too old, or was never known.
  [[nodiscard]] std::optional<CheckpointChain> at(Index index) const;
  /// The largest place not beyond `index` that `at` knows.
  [[nodiscard]] std::optional<Index> last_known(Index index) const;
  [[nodiscard]] std::optional<LogCheckpoint> newest() const;

 private:
  [[nodiscard]] std::optional<LogCheckpoint> checkpoint_at(Index index) const;
  /// The digests from here on are there.
  [[nodiscard]] Index first_digest() const { return Index(last_.value() + 1 - digests_.size()); }

  Index last_;
  std::deque<Digest> digests_;
  /// Never empty while anything is known.
  std::deque<LogCheckpoint> checkpoints_;
};

}  // namespace lockstep::replication
