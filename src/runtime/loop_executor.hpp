#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "lockstep/executor.hpp"

namespace lockstep {

/// An io_context that one thread runs, with the tasks posted to it. They lie in a queue of their
/// own, of which the context hears once for all that gather: tasks that post each other, as the
/// steps of a message do, run one after another without a look at the sockets, and without memory
/// for each from Asio. Thread-safe.
class IoLoop : public std::enable_shared_from_this<IoLoop> {
 public:
  [[nodiscard]] boost::asio::io_context& context() { return context_; }

  /// Dropped once the loop is closed.
  void post(std::function<void()> task);
  /// Nothing that was posted runs after this, when the thread has ended. Without it tasks that own
  /// the loop would keep it for ever.
  void close();

 private:
  void run();

  boost::asio::io_context context_{1};
  std::mutex mutex_;
  std::vector<std::function<void()>> tasks_;
  bool run_posted_ = false;
  bool closed_ = false;
  std::vector<std::function<void()>> taken_;  // of the loop's thread alone
};

class LoopExecutor final : public IExecutor {
 public:
  explicit LoopExecutor(std::shared_ptr<IoLoop> loop) : loop_(std::move(loop)) {}
  void post(std::function<void()> task) override { loop_->post(std::move(task)); }

 private:
  std::shared_ptr<IoLoop> loop_;
};

}  // namespace lockstep
