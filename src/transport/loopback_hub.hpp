#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <utility>
#include <variant>
#include <vector>

#include "lockstep/buffer.hpp"
#include "lockstep/loopback_network.hpp"
#include "lockstep/runtime.hpp"

namespace lockstep {

/// The cables between the nodes of a LoopbackNetwork. Thread-safe. It calls nobody under its lock:
/// all that it does to a node is to post to that node's strand.
class LoopbackNetwork::Hub : public std::enable_shared_from_this<LoopbackNetwork::Hub> {
 public:
  /// One end of a connection.
  using EndId = std::uint64_t;
  using DialId = std::uint64_t;
  /// One stay of a node in the network.
  using StayId = std::uint64_t;
  using Direction = std::pair<NodeId, NodeId>;

  struct Ping {
    std::uint64_t number;
  };
  struct Pong {
    std::uint64_t number;
  };
  struct Closed {};
  using Item = std::variant<SharedBuffer, Ping, Pong, Closed>;
  using WrittenHandler = std::function<void(Error)>;
  using AcceptHandler = std::function<void(NodeId from, EndId end)>;
  using DialHandler = std::function<void(Result<EndId>)>;
  struct Stay {
    StayId id;
    BootNumber boot;
  };

  explicit Hub(std::shared_ptr<Runtime> runtime) : runtime_(std::move(runtime)) {}
  [[nodiscard]] const std::shared_ptr<Runtime>& runtime() const { return runtime_; }

  /// None: a node of that id is there.
  [[nodiscard]] std::optional<Stay> enter(const NodeId& node, BootNumber wanted);
  /// `accept` runs on `strand`.
  void listen(const NodeId& node, StayId stay, std::shared_ptr<IExecutor> strand,
              AcceptHandler accept);
  void leave(const NodeId& node, StayId stay);

  /// `handler` runs on `strand`; over a cut cable, once that is healed.
  DialId dial(const Direction& direction, std::shared_ptr<IExecutor> strand, DialHandler handler);
  void give_up(DialId dial);
  /// `wake` runs on the end's strand when something may have come.
  void attach(EndId end, std::function<void()> wake);
  /// Sends to the other end. `written` runs on the sender's strand: soon, or when the other end has
  /// taken enough of what is under way.
  void transmit(EndId from, Item item, WrittenHandler written);
  [[nodiscard]] std::optional<Item> take(EndId end);
  /// Removes the end; the other one is told.
  void drop(EndId end);

  void cut(const Direction& direction);
  void heal(const Direction& direction);
  void heal_all();
  void set_delay(const Direction& direction, std::chrono::nanoseconds delay);
  void drop_connection(const NodeId& a, const NodeId& b);
  void flip_bit(const Direction& direction, std::uint64_t bit);

 private:
  struct Node {
    BootNumber last_boot;
    std::optional<StayId> stay;
    std::shared_ptr<IExecutor> strand;
    AcceptHandler accept;
  };
  struct PendingDial {
    Direction direction;
    std::shared_ptr<IExecutor> strand;
    DialHandler handler;
  };
  struct InFlight {
    MonotonicTime due;
    Item item;
    std::unique_ptr<Runtime::Timer> timer;
  };
  struct End {
    EndId other = 0;
    Direction inbound;
    std::shared_ptr<IExecutor> strand;
    std::function<void()> wake;
    std::deque<InFlight> in_flight;
    std::size_t in_flight_bytes = 0;
    /// The other end's writer, while too much is under way to here.
    WrittenHandler writer;
    /// Something was lost on the way here. As with a cut cable, nobody notices before it is whole
    /// again; then the connection breaks, since a stream with a gap is none.
    bool lost = false;
  };

  void connect_locked(const PendingDial& dial);
  void enqueue_locked(EndId to, End& end, Item item);
  void lose_locked(End& end);
  void break_locked(EndId id);
  void heal_locked(const Direction& direction);
  void release_writer_locked(End& end, const Error& outcome);
  [[nodiscard]] bool is_cut_locked(const Direction& direction) const;
  void flip_locked(const Direction& direction, SharedBuffer& frame);

  const std::shared_ptr<Runtime> runtime_;
  std::mutex mutex_;
  std::map<NodeId, Node> nodes_;
  std::map<EndId, End> ends_;
  std::map<DialId, PendingDial> pending_dials_;
  std::set<Direction> cuts_;
  std::map<Direction, std::chrono::nanoseconds> delays_;
  std::map<Direction, std::uint64_t> flips_;
  std::uint64_t last_id_ = 0;
};

}  // namespace lockstep
