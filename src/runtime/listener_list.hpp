#pragma once

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "lockstep/subscription.hpp"

namespace lockstep {

/// Listeners that come and go on any thread, also inside a callback. No callback runs under a lock,
/// and one that throws does not keep the others from running.
template <class Event>
class ListenerList : public std::enable_shared_from_this<ListenerList<Event>> {
 public:
  using Listener = std::function<void(const Event&)>;

  [[nodiscard]] Subscription add(Listener listener) {
    auto entry = std::make_shared<Entry>(std::move(listener));
    {
      const std::lock_guard lock(mutex_);
      auto copy = std::make_shared<Entries>(*entries_);
      copy->push_back(entry);
      entries_ = std::move(copy);
    }
    return Subscription([weak = this->weak_from_this(), entry] {
      entry->active = false;
      if (const auto list = weak.lock()) list->remove(entry);
    });
  }

  [[nodiscard]] bool empty() const { return snapshot()->empty(); }

  /// Calls every listener that is subscribed at that moment; `on_exception` for each that throws,
  /// while the exception is in flight.
  void emit(const Event& event, const std::function<void()>& on_exception) const {
    for (const auto& entry : *snapshot()) {
      if (!entry->active) continue;
      try {
        entry->listener(event);
      } catch (...) {
        on_exception();
      }
    }
  }

 private:
  struct Entry {
    explicit Entry(Listener l) : listener(std::move(l)) {}
    Listener listener;
    std::atomic<bool> active{true};
  };
  using Entries = std::vector<std::shared_ptr<Entry>>;

  std::shared_ptr<const Entries> snapshot() const {
    const std::lock_guard lock(mutex_);
    return entries_;
  }
  void remove(const std::shared_ptr<Entry>& entry) {
    const std::lock_guard lock(mutex_);
    auto copy = std::make_shared<Entries>(*entries_);
    std::erase(*copy, entry);
    entries_ = std::move(copy);
  }

  mutable std::mutex mutex_;
  std::shared_ptr<const Entries> entries_ = std::make_shared<Entries>();
};

}  // namespace lockstep
