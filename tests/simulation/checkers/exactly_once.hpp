#pragma once

#include "simulation/checkers/checker.hpp"
#include "simulation/engine/command.hpp"

namespace lockstep::sim {

/// However often a command was sent, it is applied in one place of the log (design rule 14).
class ExactlyOnce final : public Checker {
 public:
  using Checker::Checker;

  void on_apply(const NodeId& node, const CommittedCommand& entry, const KvState&) override {
    const auto command = decode(entry.payload.view());
    if (!command) return verdict_.violated("a payload comes as it was sent", node.str());
    const auto first = facts_.applied.find(command->id);
    if (first == facts_.applied.end() || first->second == entry.id.index) return;
    verdict_.violated("applied once", "command " + std::to_string(command->id) + " at " +
                                          to_string(first->second) + " and at " +
                                          to_string(entry.id.index));
  }
};

}  // namespace lockstep::sim
