#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "lockstep/error.hpp"
#include "lockstep/export.hpp"
#include "lockstep/logging.hpp"
#include "lockstep/network_manager.hpp"
#include "lockstep/runtime.hpp"

namespace lockstep {

struct LoopbackNodeOptions {
  NodeId node{};
  /// 0: one more than the node had before in this network.
  BootNumber boot{};
  std::chrono::milliseconds redial_min{5};
  std::chrono::milliseconds redial_max{100};
  std::size_t max_queued_bytes_per_peer = std::size_t{64} << 20;
  std::size_t max_entry_bytes = std::size_t{16} << 20;
  LogSink log{};
};

[[nodiscard]] LOCKSTEP_EXPORT std::vector<OptionProblem> check(const LoopbackNodeOptions& options);

/// A network inside one process, for unit tests, ours and the host's: the same interface, the same
/// frames, encoded and decoded, the same handshake rules as the real transport, and faults on
/// demand. Thread-safe. It lives as long as the longest-lived manager made from it.
class LOCKSTEP_EXPORT LoopbackNetwork {
 public:
  explicit LoopbackNetwork(std::shared_ptr<Runtime> runtime);
  ~LoopbackNetwork();
  LoopbackNetwork(const LoopbackNetwork&) = delete;
  LoopbackNetwork& operator=(const LoopbackNetwork&) = delete;

  /// A node's transport. Peers find it by `connect` with its node id until it is closed or
  /// destroyed; after that, the node may be added again, as after a restart. Errors:
  /// kInvalidArgument; kWrongState while a node of that id is there.
  [[nodiscard]] Result<std::shared_ptr<INetworkManager>> add_node(LoopbackNodeOptions options);

  /// From now on nothing travels from `from` to `to`; what is under way is lost. The connection
  /// stays up for both ends, as with a cut cable, and new ones cannot be made. A connection that
  /// lost something breaks when the cable is healed: within one connection, nothing is missing.
  void cut(const NodeId& from, const NodeId& to);
  void heal(const NodeId& from, const NodeId& to);
  void heal_all();
  /// Frames from `from` to `to` take this long; their order stays.
  void set_delay(const NodeId& from, const NodeId& to, std::chrono::nanoseconds delay);
  /// Ends the connection between two nodes at once, with the loss of what is under way; they
  /// redial.
  void drop_connection(const NodeId& a, const NodeId& b);
  /// Flips one bit of the next frame with entries from `from` to `to`, at `bit` modulo the frame's
  /// length in bits.
  void flip_bit_in_next_entry_frame(const NodeId& from, const NodeId& to, std::uint64_t bit);

  class Hub;

 private:
  std::shared_ptr<Hub> hub_;
};

}  // namespace lockstep
