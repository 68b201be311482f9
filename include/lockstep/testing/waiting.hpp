#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "lockstep/error.hpp"

namespace lockstep::testing {

/// Far more than anything here takes, also under a sanitizer on a busy machine.
inline constexpr std::chrono::seconds kTestDeadline{30};

/// A value that callbacks change and tests wait for. Thread-safe.
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
  void set(T value) {
    change([&](T& now) { now = std::move(value); });
  }
  /// False: it did not come to that within the deadline.
  template <class Predicate>
  [[nodiscard]] bool wait(Predicate&& predicate) const {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kTestDeadline, [&] { return predicate(value_); });
  }
  [[nodiscard]] bool wait_for(const T& wanted) const {
    return wait([&](const T& value) { return value == wanted; });
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

/// The outcomes of many calls, in the order in which they came. It outlives its handlers.
class Outcomes {
 public:
  [[nodiscard]] std::function<void(Error)> handler() {
    return [state = state_](Error error) {
      state->change([&](auto& all) { all.push_back(std::move(error)); });
    };
  }
  [[nodiscard]] bool wait(std::size_t count) const {
    return state_->wait([count](const auto& all) { return all.size() >= count; });
  }
  [[nodiscard]] std::vector<Error> get() const { return state_->get(); }
  [[nodiscard]] std::size_t count() const { return get().size(); }
  [[nodiscard]] std::size_t failed() const {
    std::size_t result = 0;
    for (const Error& error : get()) result += error ? 1 : 0;
    return result;
  }

 private:
  std::shared_ptr<Watched<std::vector<Error>>> state_ =
      std::make_shared<Watched<std::vector<Error>>>();
};

/// Stops whoever passes until it is opened, at the latest by its end.
class Gate {
 public:
  Gate() = default;
  ~Gate() { open(); }
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  /// What to call in order to pass.
  [[nodiscard]] std::function<void()> passage() const {
    return [state = state_] {
      state->change([](State& now) { now.reached = true; });
      while (!state->wait([](const State& now) { return now.open; })) {
      }
    };
  }
  /// Waits until somebody stands before it.
  [[nodiscard]] bool wait_reached() const {
    return state_->wait([](const State& now) { return now.reached; });
  }
  void open() {
    state_->change([](State& now) { now.open = true; });
  }

 private:
  struct State {
    bool reached = false;
    bool open = false;
  };
  std::shared_ptr<Watched<State>> state_ = std::make_shared<Watched<State>>();
};

}  // namespace lockstep::testing
