// Raft §5.2 and §5.4.1, with an election that somebody begins by hand.
#include <algorithm>

#include "consensus/core.hpp"
#include "consensus/quorum.hpp"

namespace lockstep::consensus {

void Core::campaign(CallId call) {
  if (failed_) return answer(call, Errc::kWrongState);
  if (!initialised()) return answer(call, Errc::kNotBootstrapped);
  if (stranger_) return answer(call, Errc::kStranger);
  if (std::holds_alternative<Leadership>(state_)) return answer(call, {});
  if (!log_.damaged().empty() && !is_sole_voter()) {
    const IndexRange& range = log_.damaged().front();
    return answer(call, Error(Errc::kCorruption,
                              "entries " + to_string(range.first) + " to " + to_string(range.last) +
                                  " are damaged on the disk; a voter leads again once they are "
                                  "repaired from the other members"));
  }
  if (!is_own_voter()) {
    return answer(call, Error(Errc::kNotAMember, "this node is not a voter of the group"));
  }
  if (const auto* election = std::get_if<Election>(&state_)) {
    answer(election->call, Errc::kSuperseded);
  }
  Election election;
  election.call = call;
  election.deadline = now_ + options_.vote_timeout;
  start_round(std::move(election));
  check_invariants();
}

/// A round in a new term; the deadline is that of the call.
void Core::start_round(Election election) {
  save_hard_state({std::max(term(), election.term_seen).next(), identity_.node});
  election.own_vote = last_write_;
  election.votes.clear();
  election.vote_spent = false;
  change_state(std::move(election));
  notice(ElectionStarted{});
  request_votes();
}

/// Asks the voters that have not answered yet.
void Core::request_votes() {
  auto& election = std::get<Election>(state_);
  election.next_request = now_ + options_.heartbeat_interval;
  const VoteRequest request{term(), log_.promised(), true};
  for (const auto* set : {&configuration().voters, &configuration().outgoing_voters}) {
    for (const Member& voter : *set) {
      if (voter.node == identity_.node || election.votes.contains(voter.node)) continue;
      send_after_sync(voter.node, request);
    }
  }
}

void Core::tick_election() {
  auto& election = std::get<Election>(state_);
  if (now_ >= election.deadline) return end_election();
  if (now_ < election.next_request) return;
  if (election.vote_spent) return start_round(std::move(election));
  request_votes();
}

/// Without a majority.
void Core::end_election() {
  const Election election = std::get<Election>(std::move(state_));
  change_state(Following{std::nullopt, commit_index_});
  if (!election.ahead.empty()) {
    std::string text = "more up to date is the log of:";
    for (const NodeId& node : election.ahead) text += " " + node.str();
    return answer(election.call, Error(Errc::kLogBehind, std::move(text)));
  }
  std::string text = "no majority of the voters granted its vote in time; answered:";
  for (const auto& [node, granted] : election.votes) {
    text += " " + node.str() + (granted ? " (granted)" : " (refused)");
  }
  answer(election.call, Error(Errc::kNoMajority, std::move(text)));
}

void Core::count_election() {
  switch (count_votes(configuration(), std::get<Election>(state_).votes)) {
    case VoteResult::kPending:
      return;
    case VoteResult::kWon:
      return become_leader();
    case VoteResult::kLost:
      // Unless another round may do better.
      if (!std::get<Election>(state_).vote_spent) end_election();
      return;
  }
}

void Core::receive_body(const PeerMessage& from, const VoteRequest& request) {
  if (request.term < term()) {
    notice(StaleMessageRefused{});
    return send_after_sync(from.peer, VoteResponse{term(), false, false});
  }
  if (request.term > term()) enter_term(request.term);

  const EntryId own = log_.promised();
  const bool up_to_date = request.last.term > own.term ||
                          (request.last.term == own.term && request.last.index >= own.index);
  const bool free = hard_state_.voted_for.is_none() || hard_state_.voted_for == from.peer;
  const bool granted = up_to_date && free && !stranger_;
  if (granted && hard_state_.voted_for.is_none()) save_hard_state({term(), from.peer});
  send_after_sync(from.peer, VoteResponse{term(), granted, !up_to_date});
}

void Core::receive_body(const PeerMessage& from, const VoteResponse& response) {
  auto* election = std::get_if<Election>(&state_);
  if (election == nullptr || !sender_counts(from)) return;
  if (response.term < term()) return notice(StaleMessageRefused{});
  if (response.term > term()) {
    // Refused for its term only: a higher one may pass, until the deadline.
    election->term_seen = response.term;
    return start_round(std::move(*election));
  }
  election->votes[from.peer] = response.granted;
  if (response.log_behind) election->ahead.insert(from.peer);
  election->vote_spent |= !response.granted && !response.log_behind;
  count_election();
}

/// Raft §5.4.2 and §8: the first entry of the term is a no-op, and only it commits what came
/// before.
void Core::become_leader() {
  const CallId call = std::get<Election>(state_).call;
  Leadership leadership;
  leadership.first_index = log_.last_index().next();
  leadership.next_heartbeat = now_;
  change_state(std::move(leadership));
  update_followers();
  notice(LeadershipGained{log_.last_index().next()});
  answer(call, {});

  std::vector<Proposal> noop(1);
  noop[0].kind = EntryKind::kNoop;
  noop[0].memory = Payload(std::size_t{0}).release();
  append_new(std::move(noop));
  feed_all();
}

}  // namespace lockstep::consensus
