#include "transport/loopback_hub.hpp"

#include <algorithm>

#include "transport/bit_flip.hpp"

namespace lockstep {
namespace {

/// What may be under way on one direction of a connection before its writer has to wait.
constexpr std::size_t kWindowBytes = std::size_t{1} << 20;

std::size_t size_of(const LoopbackNetwork::Hub::Item& item) {
  const auto* frame = std::get_if<SharedBuffer>(&item);
  return frame != nullptr ? frame->size() : 0;
}

}  // namespace

std::optional<LoopbackNetwork::Hub::Stay> LoopbackNetwork::Hub::enter(const NodeId& node,
                                                                      BootNumber wanted) {
  const std::lock_guard lock(mutex_);
  Node& entry = nodes_[node];
  if (entry.stay) return std::nullopt;
  const BootNumber boot = wanted == BootNumber{} ? entry.last_boot.next() : wanted;
  entry.last_boot = std::max(entry.last_boot, boot);
  entry.stay = ++last_id_;
  return Stay{*entry.stay, boot};
}

void LoopbackNetwork::Hub::listen(const NodeId& node, StayId stay,
                                  std::shared_ptr<IExecutor> strand, AcceptHandler accept) {
  const std::lock_guard lock(mutex_);
  Node& entry = nodes_[node];
  if (entry.stay != stay) return;
  entry.strand = std::move(strand);
  entry.accept = std::move(accept);
}

void LoopbackNetwork::Hub::leave(const NodeId& node, StayId stay) {
  AcceptHandler dropped;  // after the lock
  const std::lock_guard lock(mutex_);
  Node& entry = nodes_[node];
  if (entry.stay != stay) return;
  entry.stay.reset();
  dropped = std::exchange(entry.accept, {});
}

LoopbackNetwork::Hub::DialId LoopbackNetwork::Hub::dial(const Direction& direction,
                                                        std::shared_ptr<IExecutor> strand,
                                                        DialHandler handler) {
  const std::lock_guard lock(mutex_);
  const DialId id = ++last_id_;
  PendingDial pending{direction, std::move(strand), std::move(handler)};
  if (is_cut_locked(direction)) {
    pending_dials_.emplace(id, std::move(pending));
  } else {
    connect_locked(pending);
  }
  return id;
}

void LoopbackNetwork::Hub::give_up(DialId dial) {
  const std::lock_guard lock(mutex_);
  pending_dials_.erase(dial);
}

void LoopbackNetwork::Hub::connect_locked(const PendingDial& dial) {
  const auto& [from, to] = dial.direction;
  const auto target = nodes_.find(to);
  if (target == nodes_.end() || !target->second.accept) {
    dial.strand->post([handler = dial.handler, node = to] {
      handler(Error(Errc::kConnectionRefused, "node " + node.str() + " is not in the network"));
    });
    return;
  }
  const EndId near = ++last_id_;
  const EndId far = ++last_id_;
  End& near_end = ends_[near];
  near_end.other = far;
  near_end.inbound = {to, from};
  near_end.strand = dial.strand;
  End& far_end = ends_[far];
  far_end.other = near;
  far_end.inbound = {from, to};
  far_end.strand = target->second.strand;
  far_end.strand->post([accept = target->second.accept, from = from, far] { accept(from, far); });
  near_end.strand->post([handler = dial.handler, near] { handler(near); });
}

void LoopbackNetwork::Hub::attach(EndId end, std::function<void()> wake) {
  const std::lock_guard lock(mutex_);
  const auto found = ends_.find(end);
  if (found == ends_.end()) return;
  found->second.wake = std::move(wake);
  found->second.strand->post(found->second.wake);
}

void LoopbackNetwork::Hub::enqueue_locked(EndId to, End& end, Item item) {
  const MonotonicTime now = runtime_->now();
  const auto delay = delays_.find(end.inbound);
  MonotonicTime due = delay == delays_.end() ? now : now + delay->second;
  if (!end.in_flight.empty()) due = std::max(due, end.in_flight.back().due);
  end.in_flight_bytes += size_of(item);
  InFlight& entry = end.in_flight.emplace_back(InFlight{due, std::move(item), nullptr});
  const auto wake = [weak = weak_from_this(), to] {
    const auto self = weak.lock();
    if (!self) return;
    std::function<void()> call;
    {
      const std::lock_guard lock(self->mutex_);
      const auto found = self->ends_.find(to);
      if (found != self->ends_.end()) call = found->second.wake;
    }
    if (call) call();
  };
  if (due <= now) {
    end.strand->post(wake);
  } else {
    entry.timer = runtime_->schedule(end.strand, due - now, wake);
  }
}

void LoopbackNetwork::Hub::transmit(EndId from, Item item, WrittenHandler written) {
  const std::lock_guard lock(mutex_);
  const auto sender = ends_.find(from);
  if (sender == ends_.end()) return;
  const auto post_written = [&](const Error& outcome) {
    if (!written) return;
    sender->second.strand->post([written, outcome] { written(outcome); });
  };
  const auto receiver = ends_.find(sender->second.other);
  if (receiver == ends_.end()) return post_written(Errc::kConnectionLost);
  End& end = receiver->second;
  if (end.lost || cuts_.contains(end.inbound)) {
    end.lost = true;
    return post_written(Error{});  // a kernel would have taken it, too
  }
  if (auto* frame = std::get_if<SharedBuffer>(&item)) flip_locked(end.inbound, *frame);
  enqueue_locked(receiver->first, end, std::move(item));
  if (end.in_flight_bytes > kWindowBytes && written) {
    end.writer = std::move(written);
  } else {
    post_written(Error{});
  }
}

std::optional<LoopbackNetwork::Hub::Item> LoopbackNetwork::Hub::take(EndId end) {
  std::optional<InFlight> taken;  // its timer is dropped after the lock
  const std::lock_guard lock(mutex_);
  const auto found = ends_.find(end);
  if (found == ends_.end() || found->second.in_flight.empty() ||
      found->second.in_flight.front().due > runtime_->now()) {
    return std::nullopt;
  }
  End& entry = found->second;
  taken = std::move(entry.in_flight.front());
  entry.in_flight.pop_front();
  entry.in_flight_bytes -= size_of(taken->item);
  if (entry.in_flight_bytes <= kWindowBytes) release_writer_locked(entry, Error{});
  return std::move(taken->item);
}

void LoopbackNetwork::Hub::release_writer_locked(End& end, const Error& outcome) {
  if (!end.writer) return;
  const auto sender = ends_.find(end.other);
  if (sender != ends_.end()) {
    sender->second.strand->post([written = std::move(end.writer), outcome] { written(outcome); });
  }
  end.writer = {};
}

void LoopbackNetwork::Hub::drop(EndId end) {
  std::optional<End> dropped;  // after the lock
  const std::lock_guard lock(mutex_);
  const auto found = ends_.find(end);
  if (found == ends_.end()) return;
  const auto other = ends_.find(found->second.other);
  if (other != ends_.end()) {
    if (other->second.lost || cuts_.contains(other->second.inbound)) {
      other->second.lost = true;
    } else {
      enqueue_locked(other->first, other->second, Closed{});
    }
  }
  release_writer_locked(found->second, Errc::kConnectionLost);
  dropped = std::move(found->second);
  ends_.erase(found);
}

bool LoopbackNetwork::Hub::is_cut_locked(const Direction& direction) const {
  return cuts_.contains(direction) || cuts_.contains({direction.second, direction.first});
}

void LoopbackNetwork::Hub::lose_locked(End& end) {
  if (!end.in_flight.empty()) end.lost = true;
  end.in_flight.clear();
  end.in_flight_bytes = 0;
  release_writer_locked(end, Error{});
}

void LoopbackNetwork::Hub::break_locked(EndId id) {
  const auto found = ends_.find(id);
  if (found == ends_.end()) return;
  lose_locked(found->second);
  found->second.lost = true;  // nothing follows the end
  enqueue_locked(id, found->second, Closed{});
}

void LoopbackNetwork::Hub::cut(const Direction& direction) {
  const std::lock_guard lock(mutex_);
  cuts_.insert(direction);
  for (auto& [id, end] : ends_) {
    if (end.inbound == direction) lose_locked(end);
  }
}

void LoopbackNetwork::Hub::heal_locked(const Direction& direction) {
  cuts_.erase(direction);
  for (auto& [id, end] : ends_) {
    if (end.inbound != direction || !end.lost) continue;
    break_locked(id);
    break_locked(end.other);
  }
  for (auto dial = pending_dials_.begin(); dial != pending_dials_.end();) {
    const bool whole = !is_cut_locked(dial->second.direction);
    if (whole) connect_locked(dial->second);
    dial = whole ? pending_dials_.erase(dial) : std::next(dial);
  }
}

void LoopbackNetwork::Hub::heal(const Direction& direction) {
  const std::lock_guard lock(mutex_);
  heal_locked(direction);
}

void LoopbackNetwork::Hub::heal_all() {
  const std::lock_guard lock(mutex_);
  for (const Direction& direction : std::set<Direction>(cuts_)) heal_locked(direction);
}

void LoopbackNetwork::Hub::set_delay(const Direction& direction, std::chrono::nanoseconds delay) {
  const std::lock_guard lock(mutex_);
  delays_[direction] = delay;
}

void LoopbackNetwork::Hub::drop_connection(const NodeId& a, const NodeId& b) {
  const std::lock_guard lock(mutex_);
  for (auto& [id, end] : ends_) {
    if (end.inbound == Direction{a, b} || end.inbound == Direction{b, a}) break_locked(id);
  }
}

void LoopbackNetwork::Hub::flip_bit(const Direction& direction, std::uint64_t bit) {
  const std::lock_guard lock(mutex_);
  flips_[direction] = bit;
}

void LoopbackNetwork::Hub::flip_locked(const Direction& direction, SharedBuffer& frame) {
  const auto found = flips_.find(direction);
  if (found == flips_.end() || !transport::carries_entries(frame.bytes())) return;
  frame = transport::flip_bit(frame.bytes(), found->second);
  flips_.erase(found);
}

}  // namespace lockstep
