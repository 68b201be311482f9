#include "lockstep/testing/simulated_runtime.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <utility>
#include <vector>

#include "lockstep/testing/split_mix.hpp"
#include "runtime/run_task.hpp"
#include "runtime/unsupported_file_system.hpp"

namespace lockstep::testing {
namespace {

using std::chrono::nanoseconds;

/// 2024-01-01 00:00:00 UTC.
constexpr std::int64_t kFirstWallClockMs = 1'704'067'200'000;

MonotonicTime later(MonotonicTime from, nanoseconds by) {
  return from + std::clamp(by, nanoseconds{0}, MonotonicTime::max() - from);
}

/// FNV-1a, 64 bits, over numbers byte by byte.
class TraceHash {
 public:
  void add(std::uint64_t number) {
    for (int shift = 0; shift < 64; shift += 8) {
      value_ = (value_ ^ ((number >> shift) & 0xff)) * 0x100000001b3;
    }
  }
  [[nodiscard]] std::uint64_t value() const { return value_; }

 private:
  std::uint64_t value_ = 0xcbf29ce484222325;
};

}  // namespace

/// The runtime as those see it who run on it. All that runs or waits holds it; the SimulatedRuntime
/// stops it, which breaks the cycles.
class SimulatedRuntime::State final : public Runtime, public std::enable_shared_from_this<State> {
 public:
  using Task = std::function<void()>;

  State(std::uint64_t seed, std::shared_ptr<IFileSystem> file_system)
      : file_system_(std::move(file_system)), choice_(seed), numbers_(choice_.next()) {}

  std::shared_ptr<IExecutor> make_strand() override { return make_executor(false); }
  std::shared_ptr<IExecutor> make_worker(std::string) override { return make_executor(true); }
  std::unique_ptr<Timer> schedule(std::shared_ptr<IExecutor> executor, nanoseconds delay,
                                  Task task) override;
  MonotonicTime now() const override { return now_; }
  std::int64_t wall_clock_ms() const override {
    return kFirstWallClockMs +
           std::chrono::duration_cast<std::chrono::milliseconds>(now_.time_since_epoch()).count();
  }
  std::uint64_t random() override { return numbers_.next(); }
  IFileSystem& file_system() override { return *file_system_; }

  /// Runs the next task, if there is one until `limit`.
  bool step(MonotonicTime limit);
  void set_time(MonotonicTime time) { now_ = time; }
  void stop();
  [[nodiscard]] bool is_running() const { return running_; }
  [[nodiscard]] std::uint64_t tasks_run() const { return tasks_run_; }
  [[nodiscard]] std::uint64_t trace_hash() const { return trace_.value(); }

 private:
  class Executor;
  class PendingTimer;
  struct PostedTask {
    std::uint64_t number = 0;
    Task call;
  };
  /// Of one executor, and after it until it is empty.
  struct Queue {
    std::uint64_t number = 0;
    bool busy = false;
    std::deque<PostedTask> tasks;
  };
  /// Those of one time in the order of their making.
  using TimerKey = std::pair<MonotonicTime, std::uint64_t>;
  struct TimerEntry {
    std::weak_ptr<IExecutor> executor;
    Task task;
  };

  [[nodiscard]] std::shared_ptr<IExecutor> make_executor(bool is_worker);
  void post(const std::shared_ptr<Queue>& queue, Task task);
  void run_front(Queue& queue);
  void run_all(Queue& queue);
  void fire_due_timers();
  void cancel(const TimerKey& key);
  void discard(Task task);

  const std::shared_ptr<IFileSystem> file_system_;
  SplitMix64 choice_;
  SplitMix64 numbers_;
  TraceHash trace_;
  MonotonicTime now_{};
  std::uint64_t last_number_ = 0;
  std::uint64_t last_queue_ = 0;
  std::uint64_t tasks_run_ = 0;
  /// The queues that have something to run.
  std::vector<std::shared_ptr<Queue>> ready_;
  std::map<TimerKey, TimerEntry> timers_;
  bool running_ = false;
  bool stopped_ = false;
  bool discarding_ = false;
  std::deque<Task> discarded_;
};

class SimulatedRuntime::State::Executor final : public IExecutor {
 public:
  Executor(std::shared_ptr<State> state, std::shared_ptr<Queue> queue, bool is_worker)
      : state_(std::move(state)), queue_(std::move(queue)), is_worker_(is_worker) {}
  ~Executor() override {
    if (is_worker_) state_->run_all(*queue_);
  }
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  void post(Task task) override { state_->post(queue_, std::move(task)); }

 private:
  const std::shared_ptr<State> state_;
  const std::shared_ptr<Queue> queue_;
  const bool is_worker_;
};

class SimulatedRuntime::State::PendingTimer final : public Runtime::Timer {
 public:
  PendingTimer(std::shared_ptr<State> state, const TimerKey& key)
      : state_(std::move(state)), key_(key) {}
  ~PendingTimer() override { state_->cancel(key_); }
  PendingTimer(const PendingTimer&) = delete;
  PendingTimer& operator=(const PendingTimer&) = delete;

