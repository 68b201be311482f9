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
  /// Where a disk was full or hung, a vote went there, perhaps, together with one in a later term:
  /// then what is sent tells of it.
  void on_send(const NodeId&, const NodeId&, const consensus::PeerMessage& message) override {
    if (const auto* request = std::get_if<consensus::VoteRequest>(&message.body)) {
      if (!request->pre_vote) begun_.insert(request->term);
    } else if (const auto* vote = std::get_if<consensus::VoteResponse>(&message.body)) {
      begun_.insert(vote->term);
    } else if (const auto* answer = std::get_if<consensus::AppendResponse>(&message.body)) {
      begun_.insert(answer->term);
    }
  }

 private:
  std::set<Term> begun_;
};

}  // namespace lockstep::sim
