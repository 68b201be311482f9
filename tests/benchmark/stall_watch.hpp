#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>

namespace lockstep::benchmark {

/// A thread that wants to run every 2 ms, and so finds out for how long the machine did not let it.
class StallWatch {
 public:
  StallWatch() : thread_([this] { watch(); }) {}
  ~StallWatch() {
    ends_ = true;
    thread_.join();
  }
  StallWatch(const StallWatch&) = delete;
  StallWatch& operator=(const StallWatch&) = delete;

  /// The longest stall since the last call.
  [[nodiscard]] std::chrono::milliseconds take_longest() {
    return std::chrono::milliseconds(longest_ms_.exchange(0));
  }

 private:
  void watch() {
    using Clock = std::chrono::steady_clock;
    while (!ends_) {
      const auto before = Clock::now();
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
      const auto took =
          std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - before).count();
      if (took > longest_ms_) longest_ms_ = took;
    }
  }

  std::atomic<bool> ends_{false};
  std::atomic<std::int64_t> longest_ms_{0};
  std::thread thread_;
};

}  // namespace lockstep::benchmark
