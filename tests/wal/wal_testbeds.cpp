#include "wal/wal_testbeds.hpp"

#include <stdlib.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include "lockstep/asio_runtime.hpp"
#include "lockstep/file_wal_manager.hpp"
#include "lockstep/memory_wal_manager.hpp"
#include "lockstep/testing/simulated_runtime.hpp"

namespace lockstep::testing {
namespace {

/// Other chance in each testbed.
std::uint64_t next_seed() {
  static std::atomic<std::uint64_t> seed{0};
  return ++seed;
}

FileWALOptions small_files(std::string folder, const NodeId& node, GroupId group) {
  FileWALOptions options;
  options.folder = std::move(folder);
  options.node = node;
  options.group = group;
  options.segment_bytes = 64 << 10;
  options.zero_fill_bytes = 4 << 10;
  options.low_space_bytes = 16 << 10;
  options.ballast_bytes = 16 << 10;
  options.log = [](LogLevel, std::string_view) {};
  return options;
}

class SimulatedFileTestbed final : public WALTestbed {
 public:
  explicit SimulatedFileTestbed(std::size_t cache_bytes) : cache_bytes_(cache_bytes) {}

  std::unique_ptr<IWALSource> make_log(const NodeId& node, GroupId group) override {
    FileWALOptions options = small_files("/log", node, group);
    options.cache_bytes = cache_bytes_;
    auto log = FileWALManager::create(std::move(options), *runtime_, executor_, reading_executor_);
    return log ? std::move(*log) : nullptr;
  }
  std::shared_ptr<IExecutor> executor() override { return executor_; }
  void run() override { simulated_.run_until_idle(); }
  void let_time_pass() override { simulated_.run_for(std::chrono::seconds(1)); }
  std::string lacks(Feature) const override { return {}; }
  SimulatedDisk* disk() override { return disk_.get(); }

 private:
  const std::size_t cache_bytes_;
  const std::shared_ptr<SimulatedDisk> disk_ = std::make_shared<SimulatedDisk>();
  SimulatedRuntime simulated_{next_seed(), disk_};
  const std::shared_ptr<Runtime> runtime_ = simulated_.runtime();
  const std::shared_ptr<IExecutor> executor_ = runtime_->make_worker("log");
  const std::shared_ptr<IExecutor> reading_executor_ = runtime_->make_worker("readers");
};

class RealFileTestbed final : public WALTestbed {
 public:
  RealFileTestbed() {
    folder_ = ::testing::TempDir() + "lockstep-wal-XXXXXX";
    EXPECT_NE(::mkdtemp(folder_.data()), nullptr) << folder_;
  }
  ~RealFileTestbed() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<IWALSource> make_log(const NodeId& node, GroupId group) override {
    auto log = FileWALManager::create(small_files(folder_ + "/log", node, group), *runtime_,
                                      executor_, reading_executor_);
    return log ? std::move(*log) : nullptr;
  }
  std::shared_ptr<IExecutor> executor() override { return executor_; }
  std::string lacks(Feature feature) const override {
    switch (feature) {
      case Feature::kSimulatedDisk:
        return "these files are real";
      case Feature::kFullDisk:
        return "a test does not fill the disk of the machine";
      case Feature::kDamage:
        break;
    }
    return {};
  }
  void damage(const Entry& entry) override {
    for (const auto& file : std::filesystem::directory_iterator(folder_ + "/log")) {
      std::fstream stream(file.path(), std::ios::in | std::ios::out | std::ios::binary);
      const std::string bytes((std::istreambuf_iterator<char>(stream)), {});
      const std::size_t found = bytes.find(entry.encoded.view());
      if (found == std::string::npos) continue;
      const std::size_t middle = found + entry.size_bytes() / 2;
      stream.clear();
      stream.seekp(static_cast<std::streamoff>(middle));
      stream.put(static_cast<char>(bytes[middle] ^ 1));
      return;
    }
    FAIL() << "the entry is in no file";
  }

 private:
  std::string folder_;
  const std::shared_ptr<AsioRuntime> runtime_ = AsioRuntime::create();
  const std::shared_ptr<IExecutor> executor_ = runtime_->make_worker("log");
  const std::shared_ptr<IExecutor> reading_executor_ = runtime_->make_worker("readers");
};

class MemoryTestbed final : public WALTestbed {
 public:
  std::unique_ptr<IWALSource> make_log(const NodeId& node, GroupId group) override {
    return MemoryWALManager::create(node, group, *runtime_, executor_, memory_);
  }
  std::shared_ptr<IExecutor> executor() override { return executor_; }
  void run() override { simulated_.run_until_idle(); }
  std::string lacks(Feature) const override { return "memory is no disk"; }

 private:
  SimulatedRuntime simulated_{next_seed()};
  const std::shared_ptr<Runtime> runtime_ = simulated_.runtime();
  const std::shared_ptr<IExecutor> executor_ = runtime_->make_worker("log");
  const std::shared_ptr<MemoryWALManager::Disk> memory_ = MemoryWALManager::make_disk();
};

}  // namespace

WALUnderTest simulated_file_wal_under_test(std::string name, std::size_t cache_bytes) {
  return {std::move(name),
          [cache_bytes] { return std::make_unique<SimulatedFileTestbed>(cache_bytes); }};
}

WALUnderTest real_file_wal_under_test() {
  return {"RealFiles", [] { return std::make_unique<RealFileTestbed>(); }};
}

WALUnderTest memory_wal_under_test() {
  return {"Memory", [] { return std::make_unique<MemoryTestbed>(); }};
}

}  // namespace lockstep::testing
