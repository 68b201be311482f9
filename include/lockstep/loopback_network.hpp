#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

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
  /// The machine that the node runs on. Empty: the network's.
  std::shared_ptr<Runtime> runtime{};

  std::chrono::milliseconds dial_timeout{5000};
  std::chrono::milliseconds handshake_timeout{5000};
  std::chrono::milliseconds redial_min{5};
  std::chrono::milliseconds redial_max{100};
  /// 0: no keep-alive; a cut cable is noticed by nobody.
  std::chrono::milliseconds ping_interval{0};
  /// A peer from which nothing has come for this many intervals is taken for dead.
  int missed_pings = 3;
  std::chrono::milliseconds close_timeout{2000};

  /// Queued and unsent bytes to one peer, and to all together; beyond it `kOverloaded`.
  std::size_t max_queued_bytes_per_peer = std::size_t{64} << 20;
  std::size_t max_queued_bytes = std::size_t{256} << 20;
  /// The largest payload of an entry that is taken in.
  std::size_t max_entry_bytes = std::size_t{16} << 20;
  /// Connected peers that this node was not told to `connect` to. One more is refused
  /// (kOverloaded), so that strangers cost a bounded amount of memory.
  std::size_t max_unconfigured_peers = 64;
  /// Which nodes may connect. Empty: all.
  AdmissionPolicy admit{};
  LogSink log{};
};

[[nodiscard]] LOCKSTEP_EXPORT std::vector<OptionProblem> check(const LoopbackNodeOptions& options);

/// How one direction between two nodes behaves, for frames sent from then on. As made, it is
/// perfect. Whatever it does, a connection stays a stream: nothing is lost or overtaken within one.
struct LinkFaults {
  /// Each frame, ping and end of a connection takes so long. At most a day.
  std::chrono::nanoseconds delay{0};
  /// And up to so much longer, drawn for each, uniformly, from the runtime's randomness; what is
  /// drawn to be faster waits for what was sent before it. At most a day.
  std::chrono::nanoseconds jitter{0};
  /// Frames leave one after another at this rate; the sender feels it, as with TCP, once 128 KiB
  /// wait. 0: no limit.
  std::uint64_t bytes_per_second = 0;
  /// Of so many frames in a million one bit is flipped, those of handshakes included. At most a
  /// million.
  std::uint32_t flipped_per_million = 0;
  /// So many of the newest messages that were sent, whether they arrived or not, come again at the
  /// beginning of each later connection, in their order and before anything new, until the sender
  /// leaves the network: what a network of retrying senders shows to the layers above. It breaks
  /// the promise of `INetworkManager` that nothing is delivered twice, in order to test that those
  /// layers do without.
  std::size_t repeated_after_reconnect = 0;
};

/// Everything that is wrong with the faults; empty when they are fit for use.
[[nodiscard]] LOCKSTEP_EXPORT std::vector<OptionProblem> check(const LinkFaults& faults);

/// What faults have done so far, so that a test can tell that they did something.
struct LoopbackFaultCounts {
  /// Sent and never arrived, pings and ends of connections included.
  std::uint64_t frames_lost = 0;
  std::uint64_t frames_flipped = 0;
  std::uint64_t messages_repeated = 0;
  std::uint64_t connections_broken = 0;  ///< by `drop_*`, and by healing after a loss
};

/// A network inside one process, for unit tests, ours and the host's: the same interface, the same
/// frames, encoded and decoded, the same handshake rules as the real transport, and faults on
/// demand. On a `testing::SimulatedRuntime` its time is virtual and its chance seeded. Thread-safe.
/// It lives as long as the longest-lived manager made from it.
///
/// Faults are directed, from one node to another, need neither of them to be there yet, and outlive
/// connections. When nothing else is said, a message is lost only by its connection's end.
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
  /// stays up for both ends, as with a cut cable, and new ones cannot be made; a sender can write
  /// as much as the other end could leave unread (1 MiB). A connection that lost something breaks
  /// when the cable is healed: within one connection, nothing is missing.
  void cut(const NodeId& from, const NodeId& to);
  void heal(const NodeId& from, const NodeId& to);
  /// Cuts only; other faults stay.
  void heal_all();

  /// Replaces all that was set for this direction. Errors: kInvalidArgument.
  [[nodiscard]] Result<> set_faults(const NodeId& from, const NodeId& to, const LinkFaults& faults);
  /// Changes the delay alone; it is kept between none and a day.
  void set_delay(const NodeId& from, const NodeId& to, std::chrono::nanoseconds delay);
  /// The direction is perfect again: `heal`, and nothing of what was set or asked for is left.
  void clear_faults(const NodeId& from, const NodeId& to);
  void clear_all_faults();

  // Faults that happen once.

  /// Ends the connection between two nodes at once, with the loss of what is under way; they
  /// redial.
  void drop_connection(const NodeId& a, const NodeId& b);
  /// Ends the connection in the middle of the next entry that travels in parts from `from` to `to`:
  /// what has been sent of it arrives, the rest never does, and its sender is told that it was not
  /// sent.
  void drop_in_next_part(const NodeId& from, const NodeId& to);
  /// Flips one bit of the next frame from `from` to `to`, of a handshake too, at `bit` modulo the
  /// frame's length in bits.
  void flip_bit_in_next_frame(const NodeId& from, const NodeId& to, std::uint64_t bit);
  /// So for the next frame with entries.
  void flip_bit_in_next_entry_frame(const NodeId& from, const NodeId& to, std::uint64_t bit);

  [[nodiscard]] LoopbackFaultCounts fault_counts() const;

  class Hub;

 private:
  std::shared_ptr<Hub> hub_;
};

}  // namespace lockstep
