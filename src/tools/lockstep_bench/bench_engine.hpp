#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "lockstep/state_machine.hpp"

namespace lockstep::bench {

/// An engine without data that costs nothing, so that the log is what is measured. It calls durable
/// what it has applied, which is true of a node that is told to `keep` before it ends, or that does
/// not begin again.
class BenchEngine final : public IStateMachine {
 public:
  BenchEngine(std::string file, std::uint64_t image_bytes)
      : file_(std::move(file)), image_bytes_(image_bytes) {}

  /// Writes down what the next life of the node is to begin with. From any thread.
  [[nodiscard]] Result<> keep();

  [[nodiscard]] Result<RecoveredEngine> recover() override;
  [[nodiscard]] Result<Index> apply(std::span<const CommittedCommand> batch,
                                    const Seal& seal) override;
  [[nodiscard]] Result<std::shared_ptr<ISnapshot>> begin_snapshot(
      const SnapshotMetadata& metadata) override;
  [[nodiscard]] Result<> install_snapshot(const SnapshotMetadata& metadata,
                                          ISnapshot& snapshot) override;

 private:
  const std::string file_;
  const std::uint64_t image_bytes_;
  std::mutex mutex_;
  Index applied_;
  std::map<std::string, std::string> pairs_;
};

}  // namespace lockstep::bench
