#pragma once

#include <map>
#include <set>

#include "consensus/effects.hpp"
#include "lockstep/time.hpp"

namespace lockstep::consensus {

/// A candidate: an election begun by hand (Raft §5.2), in as many rounds as its deadline allows,
/// each in a term of its own.
struct Election {
  CallId call;
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
