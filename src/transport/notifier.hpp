#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string_view>

#include "lockstep/logging.hpp"
#include "lockstep/network_manager.hpp"
#include "runtime/registry.hpp"

namespace lockstep::transport {

/// All code of the host that a transport calls: listeners, handlers, completions, the log. Methods
/// that call it are used on the transport's strand, never under a lock; an exception that leaves it
/// is logged and counted. Registering is for any thread.
class Notifier {
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
  struct Handler {
    GroupId group;
    MessageTypeRange types;
    INetworkManager::MessageHandler call;
  };

  void count_exception();

  LogSink log_;
  const std::shared_ptr<Registry<INetworkManager::EventListener>> listeners_ =
      std::make_shared<Registry<INetworkManager::EventListener>>();
  const std::shared_ptr<Registry<Handler>> handlers_ = std::make_shared<Registry<Handler>>();
  std::atomic<bool> muted_{false};
  std::atomic<std::uint64_t> exceptions_{0};
  std::atomic<std::uint64_t> unhandled_{0};
};

}  // namespace lockstep::transport
