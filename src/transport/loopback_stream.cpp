#include "transport/loopback_stream.hpp"

#include <utility>

#include "transport/overloaded.hpp"

namespace lockstep::transport {

void LoopbackStream::read(ReadHandler handler) {
  reader_ = std::move(handler);
  if (receiving_) return;  // called by the handler of the read before; `receive` goes on
  const auto wake = [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->receive();
  };
  if (std::exchange(attached_, true)) {
    strand_->post(wake);
  } else {
    hub_->attach(end_, wake);
  }
}

void LoopbackStream::receive() {
  receiving_ = true;
  while (reader_ && !ended_) {
    auto item = hub_->take(end_);
    if (!item) break;
    take_in(std::move(*item));
  }
  receiving_ = false;
}

void LoopbackStream::take_in(Hub::Item item) {
  if (signals_.bytes) signals_.bytes();
  std::visit(Overloaded{
                 [this](SharedBuffer& frame) { std::exchange(reader_, {})(std::move(frame)); },
                 [this](LoopbackPing ping) { hub_->transmit(end_, LoopbackPong{ping.number}, {}); },
                 [this](LoopbackPong pong) {
                   if (signals_.pong) signals_.pong(pong.number);
                 },
                 [this](LoopbackClosed) { fail_read(); },
             },
             item);
}

void LoopbackStream::fail_read() {
  ended_ = true;
  if (auto reader = std::exchange(reader_, {})) reader(Error(Errc::kConnectionLost));
}

void LoopbackStream::write(Frames frames, WriteHandler handler) {
  const wire::OutgoingFrame& frame = *frames.front();
  if (signals_.copied) signals_.copied(frame.payload_bytes);
  hub_->transmit(end_, SharedBuffer::adopt(wire::flatten(frame)), std::move(handler));
}

void LoopbackStream::ping(std::uint64_t number) { hub_->transmit(end_, LoopbackPing{number}, {}); }

void LoopbackStream::close() { hub_->transmit(end_, LoopbackClosed{}, {}); }

void LoopbackStream::drop() {
  hub_->drop(end_);
  strand_->post([self = shared_from_this()] { self->fail_read(); });
}

void LoopbackCarrier::start(Events events) {
  hub_->listen(node_, stay_, strand_,
               [weak = weak_from_this(), accepted = std::move(events.accepted)](const NodeId& from,
                                                                                Hub::EndId end) {
                 const auto self = weak.lock();
                 if (self && !self->stopped_) accepted(from, self->stream_of(end));
               });
}

ICarrier::Stream LoopbackCarrier::stream_of(Hub::EndId end) const {
  return std::make_shared<LoopbackStream>(hub_, end, strand_);
}

std::function<void()> LoopbackCarrier::dial(const PeerAddress& address, DialHandler handler) {
  auto given_up = std::make_shared<bool>(false);
  // The hub keeps the handler while a cable is cut: it must not keep the hub.
  const auto ended = [weak = weak_from_this(), weak_hub = std::weak_ptr(hub_), given_up,
                      handler = std::move(handler)](Result<Hub::EndId> end) {
    const auto self = weak.lock();
    if (!self || self->stopped_ || *given_up) {
      const auto hub = weak_hub.lock();
      if (end && hub) hub->drop(*end);
    } else if (end) {
      handler(self->stream_of(*end));
    } else {
      handler(end.error());
    }
  };
  const Hub::DialId id = hub_->dial({node_, address.node}, strand_, ended);
  return [hub = hub_, id, given_up] {
    *given_up = true;
    hub->give_up(id);
  };
}

void LoopbackCarrier::stop() {
  stopped_ = true;
  hub_->leave(node_, stay_);
}

}  // namespace lockstep::transport
