#pragma once

#include "simulation/checkers/checker.hpp"

namespace lockstep::sim {

/// Committed means durable on a majority of the voters (of both sets while joint), and is the same
/// wherever it is said.
class CommitRules final : public Checker {
 public:
  using Checker::Checker;
  void on_commit(const NodeId& node, EntryId id, Term by) override;

 private:
  [[nodiscard]] bool has_majority(const PlacedConfiguration& placed, EntryId id) const;
  [[nodiscard]] bool has_majority(const std::vector<Member>& voters, EntryId id) const;
};

}  // namespace lockstep::sim
