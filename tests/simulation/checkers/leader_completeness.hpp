#pragma once

#include "simulation/checkers/checker.hpp"

namespace lockstep::sim {

/// What is committed in one term is in the logs of the leaders of all later ones (Raft §5.4).
class LeaderCompleteness final : public Checker {
 public:
  using Checker::Checker;

  void on_lead(const NodeId& node, Term term) override {
    const LogCopy& log = facts_.nodes.at(node).submitted;
    for (Index i = std::max(log.first_index(), Index(1)); i <= facts_.last_committed();
         i = i.next()) {
      const CommittedEntry& committed = facts_.committed[i.value() - 1];
      if (committed.by >= term || log.holds({i, committed.entry.term})) continue;
      return verdict_.violated("leader completeness", node.str() + " leads in term " +
                                                          to_string(term) + " without " +
                                                          text_of({i, committed.entry.term}));
    }
  }
};

}  // namespace lockstep::sim
