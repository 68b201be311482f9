// Two links and the wires between them, under every order that a seed can draw: whatever happens at
// the same time, both ends settle on one and the same connection, and never give up one that both
// had agreed on.
#include <gtest/gtest.h>

#include <array>
#include <deque>
#include <map>

#include "link/peer_link.hpp"

namespace lockstep::link {
namespace {

using std::chrono::milliseconds;

/// What is under way to one end of a wire.
using Event = std::variant<std::monostate /* dialled, or accepted */, wire::Hello, wire::Ready,
                           wire::Refusal, wire::Goodbye, Error /* closed */>;

struct Wire {
  std::size_t dialler = 0;
  std::array<std::optional<ConnectionId>, 2> id;
  std::array<std::deque<Event>, 2> inbound;
  std::array<bool, 2> gone{};
};

class Pair {
 public:
  explicit Pair(std::uint64_t seed) : state_(seed) {
    for (std::size_t node = 0; node < 2; ++node) {
      local_[node].node = NodeId(node == 0 ? "a" : "b");
      local_[node].boot = BootNumber(1);
    }
    LinkOptions options;
    options.ping_interval = Time{0};
    link_[0].emplace(local_[0], NodeId("b"), options);
    link_[1].emplace(local_[1], NodeId("a"), options);
  }

  void connect(std::size_t node) { execute(node, link_[node]->configure(at())); }

  /// Delivers what is under way, in random order, and lets time pass when nothing is.
  void settle() {
    for (int step = 0; step < 1000; ++step) {
      if (deliver_one()) continue;
      if (link_[0]->up() && link_[1]->up()) return;
      pass_time();
    }
    ADD_FAILURE() << "does not settle";
  }
  bool deliver_one() {
    std::vector<std::pair<Wire*, std::size_t>> ready;
    for (auto& wire : wires_) {
      for (std::size_t end = 0; end < 2; ++end) {
        if (!wire->inbound[end].empty()) ready.emplace_back(wire.get(), end);
      }
    }
    if (ready.empty()) return false;
    const auto [wire, end] = ready[random() % ready.size()];
    const Event event = std::move(wire->inbound[end].front());
    wire->inbound[end].pop_front();
    deliver(*wire, end, event);
    return true;
  }
  void pass_time() {
    std::optional<Time> next;
    for (const auto& link : link_) {
      const auto due = link->next_deadline();
      if (due && (!next || *due < *next)) next = due;
    }
    if (!next) return;
    now_ = std::max(now_, *next);
    for (std::size_t node = 0; node < 2; ++node) execute(node, link_[node]->on_timer(at()));
  }
  /// One end loses its connection, the other hears of it later.
  void lose(std::size_t node) {
    const auto up = link_[node]->up();
    ASSERT_TRUE(up);
    Wire& wire = wire_of(node, *up);
    wire.inbound[node].clear();
    deliver(wire, node, Error(Errc::kConnectionLost));
  }

