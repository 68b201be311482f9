#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "lockstep/export.hpp"
#include "lockstep/runtime.hpp"
#include "lockstep/testing/simulated_runtime.hpp"

namespace lockstep::testing {

/// One machine among several that share the time, the chance and the order of tasks of a
/// `SimulatedRuntime`: what is given this as its `Runtime` has a clock of its own, which may be
/// wrong, and can be frozen, slowed down and switched off. Made by
/// `SimulatedRuntime::make_machine`.
///
/// ```cpp
/// const auto machine = simulated.make_machine(disk);
/// ...                                  // build a node on it
/// machine->pause();                    // as SIGSTOP does, or a hypervisor
/// simulated.run_for(std::chrono::seconds(3));
/// machine->resume();                   // all that came meanwhile runs now
/// machine->power_off();                // nothing of it ever runs again; the disk is the caller's
/// ```
///
/// Threads: as the SimulatedRuntime. Lifetime: it may outlive that.
class LOCKSTEP_EXPORT SimulatedMachine final : public Runtime {
 public:
  ~SimulatedMachine() override;
  SimulatedMachine(const SimulatedMachine&) = delete;
  SimulatedMachine& operator=(const SimulatedMachine&) = delete;

  /// Nothing of this machine runs until `resume`. Its clock goes on, its timers fire then.
  void pause();
  void resume();
  [[nodiscard]] bool is_paused() const;

  /// Workers of that name, those made later too, do not begin another task until `release_workers`:
  /// a disk that hangs, an engine that is busy.
  void hold_workers(const std::string& name);
  void release_workers(const std::string& name);
  /// They begin each task later than they could by `least` to `most`, drawn uniformly: a disk that
  /// takes its time. None, as at first: at once.
  void slow_workers(const std::string& name, std::chrono::nanoseconds least,
                    std::chrono::nanoseconds most);

  /// From now on its clocks run faster by so many millionths, or slower, and its timers with them.
  /// At first 0; kept between -900,000 and 1,000,000.
  void set_clock_rate(std::int64_t faster_per_million);
  /// Its monotonic clock, and the wall clock with it, leaps forward, as after a suspension. Timers
  /// that are set stay where they are in the world's time.
  void jump_clock(std::chrono::nanoseconds forward);
  /// Its wall clock alone is set forward or back.
  void jump_wall_clock(std::chrono::milliseconds by);

  /// For good: what is pending is dropped without running, and so is whatever is posted or
  /// scheduled from then on. What was built on it can be destroyed then, in any order.
  void power_off();
  [[nodiscard]] bool is_off() const;

  std::shared_ptr<IExecutor> make_strand() override;
  std::shared_ptr<IExecutor> make_worker(std::string name) override;
  std::unique_ptr<Timer> schedule(std::shared_ptr<IExecutor> executor,
                                  std::chrono::nanoseconds delay,
                                  std::function<void()> task) override;
  MonotonicTime now() const override;
  std::int64_t wall_clock_ms() const override;
  std::uint64_t random() override;
  IFileSystem& file_system() override;

  struct State;
  /// For `SimulatedRuntime::make_machine`.
  explicit SimulatedMachine(std::shared_ptr<State> state);

 private:
  std::shared_ptr<State> state_;
};

}  // namespace lockstep::testing
