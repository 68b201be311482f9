#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "lockstep/state_machine.hpp"

namespace rocksdb_wal {

using namespace lockstep;  // NOLINT: an example of its use

/// An engine that keeps the commands applied, in memory: after a restart the log is applied again.
class Journal final : public IStateMachine {
 public:
  [[nodiscard]] std::vector<std::string> lines() const;

  Result<RecoveredEngine> recover() override { return RecoveredEngine{}; }
  Result<Index> apply(std::span<const CommittedCommand> batch, const Seal& seal) override;
  Result<std::shared_ptr<ISnapshot>> begin_snapshot(const SnapshotMetadata&) override {
    return Error(Errc::kNotSupported);
  }
  Result<> install_snapshot(const SnapshotMetadata&, ISnapshot&) override {
    return Error(Errc::kNotSupported);
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

}  // namespace rocksdb_wal
