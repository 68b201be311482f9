#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <system_error>
#include <variant>
#include <vector>

#include "lockstep/error.hpp"
#include "lockstep/export.hpp"
#include "lockstep/message.hpp"
#include "lockstep/metrics.hpp"
#include "lockstep/subscription.hpp"
#include "lockstep/types.hpp"

namespace lockstep {

/// Where a node may be found. A hint: identity is the node id, proven in the handshake. The
/// loopback transport ignores host and port.
struct PeerAddress {
  NodeId node;
  std::string host;  ///< name, IPv4 or IPv6 address
  std::uint16_t port = 0;
};

/// The message types `first..last`, both included.
struct MessageTypeRange {
  MessageType first;
  MessageType last;
  [[nodiscard]] bool contains(MessageType type) const { return first <= type && type <= last; }
};

/// Names a connection: the same at both of its ends, and of no other connection.
struct ConnectionName {
  NodeId dialler;
  BootNumber boot;  ///< the dialler's
  DialNumber dial;
  friend auto operator<=>(const ConnectionName&, const ConnectionName&) = default;
};

/// The handshake with `node` has ended at both ends.
struct NodeConnected {
  NodeId node;
  ConnectionName connection;
};
/// The connection to `node` is gone. Always after its `NodeConnected`, once.
struct NodeDisconnected {
  NodeId node;
  Error reason;
};
/// Something went wrong with one peer: a dial failed, a frame was refused, a handshake ended badly.
struct NodeError {
  NodeId node;
  Error error;
};
/// Something went wrong that no peer can be named for: a listener failed, a stranger spoke
/// nonsense.
struct NetworkError {
  Error error;
};
using NetworkEvent = std::variant<NodeConnected, NodeDisconnected, NodeError, NetworkError>;

/// One message to many. `targets` empty: every connected node.
struct Broadcast {
  struct Target {
    NodeId node;
    /// Replaces `EntryBatch::fields` for this target when not empty.
    SharedBuffer fields;
  };
  ReplicationMessage message;
  std::vector<Target> targets;
};

struct SendReport {
  NodeId node;
  Error error;  ///< none: handed to the operating system
};

/// What a peer says of itself in the handshake. SHA-256 finds damage, it proves nothing: believe it
/// as far as you trust the network.
struct PeerIdentity {
  NodeId node;
  /// None while the peer is uninitialised.
  ClusterId cluster;
  BootNumber boot;
};
/// Says whether a peer may connect; an error refuses it, and its text tells both ends why
/// (kNodeBarred). Asked at every handshake, whoever dialled, on the transport's thread: it must not
/// block. An exception refuses too. A peer that is connected already is sent away by `disconnect`.
using AdmissionPolicy = std::function<Result<>(const PeerIdentity&)>;

/// The transport: messages between named nodes, one connection per pair, whoever dialled it. One
/// serves all replicas of a process.
///
/// What every implementation promises:
///
/// - Methods may be called from any thread, also inside callbacks; none blocks for long; none
///   throws.
/// - A call that returns no error completes its handler exactly once, also on `close`; a call that
///   returns an error never calls it.
/// - Callbacks run on the transport's own thread, never under a lock, never inside the call that
///   registered them; they must not block. For one peer the order is: `NodeConnected`, its messages
///   in the order sent (within a message class), `NodeDisconnected`. Exceptions that leave a
///   callback are caught, logged and counted.
/// - A message that was accepted may still be lost with its connection; it is never delivered
///   twice. Delivery across connections is the caller's work, by retry.
/// - Every received message has passed its frame checksum, every entry in it the check of its
///   digest. What fails closes the link and is counted.
class LOCKSTEP_EXPORT INetworkManager {
 public:
  using DoneHandler = std::function<void(Error)>;
  using BroadcastHandler = std::function<void(std::vector<SendReport>)>;
  /// The message is the handler's own: take it by value to keep it without a copy.
  using MessageHandler = std::function<void(ReplicationMessage&&)>;
  using EventListener = std::function<void(const NetworkEvent&)>;

  INetworkManager() = default;
  INetworkManager(const INetworkManager&) = delete;
  INetworkManager& operator=(const INetworkManager&) = delete;
  virtual ~INetworkManager();

  [[nodiscard]] virtual NodeId local_node() const = 0;

  /// The cluster this node belongs to, once it is known. From then on a peer of another cluster is
  /// refused in the handshake, and one that is connected and said so is sent away. Two nodes that
  /// connected while both knew none stay connected: their messages tell them apart. Errors:
  /// kForeignCluster when another one was set before.
  [[nodiscard]] virtual Result<> set_cluster(ClusterId cluster) = 0;
  [[nodiscard]] virtual ClusterId cluster() const = 0;

  /// The largest payload of an entry that this transport carries. Constant.
  [[nodiscard]] virtual std::size_t max_entry_bytes() const = 0;

  /// Adds or replaces a peer and keeps a connection to it, redialling for ever with growing,
  /// jittered pauses, until `disconnect`. `done` gets the outcome of the first attempt (no error:
  /// connected, or already was); after a failure dialling goes on. Errors at once:
  /// kInvalidArgument, kStopped.
  [[nodiscard]] virtual Result<> connect(const PeerAddress& peer, DoneHandler done = {}) = 0;

  /// Forgets a peer, closes its connection in order and stops dialling. The peer may still dial
  /// this node. Errors at once: kNotConnected when it is neither configured nor connected,
  /// kStopped.
  [[nodiscard]] virtual Result<> disconnect(const NodeId& node, DoneHandler done = {}) = 0;

  /// Queues a message for `message.target_node`. No error means: queued on a connection whose
  /// handshake has ended. `done` gets no error once the operating system has taken every byte of
  /// it, else the reason why not. Errors at once: kInvalidArgument, kNotConnected, kOverloaded (the
  /// peer's byte budget is used up), kTooLarge, kStopped.
  [[nodiscard]] virtual Result<> send_message(ReplicationMessage message,
                                              DoneHandler done = {}) = 0;

  /// `send_message` to many; payload bytes are shared by all targets and hashed once. `done` gets
  /// one report a target, also for those that were refused at once. Errors at once:
  /// kInvalidArgument, kStopped.
  [[nodiscard]] virtual Result<> broadcast_message(Broadcast broadcast,
                                                   BroadcastHandler done = {}) = 0;

  /// Receives the messages of one group and type range. Ranges of one group must not overlap:
  /// kInvalidArgument. After `close`: kStopped. A message that nobody handles is counted and
  /// dropped.
  [[nodiscard]] virtual Result<Subscription> set_handler(GroupId group, MessageTypeRange types,
                                                         MessageHandler handler) = 0;

  [[nodiscard]] virtual Subscription subscribe(EventListener listener) = 0;

  [[nodiscard]] virtual std::vector<NodeId> connected_nodes() const = 0;
  [[nodiscard]] virtual bool is_connected(const NodeId& node) const = 0;
  [[nodiscard]] virtual NetworkMetrics metrics() const = 0;

  /// Sends what was accepted, for as long as the close deadline allows, closes every connection,
  /// then calls `done`. After it no listener and no message handler runs; a call that another
  /// thread was making meanwhile may complete later. Calling it again waits for the same end. The
  /// destructor closes without sending what is queued, and calls neither listeners nor handlers any
  /// more; what is pending completes before it returns or, if it runs on a thread that the
  /// transport needs (as in a callback) or the host's executor is no io_context, soon after.
  virtual void close(DoneHandler done = {}) = 0;
};

}  // namespace lockstep
