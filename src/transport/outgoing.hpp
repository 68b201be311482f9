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
  std::size_t frame_bytes = 0;
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
    queues_[static_cast<std::size_t>(message.message_class())].items.push_back(
        {std::move(message), 0});
  }

  /// The frame to write next, if there is one, and those after it that are no longer than
  /// `max_bytes` together with it. `written` is due before the next call.
  [[nodiscard]] std::vector<Frame> next(std::size_t max_bytes) {
    std::vector<Frame> result;
    std::size_t bytes = 0;
    for (Queue& queue : queues_) {
      for (const Item& item : queue.items) {
        for (std::size_t i = item.frames_written; i < item.message.frames->size(); ++i) {
          bytes += (*item.message.frames)[i].size_bytes;
          if (!result.empty() && bytes > max_bytes) return result;
          result.push_back({item.message.frames, i});
          ++queue.frames_taken;
        }
      }
    }
    return result;
  }

  /// The frames that `next` gave are written: the messages that ended with one of them, in order.
  [[nodiscard]] std::vector<Outgoing> written() {
    std::vector<Outgoing> result;
    for (Queue& queue : queues_) {
      for (; queue.frames_taken > 0; --queue.frames_taken) {
        Item& item = queue.items.front();
        if (++item.frames_written < item.message.frames->size()) continue;
        result.push_back(std::move(item.message));
        queue.items.pop_front();
      }
    }
    return result;
  }

  /// All messages that are not written to their end, in order of class; frames that are being
  /// written are not counted as written.
  [[nodiscard]] std::vector<Outgoing> take_all() {
    std::vector<Outgoing> result;
    for (Queue& queue : queues_) {
      for (Item& item : queue.items) result.push_back(std::move(item.message));
      queue = {};
    }
    return result;
  }

 private:
  struct Item {
    Outgoing message;
    std::size_t frames_written = 0;
  };
  struct Queue {
    std::deque<Item> items;
    std::size_t frames_taken = 0;  ///< by `next`, not yet written
  };

  std::array<Queue, 3> queues_;
};

}  // namespace lockstep::transport
