#include "transport/admission.hpp"

#include <algorithm>
#include <utility>

namespace lockstep::transport {
namespace {

/// Control frames may use this much more than the budget: a queue full of entries must not silence
/// a node's heartbeats.
std::size_t with_reserve(std::size_t budget, MessageClass message_class) {
  return message_class == MessageClass::kControl ? budget + budget / 16 : budget;
}

}  // namespace

Result<link::ConnectionId> Admission::check_locked(const NodeId& peer, std::size_t bytes,
                                                   MessageClass message_class) const {
  if (closed_) return Error(Errc::kStopped);
  const auto found = peers_.find(peer);
  if (found == peers_.end() || !found->second.up) return Error(Errc::kNotConnected);
  const auto exceeds = [&](std::size_t queued, std::size_t budget) {
    // A message larger than the budget passes when nothing else waits, or it never could.
    return queued > 0 && queued + bytes > with_reserve(budget, message_class);
  };
  if (exceeds(found->second.queued_bytes, budgets_.per_peer_bytes) ||
      exceeds(queued_bytes_, budgets_.total_bytes)) {
    return Error(Errc::kOverloaded);
  }
  return *found->second.up;
}

void Admission::count_refusal_locked(const NodeId& peer, const Error& reason) {
  TrafficCounters::count_reason(total_.sends_failed, reason);
  const auto found = peers_.find(peer);
  if (found != peers_.end()) {
    TrafficCounters::count_reason(found->second.counters->sends_failed, reason);
  }
}

Result<> Admission::check(const NodeId& peer) {
  const std::lock_guard lock(mutex_);
  auto checked = check_locked(peer, 0, MessageClass::kControl);
  if (checked) return {};
  count_refusal_locked(peer, checked.error());
  return checked.error();
}

Result<Admission::Inbox> Admission::accept(const NodeId& peer, Outgoing message) {
  const std::size_t bytes = message.budget_bytes;
  const std::lock_guard lock(mutex_);
  auto connection = check_locked(peer, bytes, message.message_class());
  if (!connection) {
    count_refusal_locked(peer, connection.error());
    return connection.error();
  }
  Peer& entry = peers_.find(peer)->second;
  entry.queued_bytes += bytes;
  queued_bytes_ += bytes;
  entry.counters->enqueue(bytes);
  total_.enqueue(bytes);
  inbox_.push_back({peer, *connection, std::move(message)});
  return inbox_.size() == 1 && !inbox_expected_ ? Inbox::kWasEmpty : Inbox::kHadMore;
}

void Admission::count_refusal(const NodeId& peer, const Error& reason) {
  const std::lock_guard lock(mutex_);
  count_refusal_locked(peer, reason);
}

bool Admission::closed() const {
  const std::lock_guard lock(mutex_);
  return closed_;
}

bool Admission::close() {
  const std::lock_guard lock(mutex_);
  return !std::exchange(closed_, true);
}

bool Admission::configure(const NodeId& peer) {
  const std::lock_guard lock(mutex_);
  if (closed_) return false;
  Peer& entry = peers_[peer];
  entry.configured = entry.ever_configured = true;
  return true;
}

bool Admission::forget(const NodeId& peer) {
  const std::lock_guard lock(mutex_);
  const auto found = peers_.find(peer);
  if (found == peers_.end()) return false;
  const bool configured = std::exchange(found->second.configured, false);
  return configured || found->second.up;
}

std::vector<NodeId> Admission::connected_nodes() const {
  const std::lock_guard lock(mutex_);
  std::vector<NodeId> result;
  for (const auto& [id, peer] : peers_) {
    if (peer.up) result.push_back(id);
  }
  return result;
}

bool Admission::is_connected(const NodeId& peer) const {
  const std::lock_guard lock(mutex_);
  const auto found = peers_.find(peer);
  return found != peers_.end() && found->second.up;
}

NetworkMetrics Admission::metrics(std::chrono::nanoseconds now) const {
  std::map<NodeId, std::shared_ptr<TrafficCounters>> counters;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, peer] : peers_) counters.emplace(id, peer.counters);
  }
  NetworkMetrics result;
  for (const auto& [id, peer] : counters) result.peers.emplace(id, peer->snapshot(now));
  result.total = total_.snapshot(now);
  return result;
}

void Admission::expect_inbox() {
  const std::lock_guard lock(mutex_);
  inbox_expected_ = true;
}

std::vector<Admission::Accepted> Admission::take_inbox() {
  const std::lock_guard lock(mutex_);
  inbox_expected_ = false;
  return std::exchange(inbox_, {});
}

void Admission::set_up(const NodeId& peer, link::ConnectionId connection,
                       std::chrono::nanoseconds now) {
  const std::lock_guard lock(mutex_);
  Peer& entry = peers_[peer];
  entry.up = connection;
  entry.counters->set_up(now);
}

void Admission::set_down(const NodeId& peer) {
  const std::lock_guard lock(mutex_);
  Peer& entry = peers_[peer];
  entry.up.reset();
  entry.counters->set_down();
}

std::shared_ptr<TrafficCounters> Admission::release(const NodeId& peer, std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  Peer& entry = peers_[peer];
  entry.queued_bytes -= bytes;
  queued_bytes_ -= bytes;
  entry.counters->dequeue(bytes);
  total_.dequeue(bytes);
  return entry.counters;
}

std::shared_ptr<TrafficCounters> Admission::counters(const NodeId& peer) {
  const std::lock_guard lock(mutex_);
  return peers_[peer].counters;
}

void Admission::drop_if_unused(const NodeId& peer) {
  const std::lock_guard lock(mutex_);
  const auto found = peers_.find(peer);
  if (found == peers_.end()) return;
  const Peer& entry = found->second;
  if (entry.configured || entry.up || entry.queued_bytes != 0) return;
  if (entry.ever_configured) return;
  const auto strangers = std::count_if(peers_.begin(), peers_.end(), [](const auto& p) {
    return !p.second.ever_configured && !p.second.up;
  });
  const bool was_connected = entry.counters->connections.load() != 0;
  if (!was_connected || strangers > kMaxRememberedStrangers) peers_.erase(found);
}

}  // namespace lockstep::transport
