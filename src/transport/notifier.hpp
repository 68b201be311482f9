#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "lockstep/logging.hpp"
#include "lockstep/network_manager.hpp"

namespace lockstep::transport {

/// All code of the host that a transport calls: listeners, handlers, completions, the log. Methods
/// that call it are used on the transport's strand, never under a lock; an exception that leaves it
/// is logged and counted. Registering is for any thread.
class Notifier : public std::enable_shared_from_this<Notifier> {
 public:
  explicit Notifier(LogSink log) : log_(log ? std::move(log) : default_log_sink()) {}

  [[nodiscard]] Result<Subscription> set_handler(GroupId group, MessageTypeRange types,
                                                 INetworkManager::MessageHandler handler);
  [[nodiscard]] Subscription subscribe(INetworkManager::EventListener listener);
  /// Neither listeners nor handlers are called from now on; completions still are.
  void mute() { muted_.store(true); }

  void emit(const NetworkEvent& event);
  void deliver(ReplicationMessage&& message);
  template <class Done, class Outcome>
  void complete(const Done& done, Outcome&& outcome) {
    if (done) guarded([&] { done(std::forward<Outcome>(outcome)); });
  }
  void log(LogLevel level, std::string_view text) const;
  /// Runs code of the host. False: an exception left it.
  template <class Call>
  bool guarded(Call&& call) {
    try {
      call();
      return true;
    } catch (...) {
      count_exception();
      return false;
    }
  }

  [[nodiscard]] std::uint64_t exceptions() const { return exceptions_.load(); }
  [[nodiscard]] std::uint64_t unhandled_messages() const { return unhandled_.load(); }

 private:
  struct Listener {
    INetworkManager::EventListener call;
    std::atomic<bool> active{true};
  };
  struct Handler {
    GroupId group;
    MessageTypeRange types;
    INetworkManager::MessageHandler call;
    std::atomic<bool> active{true};
  };
  template <class Item>
  using Items = std::vector<std::shared_ptr<Item>>;
  /// Replaced as a whole, so that callers walk through one that nobody changes.
  template <class Item>
  using Snapshot = std::shared_ptr<const Items<Item>>;

  template <class Item>
  [[nodiscard]] Snapshot<Item> snapshot(const Snapshot<Item>& items) const {
    const std::lock_guard lock(mutex_);
    return items;
  }
  template <class Item>
  [[nodiscard]] Subscription add(Snapshot<Item> Notifier::*items, std::shared_ptr<Item> item);
  template <class Item>
  void remove(Snapshot<Item> Notifier::*items, const std::shared_ptr<Item>& item);

  void count_exception();

  LogSink log_;
  mutable std::mutex mutex_;
  Snapshot<Listener> listeners_ = std::make_shared<Items<Listener>>();
  Snapshot<Handler> handlers_ = std::make_shared<Items<Handler>>();
  std::atomic<bool> muted_{false};
  std::atomic<std::uint64_t> exceptions_{0};
  std::atomic<std::uint64_t> unhandled_{0};
};

}  // namespace lockstep::transport
