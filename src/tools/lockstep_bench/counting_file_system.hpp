#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "lockstep/runtime.hpp"

namespace lockstep::bench {

/// What was asked of the disk.
struct FileCounts {
  std::atomic<std::uint64_t> syncs{0};
  std::atomic<std::uint64_t> writes{0};
  std::atomic<std::uint64_t> bytes_written{0};
};

/// Another runtime, whose files are counted.
class CountingRuntime final : public Runtime {
 public:
  explicit CountingRuntime(std::shared_ptr<Runtime> inner);
  ~CountingRuntime() override;

  [[nodiscard]] const FileCounts& counts() const { return *counts_; }

  [[nodiscard]] std::shared_ptr<IExecutor> make_strand() override { return inner_->make_strand(); }
  [[nodiscard]] std::shared_ptr<IExecutor> make_worker(std::string name) override {
    return inner_->make_worker(std::move(name));
  }
  [[nodiscard]] std::unique_ptr<Timer> schedule(std::shared_ptr<IExecutor> executor,
                                                std::chrono::nanoseconds delay,
                                                std::function<void()> task) override {
    return inner_->schedule(std::move(executor), delay, std::move(task));
  }
  [[nodiscard]] MonotonicTime now() const override { return inner_->now(); }
  [[nodiscard]] std::int64_t wall_clock_ms() const override { return inner_->wall_clock_ms(); }
  [[nodiscard]] std::uint64_t random() override { return inner_->random(); }
  [[nodiscard]] IFileSystem& file_system() override { return *files_; }

 private:
  const std::shared_ptr<Runtime> inner_;
  const std::shared_ptr<FileCounts> counts_ = std::make_shared<FileCounts>();
  const std::unique_ptr<IFileSystem> files_;
};

}  // namespace lockstep::bench
