#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "lockstep/executor.hpp"
#include "lockstep/export.hpp"
#include "lockstep/file_system.hpp"
#include "lockstep/time.hpp"

namespace lockstep {

/// Everything a replica takes from the machine: time, timers, threads, randomness, files.
/// `AsioRuntime` is the real one; a simulated one makes a whole cluster deterministic. Thread-safe.
class LOCKSTEP_EXPORT Runtime {
 public:
  /// A pending timer; dropping it cancels. A task that has been posted already still runs.
  class LOCKSTEP_EXPORT Timer {
   public:
    virtual ~Timer();
  };

  virtual ~Runtime();
  /// Runs short tasks that never block. All strands may share one thread.
  [[nodiscard]] virtual std::shared_ptr<IExecutor> make_strand() = 0;
  /// Runs tasks that may block: file calls, host code, large hashes. Has a thread of its own while
  /// it lives; letting go of it runs what has been posted, then ends the thread. Null when the
  /// system has no thread left.
  [[nodiscard]] virtual std::shared_ptr<IExecutor> make_worker(std::string name) = 0;
  /// Posts `task` to `executor` after `delay`, once. It does not keep `executor` alive: when that
  /// is gone, the task is dropped.
  [[nodiscard]] virtual std::unique_ptr<Timer> schedule(std::shared_ptr<IExecutor> executor,
                                                        std::chrono::nanoseconds delay,
                                                        std::function<void()> task) = 0;
  [[nodiscard]] virtual MonotonicTime now() const = 0;
  /// Milliseconds since the Unix epoch; for messages and people, never for decisions.
  [[nodiscard]] virtual std::int64_t wall_clock_ms() const = 0;
  /// Uniform over all 64-bit numbers; from the operating system in the real runtime, from the seed
  /// in a simulated one.
  [[nodiscard]] virtual std::uint64_t random() = 0;
  [[nodiscard]] virtual IFileSystem& file_system() = 0;
};

}  // namespace lockstep
