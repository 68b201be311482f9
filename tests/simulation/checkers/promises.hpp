#pragma once

#include "simulation/checkers/checker.hpp"

namespace lockstep::sim {

/// Hard state never goes back, one vote a term, and nothing is promised that is not durable (Raft
/// §5.1, §5.2; design rule 1).
class Promises final : public Checker {
 public:
  using Checker::Checker;
  void on_open(const NodeId& node, const WALState& state) override;
  void on_new_disk(const NodeId& node) override;
  void on_change(const NodeId& node, const LogChange& change) override;
  void on_send(const NodeId& from, const NodeId& to,
               const consensus::PeerMessage& message) override;

 private:
  void check_vote(const NodeId& from, const NodeId& to, Term term);
  void check(const NodeId& from, const NodeId& to, const consensus::VoteRequest& request);
  void check(const NodeId& from, const NodeId& to, const consensus::VoteResponse& response);
  void check(const NodeId& from, const NodeId& to, const consensus::AppendResponse& response);
  template <class Other>
  void check(const NodeId&, const NodeId&, const Other&) {}

  std::map<std::pair<NodeId, Term>, NodeId> votes_;
};

}  // namespace lockstep::sim
