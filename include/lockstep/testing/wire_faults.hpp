#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <system_error>

#include "lockstep/export.hpp"
#include "lockstep/types.hpp"

namespace lockstep::testing {

/// Faults that a `WebSocketNetworkManager` commits on the bytes that it really sends and receives.
/// Thread-safe; shared by the test, which asks, and the transport, which obeys.
class LOCKSTEP_EXPORT WireFaults {
 public:
  WireFaults();
  ~WireFaults();
  WireFaults(const WireFaults&) = delete;
  WireFaults& operator=(const WireFaults&) = delete;

  /// Flips one bit of the next frame with entries that is sent to `peer`, at `bit` modulo the
  /// frame's length in bits.
  void flip_bit_in_next_entry_frame(const NodeId& peer, std::uint64_t bit);

  /// Silences both directions of every link to `peer`, as a cut cable does: what is sent is
  /// swallowed, what comes in is ignored, the connection stays up until keep-alive gives it up, and
  /// dialling leads nowhere.
  void isolate(const NodeId& peer);
  void heal(const NodeId& peer);

  /// Ends every connection to `peer` at once, as a reset does, with the loss of what is under way.
  void drop_connections(const NodeId& peer);

  /// Lets the n-th socket operation from now (1: the next) fail with `error` without being tried:
  /// accepting, resolving, connecting, reading, writing, whichever it is. Replaces an earlier wish.
  void fail_operation(std::uint64_t n, std::error_code error);
  /// Socket operations that were begun so far.
  [[nodiscard]] std::uint64_t operations() const;

  // For the transport.
  /// A connection to `peer` is there: `drop`, called from any thread, ends it. Forgotten once
  /// `connection` has gone.
  void add_connection(const NodeId& peer, std::weak_ptr<const void> connection,
                      std::function<void()> drop);
  [[nodiscard]] bool wants_bit_flip(const NodeId& peer) const;
  [[nodiscard]] std::optional<std::uint64_t> take_bit_flip(const NodeId& peer);
  [[nodiscard]] bool is_isolated(const NodeId& peer) const;
  /// Counts a socket operation that is about to begin; an error when it must fail.
  [[nodiscard]] std::error_code begin_operation();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lockstep::testing
