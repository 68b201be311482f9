#pragma once

#include <rocksdb/env.h>

#include <atomic>
#include <cstdint>
#include <memory>

namespace rocksdb_wal::testing {

/// The machine's file system as RocksDB sees it, with faults on demand.
class FaultyDisk {
 public:
  struct Switches {
    /// How many bytes more can be written; what is removed makes room again.
    std::atomic<std::int64_t> room{kPlenty};
    /// With EIO; all, or those of table files only.
    std::atomic<bool> syncs_fail{false};
    std::atomic<bool> table_syncs_fail{false};
    /// Of RocksDB's own log.
    std::atomic<int> log_syncs{0};
  };
  static constexpr std::int64_t kPlenty = std::int64_t{1} << 60;

  FaultyDisk();

  [[nodiscard]] rocksdb::Env* env() { return env_.get(); }
  [[nodiscard]] Switches& switches() { return *switches_; }

 private:
  const std::shared_ptr<Switches> switches_ = std::make_shared<Switches>();
  const std::unique_ptr<rocksdb::Env> env_;
};

}  // namespace rocksdb_wal::testing
