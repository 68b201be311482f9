#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "lockstep/runtime.hpp"
#include "lockstep/split_mix.hpp"
#include "lockstep/testing/simulated_disk.hpp"
#include "lockstep/testing/wal_conformance/test_entries.hpp"
#include "lockstep/wal_source.hpp"

namespace lockstep::testing {

/// Runs tasks when told to.
class ManualExecutor final : public IExecutor {
 public:
  void post(std::function<void()> task) override { tasks_.push_back(std::move(task)); }
  void run() {
    while (!tasks_.empty()) {
      const std::function<void()> task = std::move(tasks_.front());
      tasks_.pop_front();
      task();
    }
  }
  [[nodiscard]] bool idle() const { return tasks_.empty(); }

 private:
  std::deque<std::function<void()>> tasks_;
};

/// One executor, seeded chance, timers that fire when told to, the files given.
class ManualRuntime final : public Runtime {
 public:
  explicit ManualRuntime(IFileSystem& file_system, std::uint64_t seed = 1)
      : file_system_(file_system), numbers_(seed) {}

  std::shared_ptr<IExecutor> make_strand() override { return executor; }
  std::shared_ptr<IExecutor> make_worker(std::string) override { return executor; }
  std::unique_ptr<Timer> schedule(std::shared_ptr<IExecutor>, std::chrono::nanoseconds,
                                  std::function<void()> task) override {
    auto pending = std::make_shared<std::function<void()>>(std::move(task));
    timers_.push_back(pending);
    return std::make_unique<ManualTimer>(std::move(pending));
  }
  MonotonicTime now() const override { return {}; }
  std::int64_t wall_clock_ms() const override { return 0; }
  std::uint64_t random() override { return numbers_.next(); }
  IFileSystem& file_system() override { return file_system_; }

  /// Fires the timers that are pending now.
  void fire_timers() {
    for (const auto& weak : std::exchange(timers_, {})) {
      if (const auto task = weak.lock()) executor->post(*task);
    }
    executor->run();
  }

  const std::shared_ptr<ManualExecutor> executor = std::make_shared<ManualExecutor>();

 private:
  struct ManualTimer final : Timer {
    explicit ManualTimer(std::shared_ptr<std::function<void()>> pending)
        : task(std::move(pending)) {}
    std::shared_ptr<std::function<void()>> task;
  };
  IFileSystem& file_system_;
  SplitMix64 numbers_;
  std::vector<std::weak_ptr<std::function<void()>>> timers_;
};

[[nodiscard]] inline Entry make_entry(std::uint64_t index, std::uint64_t term,
                                      std::size_t payload_bytes = 20,
                                      EntryKind kind = EntryKind::kCommand,
                                      GroupId group = kGroup) {
  return wal_entry(index, term, payload_bytes, kind, group);
}
[[nodiscard]] inline std::vector<Entry> make_entries(std::uint64_t first, std::uint64_t last,
                                                     std::uint64_t term,
                                                     std::size_t payload_bytes = 20) {
  return wal_entries(first, last, term, payload_bytes);
}

/// Calls a log and runs its executor until the answer is there.
class Caller {
 public:
  Caller(IWALSource& wal, ManualExecutor& executor) : wal_(wal), executor_(executor) {}

  Result<WALState> open();
  Error write(WALWrite write);
  Error release(const Boundary& boundary);
  Error close();
  Result<std::vector<Entry>> read(std::uint64_t first, std::uint64_t last,
                                  std::size_t byte_budget = 1 << 30);
  /// As `read`, which must succeed; else the test fails and there are none.
  std::vector<Entry> entries(std::uint64_t first, std::uint64_t last,
                             std::size_t byte_budget = 1 << 30);

 private:
  IWALSource& wal_;
  ManualExecutor& executor_;
};

}  // namespace lockstep::testing
