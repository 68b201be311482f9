#pragma once

#include <iterator>
#include <map>
#include <optional>

#include "base/index_ranges.hpp"
#include "simulation/checkers/checker.hpp"

namespace lockstep::sim {

/// Two logs that hold an entry of the same index and term hold the same entries up to it (Raft
/// §5.3): by induction, an (index, term) names one entry and one predecessor, wherever it is
/// written.
class LogMatching final : public Checker {
 public:
  using Checker::Checker;

  void on_open(const NodeId& node, const WALState& state) override {
    IndexRanges& unknown = terms_lost_[node];
    unknown.clear();
    for (auto run = state.term_runs.begin(); run != state.term_runs.end(); ++run) {
      if (run->term != Term{}) continue;
      const auto next = std::next(run);
      add(unknown,
          {run->first, next == state.term_runs.end() ? state.bounds.last : next->first.previous()});
    }
  }

  void on_change(const NodeId& node, const LogChange& change) override {
    if (change.entries.empty()) return;
    const LogCopy& log = facts_.nodes.at(node).submitted;
    std::optional<Term> previous = log.term_before(change.first_entry);
    // What is committed may take the place of what the disk has lost, terms and all.
    if (contains(terms_lost_[node], change.first_entry.previous())) previous.reset();
    Index index = change.first_entry;
    for (const EntryTrace& entry : change.entries) {
      check(node, {index, entry.term}, entry.digest, previous);
      previous = entry.term;
      index = index.next();
    }
  }

  void on_repair(const NodeId& node, const std::vector<Entry>& copies) override {
    for (const Entry& copy : copies) {
      const EntryTrace* lost = facts_.nodes.at(node).submitted.at(copy.header.index);
      const bool is_same = lost != nullptr && lost->digest == copy.digest;
      if (is_same || facts_.is_committed(copy.id())) continue;
      verdict_.violated("a repair changes nothing", node.str() + " puts " + text_of(copy.id()) +
                                                        " in the place of another entry");
    }
  }

 private:
  struct Known {
    Digest digest;
    std::optional<Term> previous;
  };

  void check(const NodeId& node, EntryId id, const Digest& digest, std::optional<Term> previous) {
    if (previous && id.term < *previous) {
      verdict_.violated("terms never fall in a log", node.str() + " writes " + text_of(id));
    }
    Known& known = known_.try_emplace(id, Known{digest, previous}).first->second;
    if (!known.previous) known.previous = previous;
    if (known.digest != digest || (previous && known.previous != previous)) {
      verdict_.violated("log matching", node.str() + " holds another entry " + text_of(id));
    }
  }

  std::map<EntryId, Known> known_;
  /// By damage that was there when the log was opened.
  std::map<NodeId, IndexRanges> terms_lost_;
};

}  // namespace lockstep::sim
