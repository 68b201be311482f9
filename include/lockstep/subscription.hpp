#pragma once

#include <functional>
#include <utility>

namespace lockstep {

/// Keeps a listener or handler registered; dropping it unsubscribes. It may be dropped inside the
/// callback, from any thread, and after the object it came from has gone. A call that has begun on
/// another thread may still be running when dropping returns.
class [[nodiscard]] Subscription {
 public:
  Subscription() = default;
  explicit Subscription(std::function<void()> unsubscribe) : unsubscribe_(std::move(unsubscribe)) {}
  Subscription(Subscription&& other) noexcept
      : unsubscribe_(std::exchange(other.unsubscribe_, {})) {}
  Subscription& operator=(Subscription&& other) noexcept {
    if (this != &other) {
      reset();
      unsubscribe_ = std::exchange(other.unsubscribe_, {});
    }
    return *this;
  }
  Subscription(const Subscription&) = delete;
  Subscription& operator=(const Subscription&) = delete;
  ~Subscription() { reset(); }

  void reset() {
    if (auto unsubscribe = std::exchange(unsubscribe_, {})) unsubscribe();
  }

 private:
  std::function<void()> unsubscribe_;
};

}  // namespace lockstep