 private:
  const std::shared_ptr<State> state_;
  const TimerKey key_;
};

std::shared_ptr<IExecutor> SimulatedRuntime::State::make_executor(bool is_worker) {
  auto queue = std::make_shared<Queue>();
  queue->number = ++last_queue_;
  return std::make_shared<Executor>(shared_from_this(), std::move(queue), is_worker);
}

std::unique_ptr<Runtime::Timer> SimulatedRuntime::State::schedule(
    std::shared_ptr<IExecutor> executor, nanoseconds delay, Task task) {
  const TimerKey key{later(now_, delay), ++last_number_};
  if (stopped_) {
    discard(std::move(task));
  } else {
    timers_.emplace(key, TimerEntry{executor, std::move(task)});
  }
  return std::make_unique<PendingTimer>(shared_from_this(), key);
}

void SimulatedRuntime::State::cancel(const TimerKey& key) {
  const auto found = timers_.find(key);
  if (found == timers_.end()) return;
  const Task dropped = std::move(found->second.task);  // let go of last: it may own other timers
  timers_.erase(found);
}

void SimulatedRuntime::State::post(const std::shared_ptr<Queue>& queue, Task task) {
  if (stopped_) return discard(std::move(task));
  if (queue->tasks.empty()) ready_.push_back(queue);
  queue->tasks.push_back({++last_number_, std::move(task)});
}

void SimulatedRuntime::State::run_front(Queue& queue) {
  const PostedTask task = std::move(queue.tasks.front());
  queue.tasks.pop_front();
  if (queue.tasks.empty()) {
    std::erase_if(ready_, [&](const auto& ready) { return ready.get() == &queue; });
  }
  trace_.add(task.number);
  trace_.add(queue.number);
  trace_.add(static_cast<std::uint64_t>(now_.time_since_epoch().count()));
  ++tasks_run_;
  queue.busy = true;
  run_task(task.call);
  queue.busy = false;
}

void SimulatedRuntime::State::run_all(Queue& queue) {
  // Inside one of its own tasks, what is left stays among the ready ones.
  if (queue.busy) return;
  const bool was_running = std::exchange(running_, true);
  while (!queue.tasks.empty()) run_front(queue);
  running_ = was_running;
}

void SimulatedRuntime::State::fire_due_timers() {
  while (!timers_.empty() && timers_.begin()->first.first <= now_) {
    TimerEntry entry = std::move(timers_.begin()->second);
    timers_.erase(timers_.begin());
    if (const auto executor = entry.executor.lock()) executor->post(std::move(entry.task));
  }
}

bool SimulatedRuntime::State::step(MonotonicTime limit) {
  for (;;) {
    fire_due_timers();
    if (!ready_.empty()) break;
    if (timers_.empty() || timers_.begin()->first.first > limit) return false;
    now_ = timers_.begin()->first.first;
  }
  const std::shared_ptr<Queue> queue = ready_[choice_.next() % ready_.size()];
  running_ = true;
  run_front(*queue);
  running_ = false;
  return true;
}

void SimulatedRuntime::State::stop() {
  stopped_ = true;
  for (const auto& queue : std::exchange(ready_, {})) {
    for (PostedTask& task : std::exchange(queue->tasks, {}))
      discarded_.push_back(std::move(task.call));
  }
  for (auto& [key, entry] : std::exchange(timers_, {})) discarded_.push_back(std::move(entry.task));
  discard({});
}

void SimulatedRuntime::State::discard(Task task) {
  // One after another, however much each lets go of and posts meanwhile: a chain of them would
  // otherwise be destroyed in a recursion as deep as it is long.
  discarded_.push_back(std::move(task));
  if (std::exchange(discarding_, true)) return;
  while (!discarded_.empty()) {
    const Task dropped = std::move(discarded_.front());
    discarded_.pop_front();
  }
  discarding_ = false;
}

SimulatedRuntime::SimulatedRuntime(std::uint64_t seed, std::shared_ptr<IFileSystem> file_system)
    : state_(std::make_shared<State>(
          seed, file_system ? std::move(file_system)
                            : std::make_shared<UnsupportedFileSystem>(
                                  "this simulated runtime was made without a file system"))) {}

SimulatedRuntime::~SimulatedRuntime() { state_->stop(); }

std::shared_ptr<Runtime> SimulatedRuntime::runtime() const { return state_; }

bool SimulatedRuntime::run_one() {
  return !state_->is_running() && state_->step(MonotonicTime::max());
}

bool SimulatedRuntime::run_until_idle() { return run_for(nanoseconds{0}); }

bool SimulatedRuntime::run_for(nanoseconds duration) {
  if (state_->is_running()) return false;
  const MonotonicTime end = later(now(), duration);
  while (state_->step(end)) {
  }
  state_->set_time(end);
  return true;
}

bool SimulatedRuntime::run_until(const std::function<bool()>& reached, nanoseconds limit) {
  if (state_->is_running()) return false;
  const MonotonicTime end = later(now(), limit);
  while (!reached()) {
    if (state_->step(end)) continue;
    state_->set_time(end);
    return reached();
  }
  return true;
}

MonotonicTime SimulatedRuntime::now() const { return state_->now(); }
nanoseconds SimulatedRuntime::elapsed() const { return state_->now().time_since_epoch(); }
std::uint64_t SimulatedRuntime::tasks_run() const { return state_->tasks_run(); }
std::uint64_t SimulatedRuntime::trace_hash() const { return state_->trace_hash(); }

}  // namespace lockstep::testing
