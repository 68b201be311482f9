#pragma once

#include <deque>
#include <functional>
#include <utility>

#include "lockstep/executor.hpp"

namespace lockstep::test {

/// Runs what was posted when the test says so.
class ManualExecutor final : public IExecutor {
 public:
  void post(std::function<void()> task) override { tasks_.push_back(std::move(task)); }

  bool run_one() {
    if (tasks_.empty()) return false;
    const std::function<void()> task = std::move(tasks_.front());
    tasks_.pop_front();
    task();
    return true;
  }
  [[nodiscard]] std::size_t queued() const { return tasks_.size(); }

 private:
  std::deque<std::function<void()>> tasks_;
};

/// Until none of them has anything left to do.
template <class... Executors>
void run_all(Executors&... executors) {
  for (bool any = true; any;) {
    any = false;
    ((any = executors.run_one() || any), ...);
  }
}

}  // namespace lockstep::test
