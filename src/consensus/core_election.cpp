// Raft §5.2 and §5.4.1, with an election that somebody begins by hand.
#include <algorithm>

#include "consensus/core.hpp"
#include "consensus/quorum.hpp"

namespace lockstep::consensus {

void Core::campaign(CallId call) {
  if (failed_) return answer(call, Errc::kWrongState);
  if (!initialised()) return answer(call, Errc::kNotBootstrapped);
  if (stranger_) return answer(call, Errc::kStranger);
  if (!is_own_voter()) {
    return answer(call, Error(Errc::kNotAMember, "this node is not a voter of the group"));
  }
  if (std::holds_alternative<Leadership>(state_)) return answer(call, {});
  if (const auto* election = std::get_if<Election>(&state_)) {
    answer(election->call, Errc::kSuperseded);
  }
  Election election;
  election.call = call;
  election.deadline = now_ + options_.vote_timeout;
  change_state(std::move(election));
  start_election();
  finish_write();
  check_invariants();
}

/// A round in a new term; the deadline is that of the call.
void Core::start_election() {
  auto& election = std::get<Election>(state_);
  save_hard_state({std::max(term(), election.term_seen).next(), identity_.node});
  election.own_vote = last_write_;
  election.votes.clear();
  notice(ElectionStarted{});
  const VoteRequest request{term(), log_.last(), true};
  for (const auto* set : {&configuration().voters, &configuration().outgoing_voters}) {
    for (const Member& voter : *set) {
      if (voter.node != identity_.node) send_after_sync(voter.node, request);
    }
  }
}

void Core::end_election(Error error) {
  const CallId call = std::get<Election>(state_).call;
  if (error == Errc::kNoMajority) {
    std::string text = "no majority of the voters granted its vote in time; answered:";
    for (const auto& [node, granted] : std::get<Election>(state_).votes) {
      text += " " + node.str() + (granted ? " (granted)" : " (refused)");
    }
    error.message = std::move(text);
  }
  change_state(Following{std::nullopt, commit_index_});
  answer(call, std::move(error));
}

void Core::count_election() {
  auto& election = std::get<Election>(state_);
  switch (count_votes(configuration(), election.votes)) {
    case VoteResult::kPending:
      return;
    case VoteResult::kWon:
      return become_leader();
    case VoteResult::kLost:
      return end_election(election.log_behind ? Errc::kLogBehind : Errc::kNoMajority);
  }
}

void Core::receive_body(const PeerMessage& from, const VoteRequest& request) {
  if (request.term < term()) {
    notice(StaleMessageRefused{});
    return send(from.peer, VoteResponse{term(), false, false});
  }
  if (request.term > term()) enter_term(request.term);

  const EntryId own = log_.last();
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
    return start_election();
  }
  election->votes[from.peer] = response.granted;
  if (response.log_behind) election->log_behind = true;
  count_election();
}

/// Raft §5.4.2 and §8: the first entry of the term is a no-op, and only it commits what came
/// before.
void Core::become_leader() {
  const CallId call = std::get<Election>(state_).call;
  Leadership leadership;
  leadership.first_index = log_.last_index().next();
  leadership.next_heartbeat = now_;
  for (const auto* set :
       {&configuration().voters, &configuration().outgoing_voters, &configuration().learners}) {
    for (const Member& member : *set) {
      if (member.node == identity_.node) continue;
      leadership.followers.emplace(
          member.node, Leadership::Follower{Progress(options_.window, log_.last_index().next()),
                                            true, false, false, now_});
    }
  }
  change_state(std::move(leadership));
  notice(LeadershipGained{log_.last_index().next()});
  answer(call, {});

  std::vector<Proposal> noop(1);
  noop[0].kind = EntryKind::kNoop;
  noop[0].memory = Payload(std::size_t{0}).release();
  append_new(std::move(noop));
  finish_write();
  feed_all();
}

}  // namespace lockstep::consensus