  [[nodiscard]] bool same_connection() {
    const auto a = link_[0]->up();
    const auto b = link_[1]->up();
    return a && b && &wire_of(0, *a) == &wire_of(1, *b);
  }
  [[nodiscard]] std::size_t dialler() { return wire_of(0, *link_[0]->up()).dialler; }
  std::array<int, 2> ups{};
  std::array<int, 2> downs{};
  std::uint64_t random() {
    state_ += 0x9e3779b97f4a7c15;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

 private:
  Moment at() { return {now_, random()}; }

  Wire& wire_of(std::size_t node, ConnectionId id) {
    for (auto& wire : wires_) {
      if (wire->id[node] == id) return *wire;
    }
    static Wire none;
    ADD_FAILURE() << "unknown connection";
    return none;
  }

  void deliver(Wire& wire, std::size_t end, const Event& event) {
    if (wire.gone[end]) return;
    PeerLink& link = *link_[end];
    if (std::holds_alternative<std::monostate>(event)) {
      if (end == wire.dialler) {
        wire.inbound[1 - end].emplace_back(std::monostate{});
        return execute(end, link.on_dialled(*wire.id[end], at()));
      }
      wire.id[end] = local_[end].draw_connection_id();
      return execute(end, link.on_accepted(*wire.id[end], at()));
    }
    const ConnectionId id = *wire.id[end];
    if (const auto* error = std::get_if<Error>(&event)) {
      hang_up(wire, end);
      execute(end, link.on_closed(id, *error, at()));
    } else if (const auto* hello = std::get_if<wire::Hello>(&event)) {
      execute(end, link.on_hello(id, *hello, at()));
    } else if (const auto* ready = std::get_if<wire::Ready>(&event)) {
      execute(end, link.on_ready(id, *ready, at()));
    } else if (const auto* refusal = std::get_if<wire::Refusal>(&event)) {
      execute(end, link.on_refusal(id, *refusal, at()));
    } else if (const auto* goodbye = std::get_if<wire::Goodbye>(&event)) {
      execute(end, link.on_goodbye(id, *goodbye, at()));
    }
  }

  void hang_up(Wire& wire, std::size_t end) {
    if (std::exchange(wire.gone[end], true)) return;
    wire.inbound[end].clear();
    const bool unborn = !wire.id[1 - end] && wire.inbound[1 - end].empty();
    if (!unborn) wire.inbound[1 - end].emplace_back(Error(Errc::kConnectionLost));
  }

  void execute(std::size_t node, const Actions& actions) {
    for (const Action& action : actions) {
      if (const auto* dial = std::get_if<Dial>(&action)) {
        auto wire = std::make_unique<Wire>();
        wire->dialler = node;
        wire->id[node] = dial->connection;
        wire->inbound[node].emplace_back(std::monostate{});
        wires_.push_back(std::move(wire));
      } else if (const auto* send = std::get_if<Send>(&action)) {
        Wire& wire = wire_of(node, send->connection);
        std::visit([&](const auto& frame) { wire.inbound[1 - node].emplace_back(frame); },
                   send->frame);
      } else if (const auto* close = std::get_if<Close>(&action)) {
        Wire& wire = wire_of(node, close->connection);
        if (const auto* refusal = std::get_if<wire::Refusal>(&close->last_word)) {
          wire.inbound[1 - node].emplace_back(*refusal);
        } else if (const auto* goodbye = std::get_if<wire::Goodbye>(&close->last_word)) {
          wire.inbound[1 - node].emplace_back(*goodbye);
        }
        hang_up(wire, node);
        if (close->ending != Ending::kDrop) {
          execute(node, link_[node]->on_closed(close->connection, Errc::kConnectionLost, at()));
        }
      } else if (std::holds_alternative<Up>(action)) {
        ++ups[node];
      } else if (std::holds_alternative<Down>(action)) {
        ++downs[node];
      }
    }
  }

  std::uint64_t state_;
  Time now_{std::chrono::seconds(1)};
  std::array<LocalNode, 2> local_;
  std::array<std::optional<PeerLink>, 2> link_;
  std::vector<std::unique_ptr<Wire>> wires_;
};

TEST(SimultaneousDial, SettlesOnOneConnectionWithoutGivingOneUp) {
  std::array<int, 2> kept{};
  for (std::uint64_t seed = 1; seed <= 20000; ++seed) {
    Pair pair(seed);
    const std::size_t first = pair.random() % 2;
    pair.connect(first);
    for (std::uint64_t i = pair.random() % 6; i > 0; --i) pair.deliver_one();
    pair.connect(1 - first);
    pair.settle();
    ASSERT_TRUE(pair.same_connection()) << "seed " << seed;
    ASSERT_EQ(pair.ups, (std::array<int, 2>{1, 1})) << "seed " << seed;
    ASSERT_EQ(pair.downs, (std::array<int, 2>{0, 0})) << "seed " << seed;
    ++kept[pair.dialler()];
  }
  EXPECT_GT(kept[0], 1000) << "the orders drawn are not varied enough";
  EXPECT_GT(kept[1], 1000) << "the orders drawn are not varied enough";
}

TEST(SimultaneousDial, SettlesAgainAfterEitherEndLostTheConnection) {
  for (std::uint64_t seed = 1; seed <= 5000; ++seed) {
    Pair pair(seed);
    pair.connect(0);
    pair.connect(1);
    pair.settle();
    for (int round = 0; round < 3; ++round) {
      pair.lose(pair.random() % 2);
      pair.settle();
      ASSERT_TRUE(pair.same_connection()) << "seed " << seed << " round " << round;
    }
    ASSERT_EQ(pair.ups[0], pair.downs[0] + 1) << "seed " << seed;
    ASSERT_EQ(pair.ups[1], pair.downs[1] + 1) << "seed " << seed;
  }
}

}  // namespace
}  // namespace lockstep::link
