#include "runtime/loop_executor.hpp"

#include <boost/asio/post.hpp>
#include <utility>

#include "runtime/run_task.hpp"

namespace lockstep {
namespace {

/// Tasks may go on posting each other; sockets and timers want their turn.
constexpr int kRoundsBetweenLooks = 8;

}  // namespace

void IoLoop::post(std::function<void()> task) {
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    tasks_.push_back(std::move(task));
    if (std::exchange(run_posted_, true)) return;
  }
  boost::asio::post(context_, [this] { run(); });
}

void IoLoop::run() {
  for (int round = 0; round < kRoundsBetweenLooks; ++round) {
    {
      const std::lock_guard lock(mutex_);
      if (tasks_.empty()) {
        run_posted_ = false;
        return;
      }
      taken_.swap(tasks_);
    }
    for (std::function<void()>& task : taken_) run_task(std::exchange(task, {}));
    taken_.clear();
  }
  boost::asio::post(context_, [this] { run(); });
}

void IoLoop::close() {
  std::vector<std::function<void()>> dropped;
  const std::lock_guard lock(mutex_);
  closed_ = true;
  dropped.swap(tasks_);
}

}  // namespace lockstep
