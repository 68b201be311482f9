#include "runtime/simulated_world.hpp"

#include <algorithm>

#include "runtime/run_task.hpp"

namespace lockstep::testing {
namespace {

using std::chrono::nanoseconds;

/// 2024-01-01 00:00:00 UTC.
constexpr std::int64_t kFirstWallClockMs = 1'704'067'200'000;

MonotonicTime later(MonotonicTime from, nanoseconds by) {
  return from + std::clamp(by, nanoseconds{0}, MonotonicTime::max() - from);
}

}  // namespace

class SimulatedWorld::Executor final : public IExecutor {
 public:
  Executor(std::shared_ptr<SimulatedWorld> world, std::shared_ptr<Queue> queue)
      : world_(std::move(world)), queue_(std::move(queue)) {}
  ~Executor() override {
    if (queue_->is_worker) world_->run_all(queue_);
  }
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  void post(Task task) override { world_->post(queue_, std::move(task)); }

 private:
  const std::shared_ptr<SimulatedWorld> world_;
  const std::shared_ptr<Queue> queue_;
};

class SimulatedWorld::PendingTimer final : public Runtime::Timer {
 public:
  PendingTimer(std::shared_ptr<SimulatedWorld> world, const TimerKey& key)
      : world_(std::move(world)), key_(key) {}
  ~PendingTimer() override { world_->cancel(key_); }
  PendingTimer(const PendingTimer&) = delete;
  PendingTimer& operator=(const PendingTimer&) = delete;

