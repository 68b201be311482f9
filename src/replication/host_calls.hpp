#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "lockstep/executor.hpp"
#include "lockstep/replication_manager.hpp"
#include "runtime/registry.hpp"

namespace lockstep::replication {

/// Calls the host's code: always later, on the executor for callbacks, in the order posted, and
/// what it throws is caught, logged and counted. Thread-safe.
class HostCalls : public std::enable_shared_from_this<HostCalls> {
 public:
  using DoneHandler = WALReplicationManager::DoneHandler;

  HostCalls(std::shared_ptr<IExecutor> executor, LogSink log, std::string name)
      : executor_(std::move(executor)), log_(std::move(log)), name_(std::move(name)) {}

  void post(std::function<void()> callback);
  /// `call(item)` for each item, in one task.
  template <class Item, class Call>
  void post_each(std::vector<Item> items, Call call) {
    executor_->post([self = shared_from_this(), items = std::move(items), call] {
      for (const Item& item : items) self->guarded([&] { call(item); });
    });
  }
  /// Completes a call. Empty `done`: nobody waits.
  void answer(DoneHandler done, Error error);

  [[nodiscard]] Subscription subscribe(WALReplicationManager::EventListener listener) {
    return listeners_->add(std::move(listener));
  }
  [[nodiscard]] bool has_listeners() const { return !listeners_->empty(); }
  void emit(std::vector<ReplicationEvent> events);

  [[nodiscard]] std::uint64_t exceptions() const { return exceptions_.load(); }

 private:
  template <class Callback>
  void guarded(Callback&& callback) {
    try {
      callback();
    } catch (...) {
      threw();
    }
  }
  void threw();

  const std::shared_ptr<IExecutor> executor_;
  const LogSink log_;
  const std::string name_;
  using Listeners = Registry<WALReplicationManager::EventListener>;
  const std::shared_ptr<Listeners> listeners_ = std::make_shared<Listeners>();
  std::atomic<std::uint64_t> exceptions_{0};
  std::atomic<std::size_t> queued_events_{0};
  std::atomic<std::size_t> lost_events_{0};
};

}  // namespace lockstep::replication
