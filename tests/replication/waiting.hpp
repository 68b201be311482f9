#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <future>
#include <mutex>
#include <stdexcept>
#include <string>

namespace lockstep::test {

/// Far beyond what anything here takes, also under sanitizers on a busy machine.
constexpr std::chrono::seconds kDeadline{30};

/// The value of a future that must come.
template <class T>
T await(std::future<T> future) {
  if (future.wait_for(kDeadline) != std::future_status::ready) {
    throw std::runtime_error("a call was not completed");
  }
  return future.get();
}

/// Looks at `condition` until it holds.
inline bool eventually(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + kDeadline;
  std::mutex mutex;
  std::condition_variable pause;
  std::unique_lock lock(mutex);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    pause.wait_for(lock, std::chrono::milliseconds(1));
  }
  return true;
}

/// Holds up whoever passes while it is closed.
class Gate {
 public:
  void close() { set(true); }
  void open() { set(false); }
  void pass() {
    std::unique_lock lock(mutex_);
    ++waiting_;
    changed_.notify_all();
    changed_.wait(lock, [&] { return !closed_; });
    --waiting_;
  }
  /// Until somebody stands before the closed gate.
  [[nodiscard]] bool await_waiter() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kDeadline, [&] { return closed_ && waiting_ > 0; });
  }

 private:
  void set(bool closed) {
    const std::lock_guard lock(mutex_);
    closed_ = closed;
    changed_.notify_all();
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  bool closed_ = false;
  int waiting_ = 0;
};

}  // namespace lockstep::test
