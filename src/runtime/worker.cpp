#include "runtime/worker.hpp"

#include <pthread.h>

#include <condition_variable>
#include <deque>
#include <mutex>

#include "runtime/run_task.hpp"

namespace lockstep {

class Worker::Queue {
 public:
  void push(std::function<void()> task) {
    bool wake = false;
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) return;
      wake = tasks_.empty();
      tasks_.push_back(std::move(task));
    }
    if (wake) available_.notify_one();
  }

  void stop() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    available_.notify_one();
  }

  void run() {
    // Taken over as a whole: one lock for all tasks that have come while the last ones ran.
    std::deque<std::function<void()>> taken;
    for (;;) {
      {
        std::unique_lock lock(mutex_);
        available_.wait(lock, [this] { return stopping_ || !tasks_.empty(); });
        if (tasks_.empty()) return;
        taken.swap(tasks_);
      }
      while (!taken.empty()) {
        const std::function<void()> task = std::move(taken.front());
        taken.pop_front();
        run_task(task);
      }
    }
  }

 private:
  std::mutex mutex_;
  std::condition_variable available_;
  std::deque<std::function<void()>> tasks_;
  bool stopping_ = false;
};

Worker::Worker(const std::string& name)
    : queue_(std::make_shared<Queue>()), thread_([queue = queue_] { queue->run(); }) {
  constexpr std::size_t kLongestName = 15;  // Linux refuses longer ones
  pthread_setname_np(thread_.native_handle(), name.substr(0, kLongestName).c_str());
}

Worker::~Worker() {
  queue_->stop();
  if (thread_.get_id() == std::this_thread::get_id()) {
    thread_.detach();
  } else {
    thread_.join();
  }
}

void Worker::post(std::function<void()> task) { queue_->push(std::move(task)); }

}  // namespace lockstep
