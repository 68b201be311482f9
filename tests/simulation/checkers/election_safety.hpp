#pragma once

#include "simulation/checkers/checker.hpp"

namespace lockstep::sim {

/// At most one leader in a term (Raft §5.2).
class ElectionSafety final : public Checker {
 public:
  using Checker::Checker;

  void on_lead(const NodeId& node, Term term) override {
    const auto known = facts_.leaders.find(term);
    if (known == facts_.leaders.end() || known->second == node) return;
    verdict_.violated("election safety", node.str() + " and " + known->second.str() +
                                             " lead in term " + to_string(term));
  }
};

}  // namespace lockstep::sim
