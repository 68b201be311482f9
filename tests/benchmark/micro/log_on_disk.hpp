#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "lockstep/file_wal_manager.hpp"
#include "lockstep/memory_wal_manager.hpp"
#include "lockstep/testing/simulated_runtime.hpp"

namespace lockstep::micro {

/// Where a log lies.
enum class Place {
  kMemory,         ///< a MemoryWALManager: what calling a log costs
  kSimulatedDisk,  ///< a FileWALManager on a disk in memory: what it costs without the kernel
  kFiles,          ///< on real files, without syncs
};
[[nodiscard]] std::string to_string(Place place);

/// A log in the thread of the benchmark: whatever it posts is run there too. What fails ends the
/// process with a message.
class LogOnDisk {
 public:
  explicit LogOnDisk(Place place);
  ~LogOnDisk();
  LogOnDisk(const LogOnDisk&) = delete;
  LogOnDisk& operator=(const LogOnDisk&) = delete;

  /// Opens it anew.
  void open();
  void close();
  /// Until it is durable.
  void write(std::vector<Entry> entries);

 private:
  void await(const char* what, const std::function<void(std::function<void(Error)>)>& call);

  const Place place_;
  const std::string folder_;
  const std::shared_ptr<MemoryWALManager::Disk> memory_ = MemoryWALManager::make_disk();
  testing::SimulatedRuntime simulated_;
  const std::shared_ptr<Runtime> runtime_ = simulated_.runtime();
  const std::shared_ptr<IExecutor> executor_ = runtime_->make_worker("wal");
  std::unique_ptr<IWALSource> wal_;
};

}  // namespace lockstep::micro