 private:
  const std::shared_ptr<SimulatedWorld> world_;
  const TimerKey key_;
};

std::int64_t SimulatedWorld::wall_clock_ms_at(MonotonicTime time) {
  return kFirstWallClockMs +
         std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

std::shared_ptr<IExecutor> SimulatedWorld::make_executor(const std::shared_ptr<Machine>& machine,
                                                         const std::optional<std::string>& worker) {
  auto queue = std::make_shared<Queue>();
  queue->number = ++last_queue_;
  queue->machine = machine;
  queue->is_worker = worker.has_value();
  if (machine && worker) queue->pace = &machine->workers[*worker];
  if (machine) machine->queues.push_back(queue);
  return std::make_shared<Executor>(shared_from_this(), std::move(queue));
}

std::unique_ptr<Runtime::Timer> SimulatedWorld::schedule(const std::shared_ptr<Machine>& machine,
                                                         std::shared_ptr<IExecutor> executor,
                                                         nanoseconds delay, Task task) {
  const TimerKey key{later(now_, delay), ++last_number_};
  if (stopped_ || (machine && machine->off)) {
    discard(std::move(task));
  } else {
    timers_.emplace(key, TimerEntry{executor, std::move(task), machine, {}});
  }
  return std::make_unique<PendingTimer>(shared_from_this(), key);
}

void SimulatedWorld::cancel(const TimerKey& key) {
  const auto found = timers_.find(key);
  if (found == timers_.end()) return;
  const Task dropped = std::move(found->second.task);  // let go of last: it may own other timers
  timers_.erase(found);
}

void SimulatedWorld::post(const std::shared_ptr<Queue>& queue, Task task) {
  if (stopped_ || (queue->machine && queue->machine->off)) return discard(std::move(task));
  queue->tasks.push_back({++last_number_, std::move(task)});
  if (queue->tasks.size() == 1) first_task_changed(queue);
}

/// A task has become the first of its queue, or none is left: it may take its time to begin.
void SimulatedWorld::first_task_changed(const std::shared_ptr<Queue>& queue) {
  const WorkerPace* pace = queue->pace;
  const bool is_slow = pace != nullptr && pace->most_delay > nanoseconds{0};
  if (is_slow && !queue->tasks.empty() && !queue->sleeps) {
    const nanoseconds spread = pace->most_delay - pace->least_delay;
    const auto drawn = choice_.below(static_cast<std::uint64_t>(spread.count()) + 1);
    const nanoseconds delay = pace->least_delay + nanoseconds(static_cast<std::int64_t>(drawn));
    queue->sleeps = true;
    timers_.emplace(TimerKey{later(now_, delay), ++last_number_},
                    TimerEntry{{}, {}, queue->machine, queue});
  }
  find_place(queue);
}

bool SimulatedWorld::may_run(const Queue& queue) {
  if (queue.sleeps) return false;
  if (queue.pace != nullptr && queue.pace->held) return false;
  return !queue.machine || !queue.machine->paused;
}

void SimulatedWorld::find_place(const std::shared_ptr<Queue>& queue) {
  using Place = Queue::Place;
  const Place place = queue->tasks.empty() ? Place::kIdle
                      : may_run(*queue)    ? Place::kReady
                                           : Place::kWaiting;
  const Place before = std::exchange(queue->place, place);
  if (place == before) return;
  if (before == Place::kReady) std::erase(ready_, queue);
  if (before == Place::kWaiting) waiting_.erase(queue->number);
  if (place == Place::kReady) ready_.push_back(queue);
  if (place == Place::kWaiting) waiting_.emplace(queue->number, queue);
}

void SimulatedWorld::run_front(const std::shared_ptr<Queue>& queue) {
  const PostedTask task = std::move(queue->tasks.front());
  queue->tasks.pop_front();
  trace_.add(task.number);
  trace_.add(queue->number);
  trace_.add(static_cast<std::uint64_t>(now_.time_since_epoch().count()));
  ++tasks_run_;
  first_task_changed(queue);
  queue->busy = true;
  run_task(task.call);
  queue->busy = false;
}

void SimulatedWorld::run_all(const std::shared_ptr<Queue>& queue) {
  // Inside one of its own tasks, what is left stays among the ready ones.
  if (queue->busy) return;
  const bool was_running = std::exchange(running_, true);
  while (!queue->tasks.empty()) run_front(queue);
  running_ = was_running;
}

void SimulatedWorld::fire_due_timers() {
  while (!timers_.empty() && timers_.begin()->first.first <= now_) {
    TimerEntry entry = std::move(timers_.begin()->second);
    timers_.erase(timers_.begin());
    if (entry.wakes) {
      entry.wakes->sleeps = false;
      find_place(entry.wakes);
    } else if (const auto executor = entry.executor.lock()) {
      executor->post(std::move(entry.task));
    }
  }
}

bool SimulatedWorld::step(MonotonicTime limit) {
  for (;;) {
    fire_due_timers();
    if (!ready_.empty()) break;
    if (timers_.empty() || timers_.begin()->first.first > limit) return false;
    now_ = timers_.begin()->first.first;
  }
  const std::shared_ptr<Queue> queue = ready_[choice_.next() % ready_.size()];
  running_ = true;
  run_front(queue);
  running_ = false;
  return true;
}

void SimulatedWorld::machine_changed(Machine& machine) {
  std::erase_if(machine.queues, [](const auto& weak) { return weak.expired(); });
  for (const auto& weak : machine.queues) {
    if (const auto queue = weak.lock()) find_place(queue);
  }
}

void SimulatedWorld::drop_all_of(Machine& machine) {
  std::deque<Task> dropped;
  for (const auto& weak : machine.queues) {
    const auto queue = weak.lock();
    if (!queue) continue;
    for (PostedTask& task : std::exchange(queue->tasks, {}))
      dropped.push_back(std::move(task.call));
    queue->sleeps = false;
    find_place(queue);
  }
  for (auto timer = timers_.begin(); timer != timers_.end();) {
    const bool its_own = timer->second.machine.get() == &machine;
    if (its_own) dropped.push_back(std::move(timer->second.task));
    timer = its_own ? timers_.erase(timer) : std::next(timer);
  }
  for (Task& task : dropped) discard(std::move(task));
}

void SimulatedWorld::stop() {
  stopped_ = true;
  const auto drop_all_in = [&](Queue& queue) {
    queue.place = Queue::Place::kIdle;
    for (PostedTask& task : std::exchange(queue.tasks, {})) {
      discarded_.push_back(std::move(task.call));
    }
  };
  for (const auto& queue : std::exchange(ready_, {})) drop_all_in(*queue);
  for (const auto& [number, queue] : std::exchange(waiting_, {})) drop_all_in(*queue);
  for (auto& [key, entry] : std::exchange(timers_, {})) {
    discarded_.push_back(std::move(entry.task));
  }
  discard({});
}

void SimulatedWorld::discard(Task task) {
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

}  // namespace lockstep::testing
