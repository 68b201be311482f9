#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/digest.hpp"
#include "lockstep/types.hpp"

namespace lockstep {

/// The digest of a log's prefix, at a multiple of `CheckpointChain::kInterval`; at index 0, that of
/// the empty one: zeros.
struct LogCheckpoint {
  Index index;
  Digest digest;
  friend bool operator==(const LogCheckpoint&, const LogCheckpoint&) = default;
};

/// Checkpoints along a log, up to one place in it: at every 1,024th index
/// `SHA-256(previous checkpoint || digests of the entries since)`, entries of every kind. Logs that
/// are equal up to a place have equal chains there.
class CheckpointChain {
 public:
  static constexpr std::uint64_t kInterval = 1024;

  /// Before the first entry.
  CheckpointChain() = default;
  /// Behind `newest` and the entries since. None when these are no place in a chain.
  [[nodiscard]] static std::optional<CheckpointChain> at(LogCheckpoint newest,
                                                         std::vector<Digest> since);

  /// The entry that was added last.
  [[nodiscard]] Index index() const { return Index(newest_.index.value() + since_.size()); }
  [[nodiscard]] const LogCheckpoint& newest() const { return newest_; }
  /// Digests of the entries behind `newest`.
  [[nodiscard]] const std::vector<Digest>& since() const { return since_; }

  /// The next entry's digest. Returns the checkpoint that it completes, if it does.
  std::optional<LogCheckpoint> add(Sha256& sha, const Digest& digest);

  /// Where the newest checkpoint not beyond `index` lies.
  [[nodiscard]] static constexpr Index checkpoint_before(Index index) {
    return Index(index.value() - index.value() % kInterval);
  }

  friend bool operator==(const CheckpointChain&, const CheckpointChain&) = default;

 private:
  LogCheckpoint newest_;
  std::vector<Digest> since_;
};

}  // namespace lockstep
