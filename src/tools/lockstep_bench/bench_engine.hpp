#pragma once

#include <cstdint>

#include "lockstep/state_machine.hpp"

namespace lockstep::bench {

/// An engine that costs nothing, so that the log is what is measured. Its images have
/// `image_bytes`.
class BenchEngine final : public IStateMachine {
 public:
  struct Options {
    /// What it applies it calls durable, so that the log's beginning can be released. A node that
    /// starts again with such an engine begins from nothing: not for nodes that do.
    bool durable = true;
    std::uint64_t image_bytes = 1024;
  };
  explicit BenchEngine(Options options) : options_(options) {}

  [[nodiscard]] Result<RecoveredEngine> recover() override { return RecoveredEngine{}; }
  [[nodiscard]] Result<Index> apply(std::span<const CommittedCommand> batch,
                                    const Seal& seal) override;
  [[nodiscard]] Result<std::shared_ptr<ISnapshot>> begin_snapshot(
      const SnapshotMetadata& metadata) override;
  [[nodiscard]] Result<> install_snapshot(const SnapshotMetadata& metadata,
                                          ISnapshot& snapshot) override;

 private:
  const Options options_;
  Index applied_;
};

}  // namespace lockstep::bench
