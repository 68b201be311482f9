#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "link/local_node.hpp"
#include "lockstep/error.hpp"
#include "lockstep/message.hpp"
#include "lockstep/metrics.hpp"
#include "transport/outgoing.hpp"
#include "transport/traffic_counters.hpp"

namespace lockstep::transport {

/// What any thread must know to take a message or to refuse it at once: who is connected, and how
/// many bytes are queued. The only state that callers and the strand share; its lock is held for a
/// few lines and never over a callback.
class Admission {
 public:
  struct Budgets {
    std::size_t per_peer_bytes;
    std::size_t total_bytes;
  };
  /// A message taken, for one connection and no other.
  struct Accepted {
    NodeId peer;
    link::ConnectionId connection;
    Outgoing message;
  };

  explicit Admission(Budgets budgets) : budgets_(budgets) {}

  // For any thread.

  /// What `accept` would say to a message of no size: spares the encoding of what nobody takes.
  [[nodiscard]] Result<> check(const NodeId& peer);
  enum class Inbox { kWasEmpty, kHadMore };
  /// Takes the message or says why not. When the inbox was empty, the strand must be told to
  /// `take_inbox`.
  [[nodiscard]] Result<Inbox> accept(const NodeId& peer, Outgoing message);
  /// A send that came to nothing before `accept`.
  void count_refusal(const NodeId& peer, const Error& reason);
  [[nodiscard]] bool closed() const;
  /// From now on everything is refused; false when it was so before.
  bool close();
  /// False: closed.
  [[nodiscard]] bool configure(const NodeId& peer);
  /// False: it was neither configured nor connected.
  [[nodiscard]] bool forget(const NodeId& peer);
  [[nodiscard]] std::vector<NodeId> connected_nodes() const;
  [[nodiscard]] bool is_connected(const NodeId& peer) const;
  /// `now`: of the clock of `set_up`.
  [[nodiscard]] NetworkMetrics metrics(std::chrono::nanoseconds now) const;

  // For the strand.

  /// The strand will call `take_inbox` soon: until then nobody needs to tell it.
  void expect_inbox();
  [[nodiscard]] std::vector<Accepted> take_inbox();
  void set_up(const NodeId& peer, link::ConnectionId connection, std::chrono::nanoseconds now);
  void set_down(const NodeId& peer);
  /// Gives back what a message held of the budgets; whose counters it is to be counted in.
  std::shared_ptr<TrafficCounters> release(const NodeId& peer, std::size_t bytes);
  [[nodiscard]] std::shared_ptr<TrafficCounters> counters(const NodeId& peer);
  [[nodiscard]] TrafficCounters& total() { return total_; }
  /// Forgets a peer that is not configured and has no connection. Counters are kept of those that
  /// once were configured, and of a number of those that once were connected.
  void drop_if_unused(const NodeId& peer);

 private:
  struct Peer {
    bool configured = false;
    bool ever_configured = false;
    std::optional<link::ConnectionId> up;
    std::size_t queued_bytes = 0;
    std::shared_ptr<TrafficCounters> counters = std::make_shared<TrafficCounters>();
  };

  static constexpr std::ptrdiff_t kMaxRememberedStrangers = 256;

  [[nodiscard]] Result<link::ConnectionId> check_locked(const NodeId& peer, std::size_t bytes,
                                                        MessageClass message_class) const;
  void count_refusal_locked(const NodeId& peer, const Error& reason);

  const Budgets budgets_;
  TrafficCounters total_;
  mutable std::mutex mutex_;
  bool closed_ = false;
  std::map<NodeId, Peer> peers_;
  std::size_t queued_bytes_ = 0;
  std::vector<Accepted> inbox_;
  bool inbox_expected_ = false;
};

}  // namespace lockstep::transport
