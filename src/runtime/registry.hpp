#pragma once

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "lockstep/error.hpp"
#include "lockstep/subscription.hpp"

namespace lockstep {

/// Listeners and handlers, which come and go on any thread, also while they are being called.
/// Nothing is called, and nothing of the host's is destroyed, under the lock.
template <class Item>
class Registry : public std::enable_shared_from_this<Registry<Item>> {
 public:
  [[nodiscard]] Subscription add(Item item) {
    return std::move(*add_unless(std::move(item), [](const Item&) { return Error(); }));
  }

  /// `conflict(other)` says what keeps the new item from standing beside that one.
  template <class Conflict>
  [[nodiscard]] Result<Subscription> add_unless(Item item, Conflict&& conflict) {
    auto entry = std::make_shared<Entry>(std::move(item));
    {
      const std::lock_guard lock(mutex_);
      for (const auto& other : *entries_) {
        if (Error error = conflict(std::as_const(other->item))) return error;
      }
      auto grown = std::make_shared<Entries>(*entries_);
      grown->push_back(entry);
      entries_ = std::move(grown);
    }
    return Subscription([weak = this->weak_from_this(), entry = std::move(entry)] {
      entry->active = false;
      if (const auto registry = weak.lock()) registry->remove(entry);
    });
  }

  [[nodiscard]] bool empty() const { return snapshot()->empty(); }

  /// `visit(item)` for what is registered at this moment and does not go meanwhile, in the order
  /// added, until one returns true. Whether one did.
  template <class Visit>
  bool any(Visit&& visit) const {
    const auto entries = snapshot();  // a visit may replace the registry's own
    for (const auto& entry : *entries) {
      if (entry->active && visit(std::as_const(entry->item))) return true;
    }
    return false;
  }

 private:
  struct Entry {
    explicit Entry(Item i) : item(std::move(i)) {}
    Item item;
    std::atomic<bool> active{true};
  };
  using Entries = std::vector<std::shared_ptr<Entry>>;

  /// Replaced as a whole, so that whoever walks through one is not disturbed.
  [[nodiscard]] std::shared_ptr<const Entries> snapshot() const {
    const std::lock_guard lock(mutex_);
    return entries_;
  }
  void remove(const std::shared_ptr<Entry>& entry) {
    std::shared_ptr<const Entries> old;  // dropped after the lock
    const std::lock_guard lock(mutex_);
    auto shrunk = std::make_shared<Entries>(*entries_);
    std::erase(*shrunk, entry);
    old = std::exchange(entries_, std::move(shrunk));
  }

  mutable std::mutex mutex_;
  std::shared_ptr<const Entries> entries_ = std::make_shared<Entries>();
};

}  // namespace lockstep
