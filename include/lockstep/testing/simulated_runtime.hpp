#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

#include "lockstep/export.hpp"
#include "lockstep/file_system.hpp"
#include "lockstep/runtime.hpp"
#include "lockstep/time.hpp"

namespace lockstep::testing {

class SimulatedMachine;
class SimulatedWorld;

/// A runtime whose time, chance and order of tasks follow from one seed. Nothing runs by itself:
/// its owner drives it, on one thread, and so a test waits for nothing and finds the same run each
/// time, in every process and build.
///
/// ```cpp
/// testing::SimulatedRuntime simulated(seed);
/// LoopbackNetwork network(simulated.runtime());
/// ...
/// simulated.run_for(std::chrono::minutes(10));  // milliseconds of real time
/// ```
///
/// - Virtual time stands while anything is ready to run, then moves to the next timer: tasks take
///   no time.
/// - Each strand and each worker has a queue of its own. Which queue goes next is drawn among all
///   that have something; the order within one is kept. So a worker's task may end before or after
///   whatever else could have run meanwhile.
/// - Letting go of a worker runs what was posted to it, there and then, as joining its thread
///   would; inside one of its own tasks, what is left runs later.
///
/// Not thread-safe: to post, to schedule, or to drive from more than one thread is a misuse that is
/// not detected. What blocks to wait for a task (`std::future::get`) would wait for ever: drive
/// until it is done instead.
class LOCKSTEP_EXPORT SimulatedRuntime {
 public:
  /// Without a file system, every call of `runtime()->file_system()` fails with kNotSupported.
  explicit SimulatedRuntime(std::uint64_t seed, std::shared_ptr<IFileSystem> file_system = {});
  /// Drops what is pending without running it, and whatever is posted or scheduled from then on. So
  /// do not wait for completions after it; drive until they are there before.
  ~SimulatedRuntime();
  SimulatedRuntime(const SimulatedRuntime&) = delete;
  SimulatedRuntime& operator=(const SimulatedRuntime&) = delete;

  /// What is to run on it takes this. Holding it longer than the SimulatedRuntime is harmless, and
  /// the reason why there are two: what is pending may own it, and must not keep itself alive.
  [[nodiscard]] std::shared_ptr<Runtime> runtime() const;
  /// A machine of its own in the same world, for one life: see `SimulatedMachine`. Its chance and
  /// order of tasks are this runtime's. Without a file system, as without one above.
  [[nodiscard]] std::shared_ptr<SimulatedMachine> make_machine(
      std::shared_ptr<IFileSystem> file_system = {});

  // Driving. Inside a task all of these do nothing and return false.

  /// Runs the next task, moving the clock to the next timer if need be. False: none will ever come.
  bool run_one();
  /// Runs tasks until none is ready; the clock stands.
  bool run_until_idle();
  /// Runs all that is due within `duration`, then leaves the clock at its end.
  bool run_for(std::chrono::nanoseconds duration);
  /// Runs until `reached` holds; it is asked before the first task and after each. False, with the
  /// clock at the limit: it did not hold within `limit` of virtual time.
  [[nodiscard]] bool run_until(const std::function<bool()>& reached,
                               std::chrono::nanoseconds limit);

  [[nodiscard]] MonotonicTime now() const;
  /// Virtual time since the beginning.
  [[nodiscard]] std::chrono::nanoseconds elapsed() const;
  [[nodiscard]] std::uint64_t tasks_run() const;
  /// A digest of what has run so far: of each task its number in the order of posting, its queue
  /// and its time. Equal for equal runs; unequal, but for luck, for others.
  [[nodiscard]] std::uint64_t trace_hash() const;

 private:
  std::shared_ptr<SimulatedWorld> world_;
};

}  // namespace lockstep::testing
