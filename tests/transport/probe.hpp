#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/digest.hpp"
#include "lockstep/network_manager.hpp"

namespace lockstep::test {

/// Far more than anything here takes, also under a sanitizer on a busy machine.
inline constexpr std::chrono::seconds kDeadline{30};

/// A mutex, a condition and a value that callbacks change and tests wait for.
template <class T>
class Watched {
 public:
  template <class Change>
  void change(Change&& what) {
    // Notified under the lock: the one who waits may destroy this as soon as it is let go.
    const std::lock_guard lock(mutex_);
    what(value_);
    changed_.notify_all();
  }
  template <class Predicate>
  [[nodiscard]] bool wait(Predicate&& predicate) const {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kDeadline, [&] { return predicate(value_); });
  }
  [[nodiscard]] T get() const {
    const std::lock_guard lock(mutex_);
    return value_;
  }

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  T value_{};
};

/// A completion handler that can be waited for, and that counts its calls.
template <class Outcome = Error>
class Completion {
 public:
  [[nodiscard]] std::function<void(Outcome)> handler() {
    return [state = state_](Outcome outcome) {
      state->change([&](auto& outcomes) { outcomes.push_back(std::move(outcome)); });
    };
  }
  /// The outcome; fails the test when none comes.
  [[nodiscard]] Outcome get() {
    EXPECT_TRUE(state_->wait([](const auto& outcomes) { return !outcomes.empty(); }))
        << "the handler was not called";
    const auto outcomes = state_->get();
    return outcomes.empty() ? Outcome{} : outcomes.front();
  }
  [[nodiscard]] std::size_t calls() const { return state_->get().size(); }

 private:
  std::shared_ptr<Watched<std::vector<Outcome>>> state_ =
      std::make_shared<Watched<std::vector<Outcome>>>();
};

/// Records the events and the messages of one manager, in the order in which they came.
class Probe {
 public:
  struct Seen {
    std::vector<NetworkEvent> events;
    std::vector<ReplicationMessage> messages;
    /// Both, in words: "+a", "-a", "!a", "!", "a:42" (first byte of the message id).
    std::vector<std::string> order;

    template <class Event>
    [[nodiscard]] std::vector<Event> all() const {
      std::vector<Event> result;
      for (const NetworkEvent& event : events) {
        if (const auto* found = std::get_if<Event>(&event)) result.push_back(*found);
      }
      return result;
    }
    [[nodiscard]] bool has_error(Errc code) const {
      for (const NodeError& event : all<NodeError>()) {
        if (event.error == code) return true;
      }
      for (const NetworkError& event : all<NetworkError>()) {
        if (event.error == code) return true;
      }
      return false;
    }
  };

  /// Without handlers the probe records events only.
  explicit Probe(INetworkManager& manager, bool handle_messages = true) {
    listener_ = manager.subscribe([seen = seen_](const NetworkEvent& event) {
      seen->change([&](Seen& now) {
        now.events.push_back(event);
        now.order.push_back(describe(event));
      });
    });
    if (!handle_messages) return;
    auto handler =
        manager.set_handler(GroupId(1), {MessageType::kWalEntry, static_cast<MessageType>(65535)},
                            [seen = seen_](const ReplicationMessage& message) {
                              seen->change([&](Seen& now) {
                                now.messages.push_back(message);
                                now.order.push_back(message.source_node.str() + ":" +
                                                    std::to_string(message.message_id.bytes()[0]));
                              });
                            });
    EXPECT_TRUE(handler.has_value());
    if (handler) handler_ = std::move(*handler);
  }

  template <class Predicate>
  [[nodiscard]] bool wait(Predicate&& predicate) const {
    return seen_->wait(std::forward<Predicate>(predicate));
  }
  [[nodiscard]] bool wait_messages(std::size_t count) const {
    return wait([count](const Seen& seen) { return seen.messages.size() >= count; });
  }
  template <class Event>
  [[nodiscard]] bool wait_events(std::size_t count) const {
    return wait([count](const Seen& seen) { return seen.all<Event>().size() >= count; });
  }
  [[nodiscard]] bool wait_error(Errc code) const {
    return wait([code](const Seen& seen) { return seen.has_error(code); });
  }
  [[nodiscard]] Seen seen() const { return seen_->get(); }

 private:
  static std::string describe(const NetworkEvent& event) {
    if (const auto* up = std::get_if<NodeConnected>(&event)) return "+" + up->node.str();
    if (const auto* down = std::get_if<NodeDisconnected>(&event)) return "-" + down->node.str();
    if (const auto* error = std::get_if<NodeError>(&event)) return "!" + error->node.str();
    return "!";
  }

  std::shared_ptr<Watched<Seen>> seen_ = std::make_shared<Watched<Seen>>();
  Subscription listener_;
  Subscription handler_;
};

inline MessageId message_id(std::uint8_t number) {
  MessageId::Bytes bytes{};
  bytes[0] = number;
  bytes[15] = 1;
  return MessageId(bytes);
}

inline ReplicationMessage message_to(const std::string& target, MessageType type,
                                     MessageData data = {}) {
  ReplicationMessage message;
  message.type = type;
  message.group = GroupId(1);
  if (!target.empty()) message.target_node = NodeId(target);
  message.data = std::move(data);
  return message;
}

inline Entry make_entry(std::uint64_t index, std::size_t payload_bytes) {
  Payload payload(payload_bytes);
  for (std::size_t i = 0; i < payload_bytes; ++i) {
    payload.bytes()[i] = static_cast<std::uint8_t>(i * 31 + index + i / 4096);
  }
  EntryHeader header;
  header.group = GroupId(1);
  header.term = Term(3);
  header.index = Index(index);
  header.payload_bytes = payload_bytes;
  Sha256 sha;
  return seal_entry(sha, header, std::move(payload).release());
}

}  // namespace lockstep::test
