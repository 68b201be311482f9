#pragma once

#include <vector>

#include "simulation/checkers/checker.hpp"

namespace lockstep::sim {

/// Every node applies the same commands in the same order, each once in the life of its data (Raft
/// §5.4.3), and none that it has not durably.
class StateMachineSafety final : public Checker {
 public:
  using Checker::Checker;
  void on_life(const NodeId& node, const EngineDisk& disk) override;
  void on_apply(const NodeId& node, const CommittedCommand& command, const KvState& after) override;
  void on_install(const NodeId& node, const SnapshotMetadata& metadata,
                  const KvState& state) override;

 private:
  struct Step {
    EntryId id;
    std::uint64_t digest = 0;
  };
  /// What the engine holds after so many commands, as the first who got there had it.
  std::vector<Step> steps_;
  /// The newest entry applied by each.
  std::map<NodeId, Index> applied_;
};

}  // namespace lockstep::sim
