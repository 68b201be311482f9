#pragma once

#include <array>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "lockstep/error.hpp"
#include "wire/frame_encoder.hpp"

namespace lockstep::transport {

/// A message on its way out: its frames, which a broadcast shares among its targets, and who waits
/// for it.
struct Outgoing {
  std::shared_ptr<const std::vector<wire::OutgoingFrame>> frames;
  /// What it holds of the byte budgets; 0 for link frames.
  std::size_t budget_bytes = 0;
  /// None for link frames and for senders that do not care.
  std::function<void(Error)> done;
  /// False: a frame of the link itself.
  bool is_message = false;
  MessageType type = MessageType::kHeartbeat;

  [[nodiscard]] MessageClass message_class() const { return frames->front().message_class; }
};

/// Frames leave by class. A more urgent message overtakes also between the frames of one that has
/// begun.
class OutgoingQueue {
 public:
  /// A frame to write, with the memory that it lies in.
  struct Frame {
    std::shared_ptr<const std::vector<wire::OutgoingFrame>> frames;
    std::size_t place = 0;
    [[nodiscard]] const wire::OutgoingFrame& get() const { return (*frames)[place]; }
  };

  void push(Outgoing message) {
    queues_[static_cast<std::size_t>(message.message_class())].push_back({std::move(message), 0});
  }

  /// The next frame to write, if there is one; `written` is due before the one after.
  [[nodiscard]] std::optional<Frame> next() {
    for (Queue& queue : queues_) {
      if (queue.empty()) continue;
      writing_ = &queue;
      return Frame{queue.front().message.frames, queue.front().frames_written};
    }
    return std::nullopt;
  }

  /// The frame that `next` gave is written: the message, if that was its last.
  [[nodiscard]] std::optional<Outgoing> written() {
    Queue& queue = *std::exchange(writing_, nullptr);
    Item& item = queue.front();
    if (++item.frames_written < item.message.frames->size()) return std::nullopt;
    Outgoing message = std::move(item.message);
    queue.pop_front();
    return message;
  }

  /// All messages that are not written to their end, in order of class; a frame that is being
  /// written is not counted as written.
  [[nodiscard]] std::vector<Outgoing> take_all() {
    std::vector<Outgoing> result;
    for (Queue& queue : queues_) {
      for (Item& item : queue) result.push_back(std::move(item.message));
      queue.clear();
    }
    writing_ = nullptr;
    return result;
  }

 private:
  struct Item {
    Outgoing message;
    std::size_t frames_written = 0;
  };
  using Queue = std::deque<Item>;

  std::array<Queue, 3> queues_;
  Queue* writing_ = nullptr;
};

}  // namespace lockstep::transport
