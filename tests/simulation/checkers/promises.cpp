#include "simulation/checkers/promises.hpp"

namespace lockstep::sim {

void Promises::on_open(const NodeId& node, const WALState& state) {
  const auto known = facts_.nodes.find(node);
  if (known == facts_.nodes.end() || known->second.incarnation != state.identity.incarnation)
    return;
  const HardState& durable = known->second.durable.hard_state();
  if (state.hard_state.current_term < durable.current_term) {
    verdict_.violated("hard state never goes back", node.str() + " comes back in term " +
                                                        to_string(state.hard_state.current_term) +
                                                        " after " +
                                                        to_string(durable.current_term));
  }
  const auto later = votes_.lower_bound({node, state.hard_state.current_term.next()});
  if (later != votes_.end() && later->first.first == node) {
    verdict_.violated("hard state never goes back",
                      node.str() + " forgets its vote of term " + to_string(later->first.second));
  }
}

void Promises::on_new_disk(const NodeId& node) {
  std::erase_if(votes_, [&](const auto& vote) { return vote.first.first == node; });
}

void Promises::on_change(const NodeId& node, const LogChange& change) {
  if (!change.hard_state) return;
  const HardState& before = facts_.nodes.at(node).submitted.hard_state();
  const HardState& after = *change.hard_state;
  if (after.current_term < before.current_term) {
    verdict_.violated("hard state never goes back", node.str() + " writes term " +
                                                        to_string(after.current_term) + " after " +
                                                        to_string(before.current_term));
  }
  const bool changes_vote = after.current_term == before.current_term &&
                            !before.voted_for.is_none() && after.voted_for != before.voted_for;
  if (changes_vote) {
    verdict_.violated("one vote a term",
                      node.str() + " changes its vote in term " + to_string(after.current_term));
  }
}

void Promises::on_send(const NodeId& from, const NodeId& to,
                       const consensus::PeerMessage& message) {
  std::visit([&](const auto& body) { check(from, to, body); }, message.body);
}

void Promises::check_vote(const NodeId& from, const NodeId& to, Term term) {
  const HardState& durable = facts_.nodes.at(from).durable.hard_state();
  const bool is_durable =
      durable.current_term > term || (durable.current_term == term && durable.voted_for == to);
  if (!is_durable) {
    verdict_.violated("a vote is durable before it is given",
                      from.str() + " for " + to.str() + " in term " + to_string(term));
  }
  const auto [first, is_new] = votes_.try_emplace({from, term}, to);
  if (!is_new && first->second != to) {
    verdict_.violated("one vote a term", from.str() + " for " + first->second.str() + " and " +
                                             to.str() + " in term " + to_string(term));
  }
}

void Promises::check(const NodeId& from, const NodeId&, const consensus::VoteRequest& request) {
  if (!request.pre_vote) check_vote(from, from, request.term);
}

void Promises::check(const NodeId& from, const NodeId& to,
                     const consensus::VoteResponse& response) {
  if (response.granted && !response.pre_vote) check_vote(from, to, response.round);
}

void Promises::check(const NodeId& from, const NodeId&, const consensus::AppendResponse& response) {
  const LogCopy& durable = facts_.nodes.at(from).durable;
  if (durable.hard_state().current_term < response.term) {
    verdict_.violated("a term is durable before an answer in it",
                      from.str() + " in term " + to_string(response.term));
  }
  if (response.accepted && durable.last_index() < response.match_index) {
    verdict_.violated("entries are durable before their ack",
                      from.str() + " acks " + to_string(response.match_index) + ", has " +
                          to_string(durable.last_index()));
  }
}

}  // namespace lockstep::sim
