#pragma once

#include "simulation/checkers/checker.hpp"

namespace lockstep::sim {

/// A leader never overwrites or deletes entries of its own log (Raft §5.3); and nobody those that
/// are committed, but for one that is in an earlier term still: what its leader sent late may
/// replace what a later one has committed without it.
class LeaderAppendOnly final : public Checker {
 public:
  using Checker::Checker;

  void on_change(const NodeId& node, const LogChange& change) override {
    if (!change.truncate_from) return;
    const LogCopy& log = facts_.nodes.at(node).submitted;
    const Term term = change.hard_state.value_or(log.hard_state()).current_term;
    // What a full disk did not take as a follower's is written as the leader's.
    const bool is_behind_memory = !log.holds(facts_.nodes.at(node).claimed);
    const bool leads =
        facts_.nodes.at(node).led_last == term && term != Term{} && !is_behind_memory;
    for (Index i = std::max(*change.truncate_from, log.first_index()); i <= log.last_index();
         i = i.next()) {
      const EntryTrace& entry = *log.at(i);
      if (is_written_again(change, i, entry)) continue;  // after a want of space
      const EntryId id{i, entry.term};
      if (leads) verdict_.violated("leader append-only", node.str() + " cuts " + text_of(id));
      if (facts_.is_committed(id) && term >= facts_.committed[i.value() - 1].by) {
        verdict_.violated("committed entries stay", node.str() + " cuts " + text_of(id));
      }
    }
  }

 private:
  [[nodiscard]] static bool is_written_again(const LogChange& change, Index index,
                                             const EntryTrace& entry) {
    if (index < change.first_entry || change.entries.empty()) return false;
    const std::uint64_t place = index.value() - change.first_entry.value();
    return place < change.entries.size() && change.entries[place] == entry;
  }
};

}  // namespace lockstep::sim
