#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "lockstep/network_manager.hpp"
#include "lockstep/testing/network_conformance/test_messages.hpp"
#include "lockstep/testing/waiting.hpp"

namespace lockstep::testing {

/// Records the events and the messages of one manager, in the order in which they came.
class NetworkProbe {
 public:
  struct Seen {
    std::vector<NetworkEvent> events{};
    std::vector<ReplicationMessage> messages{};
    /// Both, in words: "+a", "-a", "!a" (NodeError), "!" (NetworkError), "a:42" (number of the
    /// message id).
    std::vector<std::string> order{};

    template <class Event>
    [[nodiscard]] std::vector<Event> all() const {
      std::vector<Event> result;
      for (const NetworkEvent& event : events) {
        if (const auto* found = std::get_if<Event>(&event)) result.push_back(*found);
      }
      return result;
    }
    /// What is told of one node.
    [[nodiscard]] bool has_error(const std::string& node, Errc code) const {
      const auto errors = all<NodeError>();
      return std::any_of(errors.begin(), errors.end(), [&](const NodeError& event) {
        return event.node.str() == node && event.error == code;
      });
    }
    /// Of one node or of none.
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

  /// Handles all messages of group 1; without, it records events only.
  explicit NetworkProbe(INetworkManager& manager, bool handle_messages = true) {
    listener_ = manager.subscribe([seen = seen_](const NetworkEvent& event) {
      seen->change([&](Seen& now) {
        now.events.push_back(event);
        now.order.push_back(in_words(event));
      });
    });
    if (!handle_messages) return;
    auto handler =
        manager.set_handler(GroupId(1), {MessageType::kWalEntry, static_cast<MessageType>(65535)},
                            [seen = seen_](ReplicationMessage&& message) {
                              seen->change([&](Seen& now) {
                                now.order.push_back(in_words(message));
                                now.messages.push_back(std::move(message));
                              });
                            });
    EXPECT_TRUE(handler.has_value()) << handler.error().message;
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
  [[nodiscard]] bool wait_error(const std::string& node, Errc code) const {
    return wait([&](const Seen& seen) { return seen.has_error(node, code); });
  }
  [[nodiscard]] Seen seen() const { return seen_->get(); }
  [[nodiscard]] std::vector<std::string> order() const { return seen().order; }

  [[nodiscard]] static std::string in_words(const NetworkEvent& event) {
    if (const auto* up = std::get_if<NodeConnected>(&event)) return "+" + up->node.str();
    if (const auto* down = std::get_if<NodeDisconnected>(&event)) return "-" + down->node.str();
    if (const auto* error = std::get_if<NodeError>(&event)) return "!" + error->node.str();
    return "!";
  }
  [[nodiscard]] static std::string in_words(const ReplicationMessage& message) {
    return message.source_node.str() + ":" + std::to_string(number_of(message.message_id));
  }

 private:
  std::shared_ptr<Watched<Seen>> seen_ = std::make_shared<Watched<Seen>>();
  Subscription listener_;
  Subscription handler_;
};

}  // namespace lockstep::testing
