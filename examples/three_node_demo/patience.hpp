#pragma once

#include <chrono>
#include <future>
#include <stdexcept>
#include <string>
#include <thread>

namespace lockstep_demo {

/// How long the demo waits for something to happen, counted in short waits and not by the clock: a
/// process that was stopped and continued has lost one step, not its patience.
class Patience {
 public:
  static constexpr std::chrono::milliseconds kStep{20};

  void waited() { ++steps_; }
  void restored() { steps_ = 0; }
  [[nodiscard]] bool is_lost() const { return steps_ >= kSteps; }

 private:
  static constexpr int kSteps = 3000;  // a minute
  int steps_ = 0;
};

/// True as soon as `holds()` is; false when patience is lost.
template <class Predicate>
[[nodiscard]] bool wait_until(Predicate&& holds) {
  for (Patience patience; !patience.is_lost(); patience.waited()) {
    if (holds()) return true;
    std::this_thread::sleep_for(Patience::kStep);
  }
  return holds();
}

/// The outcome of a call, however often the process is stopped and continued meanwhile.
template <class T>
T outcome_of(std::future<T> future, const char* call) {
  const bool came = wait_until(
      [&] { return future.wait_for(std::chrono::seconds{0}) == std::future_status::ready; });
  if (!came) throw std::runtime_error(std::string(call) + " has not completed for a minute");
  return future.get();
}

}  // namespace lockstep_demo
