#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "lockstep/loopback_network.hpp"
#include "lockstep/runtime.hpp"
#include "transport/loopback_line.hpp"
#include "transport/loopback_pipe.hpp"
#include "wire/frame.hpp"

namespace lockstep {

/// The cables between the nodes of a LoopbackNetwork. Thread-safe. It calls nobody under its lock:
/// all that it does to a node is to post to that node's strand, once the lock is let go.
class LoopbackNetwork::Hub : public std::enable_shared_from_this<LoopbackNetwork::Hub> {
 public:
  /// One end of a connection.
  using EndId = std::uint64_t;
  using DialId = std::uint64_t;
  /// One stay of a node in the network.
  using StayId = std::uint64_t;
  using Direction = std::pair<NodeId, NodeId>;
  using Item = transport::LoopbackItem;
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
  /// Sends to the other end. `written` runs on the sender's strand: soon, or when line and reader
  /// have taken enough of what is under way.
  void transmit(EndId from, Item item, WrittenHandler written);
  [[nodiscard]] std::optional<Item> take(EndId end);
  /// Removes the end; the other one is told.
  void drop(EndId end);

  void cut(const Direction& direction);
  void heal(const Direction& direction);
  void heal_all();
  void set_faults(const Direction& direction, const LinkFaults& faults);
  void set_delay(const Direction& direction, std::chrono::nanoseconds delay);
  void clear_faults(const Direction& direction);
  void clear_all_faults();
  void drop_connection(const NodeId& a, const NodeId& b);
  void drop_in_next_part(const Direction& direction);
  void flip_bit_in_next_frame(const Direction& direction, std::uint64_t bit);
  void flip_bit_in_next_entry_frame(const Direction& direction, std::uint64_t bit);
  [[nodiscard]] LoopbackFaultCounts fault_counts();

 private:
  class Turn;
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
  struct End {
    EndId other = 0;
    Direction inbound;
    transport::LoopbackLine* line = nullptr;
    /// The frame to here after which messages may follow, until it has passed.
    std::optional<wire::LinkType> ends_handshake;
    std::shared_ptr<IExecutor> strand;
    std::function<void()> wake;
    bool wake_posted = false;
    std::unique_ptr<Runtime::Timer> arrival;
    transport::LoopbackPipe pipe;
    /// The other end's, while it has to wait.
    WrittenHandler writer;
    std::unique_ptr<Runtime::Timer> writable;
    /// Something was lost on the way here. As with a cut cable, nobody notices before it is whole
    /// again; then the connection breaks, since a stream with a gap is none.
    bool lost = false;
    /// Its end is under way or there: nothing follows.
    bool broken = false;
    /// What is sent here arrives, as far as is known now.
    [[nodiscard]] bool carries() const { return !broken && !lost && !line->is_cut; }
  };

  void connect_locked(const PendingDial& dial);
  /// Those that nothing holds up any more.
  void connect_pending_locked();
  /// The cable is cut, or the target has entered and does not listen yet.
  [[nodiscard]] bool must_wait_locked(const Direction& dial);
  void add_end_locked(EndId id, EndId other, const Direction& inbound,
                      wire::LinkType ends_handshake, std::shared_ptr<IExecutor> strand);
  void send_locked(EndId to, End& end, Item item);
  void repeat_messages_locked(EndId to, End& end);
  void wake_locked(EndId id, End& end);
  void on_wake(EndId id);
  void settle_writer_locked(EndId id, End& end);
  void on_writable(EndId id);
  void release_writer_locked(End& end, const Error& outcome);
  void lose_locked(End& end);
  void break_connection_locked(EndId id);
  void break_end_locked(EndId id);
  /// Ends the stream behind what is under way; the sender is to learn it from its write.
  void break_off_locked(EndId receiver, End& end);
  void heal_locked(const Direction& direction);
  [[nodiscard]] bool is_cut_locked(const Direction& direction);
  void post_locked(const std::shared_ptr<IExecutor>& strand, std::function<void()> task);

  const std::shared_ptr<Runtime> runtime_;
  std::mutex mutex_;
  std::map<NodeId, Node> nodes_;
  std::map<EndId, End> ends_;
  std::map<DialId, PendingDial> pending_dials_;
  /// None is ever removed: ends point to them.
  std::map<Direction, transport::LoopbackLine> lines_;
  std::uint64_t last_id_ = 0;
  LoopbackFaultCounts counts_;
  /// For the end of the turn.
  std::vector<std::pair<std::shared_ptr<IExecutor>, std::function<void()>>> posts_;
  std::vector<End> dropped_;
};

/// Holds the lock. What is posted and dropped meanwhile leaves after it: a task that nobody runs
/// any more is destroyed by posting it, and may own a stream, whose end comes back here.
class LoopbackNetwork::Hub::Turn {
 public:
  explicit Turn(Hub& hub) : hub_(hub), lock_(hub.mutex_) {}
  ~Turn() {
    auto posts = std::exchange(hub_.posts_, {});
    const auto dropped = std::exchange(hub_.dropped_, {});
    lock_.unlock();
    for (auto& [strand, task] : posts) strand->post(std::move(task));
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  Hub& hub_;
  std::unique_lock<std::mutex> lock_;
};

}  // namespace lockstep
