#pragma once

#include <set>

#include "simulation/checkers/checker.hpp"
#include "simulation/engine/command.hpp"

namespace lockstep::sim {

/// What a client was told is so: acknowledged writes are committed and stay, rejected ones are
/// applied by nobody.
class AcknowledgedWrites final : public Checker {
 public:
  using Checker::Checker;

  void on_acknowledged(const NodeId& node, EntryId id, std::uint64_t command) override {
    if (!facts_.is_committed(id)) {
      verdict_.violated("an acknowledged write is committed",
                        node.str() + " says so of " + text_of(id));
    }
    const auto [known, is_new] = acknowledged_.try_emplace(id.index, command);
    const auto applied = applied_.find(id.index);
    if (known->second != command || (applied != applied_.end() && applied->second != command)) {
      verdict_.violated("an acknowledged write stays",
                        text_of(id) + " holds another command than " + std::to_string(command));
    }
  }

  void on_rejected(std::uint64_t command) override {
    rejected_.insert(command);
    for (const auto& [index, applied] : applied_) {
      if (applied == command) applied_all_the_same(command, index);
    }
  }

  void on_apply(const NodeId&, const CommittedCommand& entry, const KvState&) override {
    const auto command = decode(entry.payload.view());
    if (!command) return;
    applied_[entry.id.index] = command->id;
    if (rejected_.contains(command->id)) applied_all_the_same(command->id, entry.id.index);
    const auto acknowledged = acknowledged_.find(entry.id.index);
    if (acknowledged != acknowledged_.end() && acknowledged->second != command->id) {
      verdict_.violated("an acknowledged write stays",
                        "another command than " + std::to_string(acknowledged->second) +
                            " is applied at " + to_string(entry.id.index));
    }
  }

 private:
  void applied_all_the_same(std::uint64_t command, Index index) {
    verdict_.violated("a rejected write is applied by nobody",
                      "command " + std::to_string(command) + " is, at " + to_string(index));
  }

  std::map<Index, std::uint64_t> acknowledged_;
  std::map<Index, std::uint64_t> applied_;
  std::set<std::uint64_t> rejected_;
};

}  // namespace lockstep::sim
