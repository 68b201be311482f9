// Pre-vote (thesis §9.6): an election by time-out is held only once a majority of the voters says
// that it would vote for this node. Nobody's term or vote changes by it.
#include "consensus/core.hpp"
#include "consensus/quorum.hpp"

namespace lockstep::consensus {

/// The node still follows: the leader may yet be heard of, and is then followed as before.
void Core::start_pre_vote() {
  auto& following = std::get<Following>(state_);
  following.leader.reset();
  following.pre_vote.emplace();
  following.pre_vote->since = now_;
  following.pre_vote->votes[identity_.node] = true;
  request_pre_votes();
  count_pre_vote();
}

/// Asks those too that have refused, until they have given the leader up as well. Nobody while the
/// disk owes this node its own term.
void Core::request_pre_votes() {
  PreVote& pre_vote = *std::get<Following>(state_).pre_vote;
  pre_vote.next_request = now_ + options_.heartbeat_interval;
  if (hard_state_write_ > durable_write_) return;
  const bool is_old = now_ - pre_vote.since >= options_.election_timeout_min;
  if (is_old) pre_vote.since = now_;
  std::erase_if(pre_vote.votes, [&](const auto& vote) {
    return !vote.second || (is_old && vote.first != identity_.node);
  });
  VoteRequest request;
  request.term = term().next();
  request.last = log_.promised();
  request.by_operator = false;
  request.pre_vote = true;
  ask_for_votes(request, pre_vote.votes);
}

void Core::count_pre_vote() {
  const auto& votes = std::get<Following>(state_).pre_vote->votes;
  const bool won = count_votes(configuration(), votes) == VoteResult::kWon;
  if (won && campaigns_by_itself()) start_election();
}

/// Granted where a vote would be: the candidate's log is as up to date as this one, it comes in a
/// later term, and no leader is heard of.
void Core::answer_pre_vote(const PeerMessage& from, const VoteRequest& request) {
  const bool up_to_date = is_up_to_date(request.last);
  VoteResponse response;
  response.term = term();
  response.granted = request.term > term() && up_to_date && !hears_a_leader() && takes_part();
  response.log_behind = !up_to_date;
  response.pre_vote = true;
  response.round = request.term;
  send_after_sync(from.peer, response);
  if (response.granted) make_way_for(from.peer);
}

/// Whoever would vote for another lets it try first, so that the two do not share the votes: for a
/// heartbeat interval, and only once, lest one that cannot win holds up one that can. Of two that
/// ask each other the one with the smaller id goes on.
void Core::make_way_for(const NodeId& candidate) {
  auto* following = std::get_if<Following>(&state_);
  if (following == nullptr || following->has_made_way) return;
  if (following->pre_vote && identity_.node < candidate) return;
  following->has_made_way = true;
  following->pre_vote.reset();
  election_timer_.postpone(now_, options_.heartbeat_interval);
}

void Core::receive_pre_vote(const PeerMessage& from, const VoteResponse& response) {
  auto* following = std::get_if<Following>(&state_);
  if (following == nullptr || !following->pre_vote) return;
  if (response.round != term().next()) return notice(StaleMessageRefused{});
  following->pre_vote->votes[from.peer] = response.granted;
  count_pre_vote();
}

}  // namespace lockstep::consensus
