// Raft §5.2 and §5.4.1: elections, begun by hand or by time-out.
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
  if (installation_) {
    return answer(call, Error(Errc::kLogBehind, "a snapshot is being installed on this node"));
  }
  if (!may_lead()) {
    return answer(call, Error(Errc::kNotAMember, "this node is not a voter of the group"));
  }
  if (const auto* election = std::get_if<Election>(&state_)) {
    answer(election->call, Errc::kSuperseded);
  }
  Election election;
  election.call = call;
  election.by_operator = true;
  election.deadline = now_ + options_.vote_timeout;
  start_round(std::move(election));
  check_invariants();
}

/// By time-out: after the election time-out without a majority the next one may begin.
void Core::start_election() { start_round(Election{}); }

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

/// Asks the voters that have not answered yet. Nobody before our own vote is durable: a disk that
/// hangs collects no requests.
void Core::request_votes() {
  auto& election = std::get<Election>(state_);
  election.next_request = now_ + options_.heartbeat_interval;
  if (election.own_vote > durable_write_) return;
  VoteRequest request;
  request.term = term();
  request.last = log_.promised();
  request.by_operator = election.by_operator;
  ask_for_votes(request, election.votes);
}

/// All voters but those in `answered`.
void Core::ask_for_votes(const VoteRequest& request, const std::map<NodeId, bool>& answered) {
  for (const auto* set : {&configuration().voters, &configuration().outgoing_voters}) {
    for (const Member& voter : *set) {
      if (voter.node == identity_.node || answered.contains(voter.node)) continue;
      send_after_sync(voter.node, request);
    }
  }
}

void Core::tick_election() {
  auto& election = std::get<Election>(state_);
  if (election.call ? now_ >= election.deadline : election_timer_.is_due(now_)) {
    return end_election();
  }
  if (now_ < election.next_request) return;
  if (election.vote_spent && election.call) return start_round(std::move(election));
  // Another candidate has taken votes: this round can hardly be won any more.
  if (election.vote_spent) return end_election();
  request_votes();
}

/// Without a majority.
void Core::end_election() {
  const Election election = std::get<Election>(std::move(state_));
  change_state(Following{std::nullopt, commit_index_});
  // That no leader is heard of need not be found out again: only the random part of the time-out
  // keeps candidates apart (Raft §5.2).
  if (election.vote_spent) election_timer_.hasten(now_, options_.election_timeout_min);
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
  const auto& election = std::get<Election>(state_);
  switch (count_votes(configuration(), election.votes)) {
    case VoteResult::kPending:
      return;
    case VoteResult::kWon:
      return become_leader();
    case VoteResult::kLost:
      // Unless another round may do better.
      if (!election.call || !election.vote_spent) end_election();
      return;
  }
}

/// Raft §5.4.1; a damaged log votes by what it promised (rule 4).
bool Core::is_up_to_date(EntryId last) const {
  const EntryId own = log_.promised();
  return last.term > own.term || (last.term == own.term && last.index >= own.index);
}

void Core::receive_body(const PeerMessage& from, const VoteRequest& request) {
  if (request.pre_vote) return answer_pre_vote(from, request);
  VoteResponse response;
  response.round = request.term;
  // Thesis §4.2.3: who hears of a leader neither votes nor takes the term over, unless the operator
  // or that leader wants an election.
  const bool is_sticky = !request.by_operator && request.term > term() && hears_a_leader();
  if (is_sticky || request.term < term()) {
    if (!is_sticky) notice(StaleMessageRefused{});
    response.term = term();
    return send_after_sync(from.peer, response);
  }
  if (request.term > term()) enter_term(request.term);

  const bool up_to_date = is_up_to_date(request.last);
  const bool free = hard_state_.voted_for.is_none() || hard_state_.voted_for == from.peer;
  response.term = term();
  response.granted = up_to_date && free && takes_part();
  response.log_behind = !up_to_date;
  if (response.granted && hard_state_.voted_for.is_none()) {
    save_hard_state({term(), from.peer});
    election_timer_.restart(now_);
  }
  send_after_sync(from.peer, response);
}

void Core::receive_body(const PeerMessage& from, const VoteResponse& response) {
  if (!sender_counts(from)) return;
  auto* election = std::get_if<Election>(&state_);
  if (response.term > term()) {
    // Refused for its term only: a higher one may pass, until the deadline.
    if (election == nullptr || !election->call) return enter_term(response.term);
    election->term_seen = response.term;
    return start_round(std::move(*election));
  }
  if (response.pre_vote) return receive_pre_vote(from, response);
  if (election == nullptr) return;
  if (response.round != term()) return notice(StaleMessageRefused{});
  election->votes[from.peer] = response.granted;
  if (response.log_behind) election->ahead.insert(from.peer);
  election->vote_spent |= !response.granted && !response.log_behind;
  count_election();
}

/// Raft §5.4.2 and §8: the first entry of the term is a no-op, and only it commits what came
/// before.
void Core::become_leader() {
  const auto call = std::get<Election>(state_).call;
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
