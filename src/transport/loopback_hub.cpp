#include "transport/loopback_hub.hpp"

#include <algorithm>

#include "wire/frame_header.hpp"

namespace lockstep {
namespace {

using transport::LoopbackClosed;

bool is_link_frame(const SharedBuffer& frame, wire::LinkType type) {
  const auto header = wire::decode_frame_header(frame.bytes());
  return header && header->kind == wire::FrameKind::kLink &&
         header->type == static_cast<std::uint16_t>(type);
}

}  // namespace

void LoopbackNetwork::Hub::post_locked(const std::shared_ptr<IExecutor>& strand,
                                       std::function<void()> task) {
  posts_.emplace_back(strand, std::move(task));
}

std::optional<LoopbackNetwork::Hub::Stay> LoopbackNetwork::Hub::enter(const NodeId& node,
                                                                      BootNumber wanted) {
  const Turn turn(*this);
  Node& entry = nodes_[node];
  if (entry.stay) return std::nullopt;
  const BootNumber boot = wanted == BootNumber{} ? entry.last_boot.next() : wanted;
  entry.last_boot = std::max(entry.last_boot, boot);
  entry.stay = ++last_id_;
  for (auto& [direction, line] : lines_) {
    if (direction.first == node) line.recent.clear();
  }
  return Stay{*entry.stay, boot};
}

void LoopbackNetwork::Hub::listen(const NodeId& node, StayId stay,
                                  std::shared_ptr<IExecutor> strand, AcceptHandler accept) {
  const Turn turn(*this);
  Node& entry = nodes_[node];
  if (entry.stay != stay) return;
  entry.strand = std::move(strand);
  entry.accept = std::move(accept);
  connect_pending_locked();
}

void LoopbackNetwork::Hub::leave(const NodeId& node, StayId stay) {
  AcceptHandler dropped;  // after the lock
  const Turn turn(*this);
  Node& entry = nodes_[node];
  if (entry.stay != stay) return;
  entry.stay.reset();
  dropped = std::exchange(entry.accept, {});
  connect_pending_locked();
}

LoopbackNetwork::Hub::DialId LoopbackNetwork::Hub::dial(const Direction& direction,
                                                        std::shared_ptr<IExecutor> strand,
                                                        DialHandler handler) {
  const Turn turn(*this);
  const DialId id = ++last_id_;
  PendingDial pending{direction, std::move(strand), std::move(handler)};
  if (must_wait_locked(direction)) {
    pending_dials_.emplace(id, std::move(pending));
  } else {
    connect_locked(pending);
  }
  return id;
}

void LoopbackNetwork::Hub::give_up(DialId dial) {
  std::map<DialId, PendingDial>::node_type dropped;  // after the lock
  const Turn turn(*this);
  dropped = pending_dials_.extract(dial);
}

void LoopbackNetwork::Hub::add_end_locked(EndId id, EndId other, const Direction& inbound,
                                          wire::LinkType ends_handshake,
                                          std::shared_ptr<IExecutor> strand) {
  End& end = ends_[id];
  end.other = other;
  end.inbound = inbound;
  end.line = &lines_[inbound];
  end.ends_handshake = ends_handshake;
  end.strand = std::move(strand);
}

void LoopbackNetwork::Hub::connect_locked(const PendingDial& dial) {
  const auto& [from, to] = dial.direction;
  const auto target = nodes_.find(to);
  if (target == nodes_.end() || !target->second.accept) {
    return post_locked(dial.strand, [handler = dial.handler, node = to] {
      handler(Error(Errc::kConnectionRefused, "node " + node.str() + " is not in the network"));
    });
  }
  const EndId near = ++last_id_;
  const EndId far = ++last_id_;
  const Node& node = target->second;
  add_end_locked(near, far, {to, from}, wire::LinkType::kHello, dial.strand);
  add_end_locked(far, near, {from, to}, wire::LinkType::kReady, node.strand);
  post_locked(node.strand, [accept = node.accept, from = from, far] { accept(from, far); });
  post_locked(dial.strand, [handler = dial.handler, near] { handler(near); });
}

void LoopbackNetwork::Hub::connect_pending_locked() {
  for (auto dial = pending_dials_.begin(); dial != pending_dials_.end();) {
    const bool ready = !must_wait_locked(dial->second.direction);
    if (ready) connect_locked(dial->second);
    dial = ready ? pending_dials_.erase(dial) : std::next(dial);
  }
}

bool LoopbackNetwork::Hub::must_wait_locked(const Direction& dial) {
  const auto target = nodes_.find(dial.second);
  const bool entering = target != nodes_.end() && target->second.stay && !target->second.accept;
  return entering || is_cut_locked(dial);
}

void LoopbackNetwork::Hub::attach(EndId end, std::function<void()> wake) {
  const Turn turn(*this);
  const auto found = ends_.find(end);
  if (found == ends_.end()) return;
  found->second.wake = std::move(wake);
  post_locked(found->second.strand, found->second.wake);
}

void LoopbackNetwork::Hub::wake_locked(EndId id, End& end) {
  const auto due = end.pipe.next_arrival();
  if (!due || end.wake_posted || end.arrival) return;
  const auto wake = [weak = weak_from_this(), id] {
    if (const auto self = weak.lock()) self->on_wake(id);
  };
  const MonotonicTime now = runtime_->now();
  if (*due <= now) {
    end.wake_posted = true;
    post_locked(end.strand, wake);
  } else {
    end.arrival = runtime_->schedule(end.strand, *due - now, wake);
  }
}

void LoopbackNetwork::Hub::on_wake(EndId id) {
  std::function<void()> call;
  {
    const Turn turn(*this);
    const auto found = ends_.find(id);
    if (found == ends_.end()) return;
    found->second.wake_posted = false;
    found->second.arrival.reset();
    call = found->second.wake;
  }
  if (call) call();
}

void LoopbackNetwork::Hub::send_locked(EndId to, End& end, Item item) {
  if (!end.carries()) {
    end.lost = true;
    ++counts_.frames_lost;
    return end.pipe.swallow(item);
  }
  auto* frame = std::get_if<SharedBuffer>(&item);
  if (frame != nullptr && end.line->damage(*frame, *runtime_)) ++counts_.frames_flipped;
  end.pipe.send(std::move(item), runtime_->now(), end.line->draw_delay(*runtime_),
                end.line->faults().bytes_per_second);
  wake_locked(to, end);
}

void LoopbackNetwork::Hub::repeat_messages_locked(EndId to, End& end) {
  end.ends_handshake.reset();
  transport::RecentMessages& recent = end.line->recent;
  recent.forget_unfinished();
  counts_.messages_repeated += recent.size();
  for (SharedBuffer& frame : recent.frames()) send_locked(to, end, std::move(frame));
}

void LoopbackNetwork::Hub::transmit(EndId from, Item item, WrittenHandler written) {
  const Turn turn(*this);
  const auto sender = ends_.find(from);
  if (sender == ends_.end()) return;
  const auto fail = [&] {
    if (!written) return;
    post_locked(sender->second.strand,
                [written = std::move(written)] { written(Errc::kConnectionLost); });
  };
  const auto receiver = ends_.find(sender->second.other);
  if (receiver == ends_.end()) return fail();
  auto& [to, end] = *receiver;
  bool handshake_ends = false;
  if (const auto* frame = std::get_if<SharedBuffer>(&item)) {
    if (end.carries() && end.line->breaks_at(*frame)) {
      break_off_locked(to, end);
      return fail();
    }
    end.line->recent.note(*frame);
    handshake_ends = end.ends_handshake && is_link_frame(*frame, *end.ends_handshake);
  }
  send_locked(to, end, std::move(item));
  if (handshake_ends) repeat_messages_locked(to, end);
  if (!written) return;
  end.writer = std::move(written);
  settle_writer_locked(to, end);
}

std::optional<LoopbackNetwork::Hub::Item> LoopbackNetwork::Hub::take(EndId end) {
  const Turn turn(*this);
  const auto found = ends_.find(end);
  if (found == ends_.end()) return std::nullopt;
  auto item = found->second.pipe.take(runtime_->now());
  if (item) {
    settle_writer_locked(end, found->second);
  } else {
    wake_locked(end, found->second);
  }
  return item;
}

void LoopbackNetwork::Hub::settle_writer_locked(EndId id, End& end) {
  if (!end.writer || end.writable) return;
  const auto at = end.pipe.writable_at();
  if (!at) return;
  const MonotonicTime now = runtime_->now();
  if (*at <= now) return release_writer_locked(end, Error{});
  const auto sender = ends_.find(end.other);
  if (sender == ends_.end()) return;
  end.writable =
      runtime_->schedule(sender->second.strand, *at - now, [weak = weak_from_this(), id] {
        if (const auto self = weak.lock()) self->on_writable(id);
      });
}

void LoopbackNetwork::Hub::on_writable(EndId id) {
  const Turn turn(*this);
  const auto found = ends_.find(id);
  if (found == ends_.end()) return;
  found->second.writable.reset();
  settle_writer_locked(id, found->second);
}

void LoopbackNetwork::Hub::release_writer_locked(End& end, const Error& outcome) {
  end.writable.reset();
  auto writer = std::exchange(end.writer, {});
  const auto sender = ends_.find(end.other);
  if (!writer || sender == ends_.end()) return;
  post_locked(sender->second.strand, [writer = std::move(writer), outcome] { writer(outcome); });
}

void LoopbackNetwork::Hub::drop(EndId id) {
  const Turn turn(*this);
  const auto found = ends_.find(id);
  if (found == ends_.end()) return;
  End& end = found->second;
  release_writer_locked(end, Errc::kConnectionLost);
  const auto other = ends_.find(end.other);
  if (other != ends_.end()) {
    release_writer_locked(other->second, Errc::kConnectionLost);
    send_locked(other->first, other->second, LoopbackClosed{});
  }
  dropped_.push_back(std::move(end));
  ends_.erase(found);
}

}  // namespace lockstep
