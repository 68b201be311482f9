#pragma once

#include <map>

#include "consensus/effects.hpp"
#include "lockstep/time.hpp"

namespace lockstep::consensus {

/// A candidate: an election of one term, begun by hand (Raft §5.2).
struct Election {
  CallId call;
  MonotonicTime deadline;
  /// When those that have not answered are asked again.
  MonotonicTime next_request;
  /// Our own vote counts once this write is durable; only then the others are asked.
  WriteNumber own_vote;
  /// Granted or refused.
  std::map<NodeId, bool> votes;
  bool log_behind = false;
  /// A voter was found in this later term: the next try must exceed it.
  Term term_seen;
};

}  // namespace lockstep::consensus
