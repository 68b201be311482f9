#pragma once

#include <rocksdb/env.h>

#include <atomic>
#include <memory>

namespace rocksdb_wal::testing {

/// The machine's file system as RocksDB sees it, with faults on demand.
class FaultyDisk {
 public:
  struct Switches {
    std::atomic<bool> full{false};        // nothing more can be written
    std::atomic<bool> syncs_fail{false};  // with EIO
    std::atomic<int> log_syncs{0};        // of RocksDB's own log
  };

  FaultyDisk();

  [[nodiscard]] rocksdb::Env* env() { return env_.get(); }
  [[nodiscard]] Switches& switches() { return *switches_; }

 private:
  const std::shared_ptr<Switches> switches_ = std::make_shared<Switches>();
  const std::unique_ptr<rocksdb::Env> env_;
};

}  // namespace rocksdb_wal::testing
