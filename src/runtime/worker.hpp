#pragma once

#include <memory>
#include <string>
#include <thread>

#include "lockstep/executor.hpp"

namespace lockstep {

/// An executor with one thread of its own. Destruction runs what has been posted already, then
/// joins; on the worker's own thread it cannot join, and the thread ends by itself after that.
class Worker final : public IExecutor {
 public:
  /// `name`: of the thread, for debuggers; cut to what the system takes.
  explicit Worker(const std::string& name);
  ~Worker() override;
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void post(std::function<void()> task) override;

 private:
  class Queue;
  std::shared_ptr<Queue> queue_;  // shared with the thread, which may outlive the worker
  std::thread thread_;
};

}  // namespace lockstep
