#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <set>

#include "lockstep/export.hpp"
#include "lockstep/types.hpp"

namespace lockstep::testing {

/// Faults that a `WebSocketNetworkManager` commits on the bytes that it really sends and receives.
/// Thread-safe; shared by the test, which asks, and the transport, which obeys.
class LOCKSTEP_EXPORT WireFaults {
 public:
  /// Flips one bit of the next frame with entries that is sent to `peer`, at `bit` modulo the
  /// frame's length in bits.
  void flip_bit_in_next_entry_frame(const NodeId& peer, std::uint64_t bit);

  /// Silences both directions of every link to `peer`, as a cut cable does: what is sent is
  /// swallowed, what comes in is ignored, the connection stays up until keep-alive gives it up, and
  /// dialling leads nowhere.
  void isolate(const NodeId& peer);
  void heal(const NodeId& peer);

  // For the transport.
  [[nodiscard]] bool wants_bit_flip(const NodeId& peer) const;
  [[nodiscard]] std::optional<std::uint64_t> take_bit_flip(const NodeId& peer);
  [[nodiscard]] bool is_isolated(const NodeId& peer) const;
  [[nodiscard]] std::uint64_t flips_done() const;

 private:
  struct Flip {
    NodeId peer;
    std::uint64_t bit;
  };
  mutable std::mutex mutex_;
  std::optional<Flip> flip_;
  std::set<NodeId> isolated_;
  std::uint64_t flips_done_ = 0;
};

}  // namespace lockstep::testing
