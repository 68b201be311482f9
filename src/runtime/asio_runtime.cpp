#include "lockstep/asio_runtime.hpp"

#include <pthread.h>

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <thread>
#include <utility>

#include "runtime/loop_executor.hpp"
#include "runtime/posix_file_system.hpp"
#include "runtime/run_task.hpp"
#include "runtime/strand_executor.hpp"
#include "runtime/system_random.hpp"
#include "runtime/worker.hpp"

namespace lockstep {
namespace {

namespace asio = boost::asio;

/// Runs the runtime's own loop on a thread until destroyed. The loop is shared with whatever posts
/// to it, so that a post after the end of the runtime is dropped and nothing worse.
class IoThread {
 public:
  explicit IoThread(std::shared_ptr<IoLoop> loop)
      : loop_(std::move(loop)),
        work_(asio::make_work_guard(loop_->context())),
        thread_([kept = loop_] { run(kept->context()); }) {
    pthread_setname_np(thread_.native_handle(), "lockstep-io");
  }
  ~IoThread() {
    work_.reset();
    loop_->context().stop();
    // The last owner of the runtime may have been one of its own tasks.
    if (thread_.get_id() == std::this_thread::get_id()) {
      thread_.detach();
    } else {
      thread_.join();
    }
    loop_->close();
  }
  IoThread(const IoThread&) = delete;
  IoThread& operator=(const IoThread&) = delete;

 private:
  static void run(asio::io_context& context) {
    for (;;) {
      try {
        context.run();
        return;
      } catch (...) {
        log_escaped_exception();
      }
    }
  }

  std::shared_ptr<IoLoop> loop_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::thread thread_;
};

/// An Asio timer that any thread may drop: it is touched on its strand alone.
class AsioTimer final : public Runtime::Timer {
 public:
  AsioTimer(std::shared_ptr<IoLoop> loop, const TypedStrand& strand,
            std::weak_ptr<IExecutor> executor, std::chrono::nanoseconds delay,
            std::function<void()> task)
      : loop_(std::move(loop)),
        strand_(strand),
        state_(std::make_shared<State>(strand, std::move(executor), std::move(task))) {
    const auto deadline = std::chrono::steady_clock::now() + delay;
    asio::post(strand_, [state = state_, deadline] { arm(state, deadline); });
  }
  ~AsioTimer() override {
    state_->cancelled.store(true);
    asio::post(strand_, [state = state_] { state->timer.cancel(); });
  }
  AsioTimer(const AsioTimer&) = delete;
  AsioTimer& operator=(const AsioTimer&) = delete;

 private:
  struct State {
    State(const TypedStrand& strand, std::weak_ptr<IExecutor> target, std::function<void()> work)
        : timer(strand), executor(std::move(target)), task(std::move(work)) {}
    asio::steady_timer timer;
    std::weak_ptr<IExecutor> executor;
    std::function<void()> task;
    std::atomic<bool> cancelled{false};
  };

  static void arm(const std::shared_ptr<State>& state,
                  std::chrono::steady_clock::time_point deadline) {
    if (state->cancelled.load()) return;
    state->timer.expires_at(deadline);
    state->timer.async_wait([state](const boost::system::error_code& error) {
      const std::function<void()> task = std::move(state->task);
      if (error || state->cancelled.load()) return;
      if (const auto executor = state->executor.lock()) executor->post(task);
    });
  }

  std::shared_ptr<IoLoop> loop_;
  TypedStrand strand_;
  std::shared_ptr<State> state_;
};

class AsioRuntimeImpl final : public AsioRuntime {
 public:
  AsioRuntimeImpl()
      : loop_(std::make_shared<IoLoop>()),
        executor_(loop_->context().get_executor()),
        timer_strand_(asio::make_strand(executor_)),
        thread_(std::make_unique<IoThread>(loop_)) {}
  explicit AsioRuntimeImpl(asio::any_io_executor executor)
      : executor_(std::move(executor)), timer_strand_(asio::make_strand(executor_)) {}

  std::shared_ptr<IExecutor> make_strand() override {
    if (is_serial()) return std::make_shared<LoopExecutor>(loop_);
    return std::make_shared<StrandExecutor>(asio::make_strand(executor_));
  }
  std::shared_ptr<IExecutor> make_worker(std::string name) override {
    try {
      return std::make_shared<Worker>(name);
    } catch (...) {
      log_escaped_exception();
      return nullptr;
    }
  }
  std::unique_ptr<Timer> schedule(std::shared_ptr<IExecutor> executor,
                                  std::chrono::nanoseconds delay,
                                  std::function<void()> task) override {
    return std::make_unique<AsioTimer>(loop_, timer_strand_, std::move(executor), delay,
                                       std::move(task));
  }
  MonotonicTime now() const override { return std::chrono::steady_clock::now(); }
  std::int64_t wall_clock_ms() const override {
    const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count();
  }
  std::uint64_t random() override { return system_random(); }
  IFileSystem& file_system() override { return file_system_; }
  asio::any_io_executor io_executor() override { return executor_; }
  bool is_serial() const override { return loop_ != nullptr; }

 private:
  std::shared_ptr<IoLoop> loop_;  // none on the host's executor
  asio::any_io_executor executor_;
  TypedStrand timer_strand_;
  PosixFileSystem file_system_;
  std::unique_ptr<IoThread> thread_;  // last: its end ends all that runs on the rest
};

}  // namespace

std::shared_ptr<AsioRuntime> AsioRuntime::create() {
  try {
    return std::make_shared<AsioRuntimeImpl>();
  } catch (...) {
    log_escaped_exception();
    return nullptr;
  }
}

std::shared_ptr<AsioRuntime> AsioRuntime::create(asio::any_io_executor executor) {
  try {
    return std::make_shared<AsioRuntimeImpl>(std::move(executor));
  } catch (...) {
    log_escaped_exception();
    return nullptr;
  }
}

}  // namespace lockstep
