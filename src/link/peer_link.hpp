#pragma once

#include <optional>
#include <vector>

#include "link/actions.hpp"
#include "link/arbitration.hpp"
#include "link/backoff.hpp"
#include "link/handshake.hpp"
#include "link/keep_alive.hpp"
#include "link/local_node.hpp"
#include "link/options.hpp"
#include "link/time.hpp"

namespace lockstep::link {

/// All that this node has to do with one peer: dialling it for as long as it is configured, the
/// handshakes of its connections, which one is kept, keep-alive, closing. Events in, actions out;
/// an event of a connection that is not known any more is ignored.
///
/// Two dials at once: until the peer has answered, a dial of the smaller node id makes the peer's
/// own dial wait for its outcome, one of the larger node id gives way. So at most one connection is
/// agreed on at a time, and no established one is given up for a simultaneous one.
class PeerLink {
 public:
  /// `local` outlives the link.
  PeerLink(LocalNode& local, NodeId peer, const LinkOptions& options)
      : local_(local),
        peer_(std::move(peer)),
        options_(options),
        backoff_(options.redial_min, options.redial_max) {}

  // What the host wants.

  /// Keeps a connection from now on. Without one an attempt begins at once, in place of one that is
  /// under way.
  [[nodiscard]] Actions configure(Moment at);
  /// Stops dialling, closes what is there in order.
  [[nodiscard]] Actions forget(const Error& reason, Moment at);
  /// The local cluster id has been set: a foreign peer that got in before is sent away.
  [[nodiscard]] Actions on_cluster_set(Moment at);

  // What happens.

  [[nodiscard]] Actions on_dialled(ConnectionId id, Moment at);
  [[nodiscard]] Actions on_dial_failed(ConnectionId id, const Error& error, Moment at);
  /// A transport that the peer, or somebody in its name, has opened.
  [[nodiscard]] Actions on_accepted(ConnectionId id, Moment at);
  [[nodiscard]] Actions on_hello(ConnectionId id, const wire::Hello& hello, Moment at);
  [[nodiscard]] Actions on_ready(ConnectionId id, const wire::Ready& ready, Moment at);
  [[nodiscard]] Actions on_refusal(ConnectionId id, const wire::Refusal& refusal, Moment at);
  [[nodiscard]] Actions on_goodbye(ConnectionId id, const wire::Goodbye& goodbye, Moment at);
  /// A frame that cannot be read, or that may not come now.
  [[nodiscard]] Actions on_bad_frame(ConnectionId id, const Error& error, Moment at);
  /// The transport has ended, whoever ended it.
  [[nodiscard]] Actions on_closed(ConnectionId id, const Error& error, Moment at);
  [[nodiscard]] Actions on_timer(Moment at);
  /// Some bytes came, of whatever kind.
  void on_bytes(ConnectionId id);
  /// The round trip, if the pong answers the newest ping.
  [[nodiscard]] std::optional<std::chrono::nanoseconds> on_pong(ConnectionId id,
                                                                std::uint64_t number, Time now);

  /// When `on_timer` is due.
  [[nodiscard]] std::optional<Time> next_deadline() const;
  /// The connection on which application frames pass.
  [[nodiscard]] std::optional<ConnectionId> up() const { return up_; }
  [[nodiscard]] bool configured() const { return configured_; }
  /// A connection is up, or accepted and about to be.
  [[nodiscard]] bool admitted() const;
  /// An attempt to connect is under way, from either end.
  [[nodiscard]] bool attempting() const;
  /// Nothing is left to do, ever, unless something new happens.
  [[nodiscard]] bool idle() const { return !configured_ && connections_.empty(); }

 private:
  struct Connection {
    ConnectionId id;
    Handshake handshake;
    KeepAlive keep_alive;
    /// Of dialling, handshake or closing.
    Time deadline{0};
    Time up_since{0};
    bool closing = false;
  };

  [[nodiscard]] Connection* find(ConnectionId id);
  [[nodiscard]] Connection* find_open(ConnectionId id);
  /// This node's own attempt, not yet answered.
  [[nodiscard]] Connection* own_attempt();
  /// The connection that is up, or accepted and about to be.
  [[nodiscard]] Connection* held();
  [[nodiscard]] std::vector<ConnectionId> ids() const;

  void dial(Moment at);
  void consider(ConnectionId id, Moment at);
  void accept(ConnectionId id, Moment at);
  void refuse(ConnectionId id, ConnectionId kept, Errc code, Moment at);
  void come_up(Connection& connection, Moment at);
  void go_down(Connection& connection, const Error& reason, bool lost, Moment at);
  void end(ConnectionId id, Ending ending, const Error& reason, Moment at);
  void erase(ConnectionId id);
  void fail(FailureKind kind, const Error& error, const Connection& connection);
  void on_deadline(ConnectionId id, Moment at);
  void on_tick(ConnectionId id, Moment at);
  /// Judges who waited, plans the next dial, and hands out what is to be done.
  [[nodiscard]] Actions settle(Moment at);

  LocalNode& local_;
  NodeId peer_;
  LinkOptions options_;
  bool configured_ = false;
  Backoff backoff_;
  std::optional<Time> redial_at_;
  bool redial_at_once_ = false;
  std::vector<Connection> connections_;
  std::optional<ConnectionId> up_;
  Actions actions_;
};

}  // namespace lockstep::link
