#pragma once

#include <map>
#include <optional>
#include <set>

#include "consensus/effects.hpp"
#include "lockstep/time.hpp"

namespace lockstep::consensus {

/// Before an election by time-out: would a majority vote for this node (thesis §9.6)? It moves
/// nobody's term, so a node that cannot win disturbs nobody.
struct PreVote {
  std::map<NodeId, bool> votes;
  /// What was granted before is asked for again after an election time-out.
  MonotonicTime since;
  /// When those that have not granted theirs are asked again: they may have given the leader up.
  MonotonicTime next_request;
};

/// A candidate (Raft §5.2).
struct Election {
  /// Begun by hand: it ends with an answer, after as many rounds, each in a term of its own, as its
  /// deadline allows. None: begun by time-out; it has one round.
  std::optional<CallId> call;
  /// Passes stickiness (thesis §4.2.3): begun by hand or by the leader.
  bool by_operator = false;
  MonotonicTime deadline;
  /// When those that have not answered are asked again, or all of them in a new round.
  MonotonicTime next_request;
  /// Our own vote counts once this write is durable; only then the others are asked.
  WriteNumber own_vote;
  /// Granted or refused, in this round.
  std::map<NodeId, bool> votes;
  /// Voters whose logs were found more up to date.
  std::set<NodeId> ahead;
  /// A voter refused because it has given its vote in this term to another: a later term may pass.
  bool vote_spent = false;
  /// A voter was found in this later term: the next round must exceed it.
  Term term_seen;
};

}  // namespace lockstep::consensus
