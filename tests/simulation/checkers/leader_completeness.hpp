#pragma once

#include "simulation/checkers/checker.hpp"

namespace lockstep::sim {

/// What is committed in one term is in the logs of the leaders of all later ones (Raft §5.4).
class LeaderCompleteness final : public Checker {
 public:
  using Checker::Checker;

  void on_lead(const NodeId& node, Term term) override {
    const LogCopy& log = facts_.nodes.at(node).submitted;
    const EntryId claimed = facts_.nodes.at(node).claimed;
    // By log matching, one committed entry vouches for all before it.
    const Index vouched_for = facts_.is_committed(claimed) ? claimed.index : Index{};
    for (Index i = std::max(log.first_index(), Index(1)); i <= facts_.last_committed();
         i = i.next()) {
      const CommittedEntry& committed = facts_.committed[i.value() - 1];
      if (committed.by >= term || log.holds({i, committed.entry.term})) continue;
      if (i > log.last_index() && i <= vouched_for) continue;
      return verdict_.violated("leader completeness", node.str() + " leads in term " +
                                                          to_string(term) + " without " +
                                                          text_of({i, committed.entry.term}));
    }
  }
};

}  // namespace lockstep::sim
