#include "transport/session.hpp"

#include <utility>

#include "wire/frame_header.hpp"

namespace lockstep::transport {

Session::Session(link::ConnectionId id, std::shared_ptr<IFrameStream> stream, ISessionOwner& owner,
                 std::size_t max_entry_bytes, CounterPair counters, Finished finished)
    : id_(id),
      stream_(std::move(stream)),
      owner_(&owner),
      decoder_(max_entry_bytes),
      counters_(counters),
      finished_(std::move(finished)) {}

void Session::start() {
  stream_->set_signals({
      [weak = weak_from_this()] {
        const auto self = weak.lock();
        if (self && self->owner_ != nullptr) self->owner_->on_bytes(self->id_);
      },
      [weak = weak_from_this()](std::uint64_t number) {
        const auto self = weak.lock();
        if (self && self->owner_ != nullptr) self->owner_->on_pong(self->id_, number);
      },
      [weak = weak_from_this()](std::size_t bytes) {
        const auto self = weak.lock();
        if (self && self->owner_ != nullptr) {
          self->counters_.add(&TrafficCounters::payload_bytes_copied, bytes);
        }
      },
  });
  read();
}

void Session::read() {
  stream_->read(
      [self = shared_from_this()](Result<SharedBuffer> frame) { self->on_read(std::move(frame)); });
}

void Session::on_read(Result<SharedBuffer> frame) {
  if (owner_ == nullptr) return;
  if (!frame) {
    const Error& error = frame.error();
    if (error == Errc::kConnectionLost || finishing_) return end(error);
    // Nothing more is read, but the peer is told why.
    reading_ended_ = true;
    return owner_->on_bad_frame(id_, error);
  }
  counters_.add(&TrafficCounters::bytes_received, frame->size());
  if (!finishing_) decode(*frame);
  if (owner_ != nullptr) read();
}

void Session::decode(const SharedBuffer& frame) {
  if (!owner_->may_receive_messages(id_)) {
    const auto header = wire::decode_frame_header(frame.bytes());
    if (header && header->kind != wire::FrameKind::kLink) {
      return owner_->on_bad_frame(
          id_, Error(Errc::kProtocolViolation, "a message before the handshake has ended"));
    }
  }
  auto received = decoder_.decode(frame);
  if (!received) return owner_->on_bad_frame(id_, received.error());
  count(*received, frame.size());
  owner_->on_received(id_, std::move(*received));
}

void Session::count(const wire::Received& received, std::size_t bytes) {
  if (std::holds_alternative<wire::PartTaken>(received)) {
    bytes_of_parts_ += bytes;
    return;
  }
  const auto* message = std::get_if<ReplicationMessage>(&received);
  if (message == nullptr) return;
  const auto* batch = std::get_if<EntryBatch>(&message->data);
  std::uint64_t payload = 0;
  if (batch != nullptr) {
    for (const Entry& entry : batch->entries) payload += entry.header.payload_bytes;
  }
  // An entry that is larger than the frame it ended with; it was put together, by copying.
  const bool came_in_parts = payload > bytes;
  counters_.add(came_in_parts ? &TrafficCounters::payload_bytes_copied
                              : &TrafficCounters::payload_bytes_received,
                payload);
  // Control messages may come between the parts of an entry.
  if (came_in_parts) bytes += std::exchange(bytes_of_parts_, 0);
  counters_.count_received(message->type, bytes);
}

void Session::send(Outgoing message) {
  if (owner_ == nullptr || finishing_) return finished_(std::move(message), Errc::kConnectionLost);
  queue_.push(std::move(message));
  write();
}

void Session::write() {
  if (!writing_.empty() || owner_ == nullptr || close_sent_) return;
  writing_ = queue_.next(stream_->write_together_bytes());
  if (writing_.empty() && finishing_) {
    if (!last_word_) {
      close_sent_ = true;
      stream_->close();
      return;
    }
    queue_.push(*std::exchange(last_word_, std::nullopt));
    writing_ = queue_.next(0);
  }
  if (writing_.empty()) return;
  frames_.clear();
  for (const OutgoingQueue::Frame& frame : writing_) frames_.push_back(&frame.get());
  stream_->write(frames_,
                 [self = shared_from_this()](const Error& error) { self->on_written(error); });
}

void Session::on_written(const Error& error) {
  const auto written = std::exchange(writing_, {});
  if (owner_ == nullptr) return;
  if (error) return end(error);
  std::size_t bytes = 0;
  for (const OutgoingQueue::Frame& frame : written) bytes += frame.get().size_bytes;
  counters_.add(&TrafficCounters::bytes_sent, bytes);
  if (!std::exchange(queue_emptied_, false)) {
    for (Outgoing& message : queue_.written()) finished_(std::move(message), Error{});
  }
  write();
  // Nobody would notice the peer's end of it.
  if (close_sent_ && reading_ended_ && owner_ != nullptr) end(reason_);
}

void Session::finish(bool flush, std::optional<Outgoing> last_word, const Error& reason) {
  if (owner_ == nullptr || finishing_) return;
  finishing_ = true;
  reason_ = reason;
  last_word_ = std::move(last_word);
  if (!flush) {
    fail_queued(reason);
    queue_emptied_ = !writing_.empty();
  }
  write();
}

void Session::drop(const Error& reason) {
  if (owner_ == nullptr) return;
  owner_ = nullptr;
  reason_ = reason;
  let_go_of_stream();
  fail_queued(reason);
}

void Session::end(const Error& error) {
  ISessionOwner* owner = std::exchange(owner_, nullptr);
  if (!reason_) reason_ = error;
  let_go_of_stream();
  fail_queued(reason_);
  owner->on_closed(id_, error);
}

void Session::let_go_of_stream() {
  // It may hold this session, in the handler of a read that no running executor will ever end.
  std::exchange(stream_, nullptr)->drop();
}

void Session::fail_queued(const Error& reason) {
  for (Outgoing& message : queue_.take_all()) finished_(std::move(message), reason);
}

}  // namespace lockstep::transport
