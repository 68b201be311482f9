#pragma once

#include <set>

#include "simulation/checkers/checker.hpp"

namespace lockstep::sim {

/// Nobody writes down a term that no candidate has begun with its own vote (Raft §5.2): a pre-vote
/// moves no term (thesis §9.6).
class TermsBeginWithACandidacy final : public Checker {
 public:
  using Checker::Checker;

  void on_change(const NodeId& node, const LogChange& change) override {
    if (!change.hard_state) return;
    const Term term = change.hard_state->current_term;
    if (change.hard_state->voted_for == node) begun_.insert(term);
    // The first one is the founder's.
    if (term <= Term(1) || begun_.contains(term)) return;
    verdict_.violated("a term begins with a candidacy",
                      node.str() + " writes down term " + to_string(term));
  }
  /// Whose vote went to disk, perhaps, together with one in a later term.
  void on_send(const NodeId&, const NodeId&, const consensus::PeerMessage& message) override {
    const auto* request = std::get_if<consensus::VoteRequest>(&message.body);
    if (request != nullptr && !request->pre_vote) begun_.insert(request->term);
  }

 private:
  std::set<Term> begun_;
};

}  // namespace lockstep::sim
