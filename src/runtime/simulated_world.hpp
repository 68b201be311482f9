#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lockstep/file_system.hpp"
#include "lockstep/runtime.hpp"
#include "lockstep/split_mix.hpp"
#include "lockstep/testing/simulated_machine.hpp"

namespace lockstep::testing {

/// Like FNV-1a, 64 bits, over whole numbers.
class TraceHash {
 public:
  void add(std::uint64_t number) {
    value_ = (value_ ^ number) * 0x100000001b3;
    value_ ^= value_ >> 29;
  }
  [[nodiscard]] std::uint64_t value() const { return value_; }

 private:
  std::uint64_t value_ = 0xcbf29ce484222325;
};

/// Of a machine's workers of one name.
struct WorkerPace {
  bool held = false;
  std::chrono::nanoseconds least_delay{0};
  std::chrono::nanoseconds most_delay{0};
};

/// Time, timers, queues of tasks and chance of a SimulatedRuntime and its machines. All that runs
/// or waits holds it; the SimulatedRuntime stops it, which breaks the cycles.
class SimulatedWorld final : public Runtime, public std::enable_shared_from_this<SimulatedWorld> {
 public:
  using Task = std::function<void()>;
  using Machine = SimulatedMachine::State;

  SimulatedWorld(std::uint64_t seed, std::shared_ptr<IFileSystem> file_system)
      : file_system_(std::move(file_system)), choice_(seed), numbers_(choice_.next()) {}

  std::shared_ptr<IExecutor> make_strand() override { return make_executor({}, {}); }
  std::shared_ptr<IExecutor> make_worker(std::string name) override {
    return make_executor({}, std::move(name));
  }
  std::unique_ptr<Timer> schedule(std::shared_ptr<IExecutor> executor,
                                  std::chrono::nanoseconds delay, Task task) override {
    return schedule({}, std::move(executor), delay, std::move(task));
  }
  MonotonicTime now() const override { return now_; }
  std::int64_t wall_clock_ms() const override { return wall_clock_ms_at(now_); }
  std::uint64_t random() override { return numbers_.next(); }
  IFileSystem& file_system() override { return *file_system_; }

  [[nodiscard]] static std::int64_t wall_clock_ms_at(MonotonicTime time);

  // For the owner.
  /// Runs the next task, if there is one until `limit`.
  bool step(MonotonicTime limit);
  void set_time(MonotonicTime time) { now_ = time; }
  void stop();
  [[nodiscard]] bool is_running() const { return running_; }
  [[nodiscard]] std::uint64_t tasks_run() const { return tasks_run_; }
  [[nodiscard]] std::uint64_t trace_hash() const { return trace_.value(); }

  // For machines.
  /// No `worker` name: a strand.
  [[nodiscard]] std::shared_ptr<IExecutor> make_executor(const std::shared_ptr<Machine>& machine,
                                                         const std::optional<std::string>& worker);
  [[nodiscard]] std::unique_ptr<Timer> schedule(const std::shared_ptr<Machine>& machine,
                                                std::shared_ptr<IExecutor> executor,
                                                std::chrono::nanoseconds delay, Task task);
  /// What of it may run has changed.
  void machine_changed(Machine& machine);
  void drop_all_of(Machine& machine);

 private:
  friend SimulatedMachine::State;
  class Executor;
  class PendingTimer;
  struct PostedTask {
    std::uint64_t number = 0;
    Task call;
  };
  /// Of one executor, and after it until it is empty.
  struct Queue {
    std::uint64_t number = 0;
    std::shared_ptr<Machine> machine;
    bool is_worker = false;
    /// Its machine's; null for a strand, and without a machine.
    const WorkerPace* pace = nullptr;
    bool busy = false;
    enum class Place { kIdle, kReady, kWaiting } place = Place::kIdle;
    /// Its first task takes its time to begin.
    bool sleeps = false;
    std::deque<PostedTask> tasks;
  };
  /// Those of one time in the order of their making.
  using TimerKey = std::pair<MonotonicTime, std::uint64_t>;
  struct TimerEntry {
    std::weak_ptr<IExecutor> executor;
    Task task;
    std::shared_ptr<Machine> machine;
    /// Instead of a task: the end of its sleep.
    std::shared_ptr<Queue> wakes;
  };

  void post(const std::shared_ptr<Queue>& queue, Task task);
  void first_task_changed(const std::shared_ptr<Queue>& queue);
  void find_place(const std::shared_ptr<Queue>& queue);
  [[nodiscard]] static bool may_run(const Queue& queue);
  void run_front(const std::shared_ptr<Queue>& queue);
  void run_all(const std::shared_ptr<Queue>& queue);
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
  /// Those that have something and may not run it now, by number.
  std::map<std::uint64_t, std::shared_ptr<Queue>> waiting_;
  std::map<TimerKey, TimerEntry> timers_;
  bool running_ = false;
  bool stopped_ = false;
  bool discarding_ = false;
  std::deque<Task> discarded_;
};

struct SimulatedMachine::State {
  /// The clock's reading at `time` of the world.
  [[nodiscard]] MonotonicTime local(MonotonicTime time) const;

  std::shared_ptr<SimulatedWorld> world;
  std::shared_ptr<IFileSystem> file_system;
  bool paused = false;
  bool off = false;
  std::map<std::string, WorkerPace> workers{};
  /// The clock's reading was `read` at the world's `since`, and runs at this rate from there on.
  MonotonicTime since{};
  MonotonicTime read{};
  std::int64_t faster_per_million = 0;
  std::int64_t wall_clock_ahead_ms = 0;
  std::vector<std::weak_ptr<SimulatedWorld::Queue>> queues{};
};

}  // namespace lockstep::testing
