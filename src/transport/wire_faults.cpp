#include "lockstep/testing/wire_faults.hpp"

#include <mutex>
#include <set>
#include <utility>
#include <vector>

namespace lockstep::testing {

struct WireFaults::State {
  struct Flip {
    NodeId peer;
    std::uint64_t bit;
  };
  struct Failure {
    std::uint64_t operation;
    std::error_code error;
  };
  struct Connection {
    NodeId peer;
    std::weak_ptr<const void> alive;
    std::function<void()> drop;
  };
  std::mutex mutex;
  std::vector<Connection> connections;
  std::optional<Flip> flip;
  std::set<NodeId> isolated;
  std::uint64_t operations = 0;
  std::optional<Failure> failure;
};

WireFaults::WireFaults() : state_(std::make_unique<State>()) {}
WireFaults::~WireFaults() = default;

void WireFaults::flip_bit_in_next_entry_frame(const NodeId& peer, std::uint64_t bit) {
  const std::lock_guard lock(state_->mutex);
  state_->flip = State::Flip{peer, bit};
}

void WireFaults::isolate(const NodeId& peer) {
  const std::lock_guard lock(state_->mutex);
  state_->isolated.insert(peer);
}

void WireFaults::heal(const NodeId& peer) {
  const std::lock_guard lock(state_->mutex);
  state_->isolated.erase(peer);
}

void WireFaults::drop_connections(const NodeId& peer) {
  std::vector<State::Connection> all;
  {
    const std::lock_guard lock(state_->mutex);
    all = state_->connections;
  }
  for (const State::Connection& connection : all) {
    if (connection.peer == peer) connection.drop();
  }
}

void WireFaults::add_connection(const NodeId& peer, std::weak_ptr<const void> connection,
                                std::function<void()> drop) {
  const std::lock_guard lock(state_->mutex);
  std::erase_if(state_->connections,
                [](const State::Connection& old) { return old.alive.expired(); });
  state_->connections.push_back({peer, std::move(connection), std::move(drop)});
}

void WireFaults::fail_operation(std::uint64_t n, std::error_code error) {
  const std::lock_guard lock(state_->mutex);
  state_->failure = State::Failure{state_->operations + n, error};
}

std::uint64_t WireFaults::operations() const {
  const std::lock_guard lock(state_->mutex);
  return state_->operations;
}

bool WireFaults::wants_bit_flip(const NodeId& peer) const {
  const std::lock_guard lock(state_->mutex);
  return state_->flip && state_->flip->peer == peer;
}

std::optional<std::uint64_t> WireFaults::take_bit_flip(const NodeId& peer) {
  const std::lock_guard lock(state_->mutex);
  if (!state_->flip || state_->flip->peer != peer) return std::nullopt;
  const std::uint64_t bit = state_->flip->bit;
  state_->flip.reset();
  return bit;
}

bool WireFaults::is_isolated(const NodeId& peer) const {
  const std::lock_guard lock(state_->mutex);
  return state_->isolated.contains(peer);
}

std::error_code WireFaults::begin_operation() {
  const std::lock_guard lock(state_->mutex);
  ++state_->operations;
  if (!state_->failure || state_->operations != state_->failure->operation) return {};
  const std::error_code error = state_->failure->error;
  state_->failure.reset();
  return error;
}

}  // namespace lockstep::testing
