#pragma once

#include "simulation/checkers/checker.hpp"

namespace lockstep::sim {

/// What is committed in one term is in the logs of the leaders of all later ones (Raft §5.4).
class LeaderCompleteness final : public Checker {
 public:
  using Checker::Checker;

  void on_lead(const NodeId& node, Term term) override {
    const LogCopy& log = facts_.nodes.at(node).submitted;
    // What its disk had no room for is in its memory alone: by log matching it is what anybody has
    // before the entry that it claimed to have.
    const EntryId claimed = facts_.nodes.at(node).claimed;
    const LogCopy* same = log_with(claimed);
    for (Index i = std::max(log.first_index(), Index(1)); i <= facts_.last_committed();
         i = i.next()) {
      const CommittedEntry& committed = facts_.committed[i.value() - 1];
      if (committed.by >= term || log.holds({i, committed.entry.term})) continue;
      const bool is_in_memory = !log.holds(claimed) && i <= claimed.index;
      if (is_in_memory && (same == nullptr || same->holds({i, committed.entry.term}))) continue;
      return verdict_.violated("leader completeness", node.str() + " leads in term " +
                                                          to_string(term) + " without " +
                                                          text_of({i, committed.entry.term}));
    }
  }

 private:
  /// Null: nobody is known to have it.
  [[nodiscard]] const LogCopy* log_with(EntryId id) const {
    for (const auto& [node, known] : facts_.nodes) {
      if (known.submitted.at(id.index) != nullptr && known.submitted.holds(id)) {
        return &known.submitted;
      }
    }
    return nullptr;
  }
};

}  // namespace lockstep::sim
