#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "benchmark/wal_appended.hpp"
#include "lockstep/asio_runtime.hpp"
#include "lockstep/file_wal_manager.hpp"

namespace lockstep::benchmark {

/// Where the next append is submitted from.
enum class Caller {
  kOnExecutor,   ///< in the callback, on the log's own executor
  kOtherThread,  ///< the callback posts to another thread, which posts the next
};

/// A FileWALManager on an executor of its own, called from the thread of the benchmark. Errors
/// throw.
class BenchmarkLog {
 public:
  struct Options {
    std::string folder;
    bool sync = true;
  };
  explicit BenchmarkLog(const Options& options);
  ~BenchmarkLog();
  BenchmarkLog(const BenchmarkLog&) = delete;
  BenchmarkLog& operator=(const BenchmarkLog&) = delete;

  /// From the call until the answer.
  [[nodiscard]] double open_seconds() const { return open_seconds_; }
  [[nodiscard]] Index last() const { return last_; }
  /// `count` writes of `entries_per_write` entries that follow the log's end, hashed already.
  [[nodiscard]] std::vector<WALWrite> make_writes(std::size_t count, std::size_t entries_per_write,
                                                  std::size_t payload_bytes);
  /// Submits all of them, at most `in_flight` at a time, and returns when all are done.
  Appended append(std::vector<WALWrite> writes, std::size_t in_flight, Caller caller);
  void close();

 private:
  const std::shared_ptr<AsioRuntime> runtime_ = AsioRuntime::create();
  const std::shared_ptr<IExecutor> executor_ = runtime_->make_worker("wal");
  const std::shared_ptr<IExecutor> client_ = runtime_->make_worker("client");
  std::unique_ptr<FileWALManager> wal_;
  double open_seconds_ = 0;
  Index last_;
};

}  // namespace lockstep::benchmark
