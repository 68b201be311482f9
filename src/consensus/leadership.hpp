#pragma once

#include <map>
#include <set>

#include "consensus/progress.hpp"
#include "lockstep/time.hpp"
#include "lockstep/types.hpp"

namespace lockstep::consensus {

/// What a leader keeps for its term (Raft figure 2, volatile state on leaders).
struct Leadership {
  struct Follower {
    Progress progress;
    bool linked = true;
    /// It answers with another incarnation than the configuration names: it counts for nothing.
    bool stranger = false;
    bool needs_snapshot = false;
    /// When it was last level with the leader's log.
    MonotonicTime level_at{};
  };
  /// The no-op that opened the term: a majority on it commits all before (Raft §5.4.2).
  Index first_index;
  MonotonicTime next_heartbeat;
  std::map<NodeId, Follower> followers;
};

}  // namespace lockstep::consensus
