#pragma once

#include <cstdint>
#include <optional>

#include "consensus/election.hpp"
#include "lockstep/time.hpp"
#include "lockstep/types.hpp"

namespace lockstep::consensus {

/// A follower: whom it follows, and how far its log is known to equal that leader's.
struct Following {
  std::optional<NodeId> leader;
  /// Holds for whoever leads this term, known or not.
  Index matched;
  /// A damaged entry that cannot be told from the leader's yet: what follows it has to wait.
  std::optional<Index> stuck_at{};
  /// Its process is gone, as a refused dial tells: it is waited for no longer.
  bool leader_is_gone = false;
  /// When the leader was last heard of.
  MonotonicTime heard_at{};
  /// The newest of its heartbeats.
  std::uint64_t round = 0;
  /// It has given the leader up and asks whether others have.
  std::optional<PreVote> pre_vote{};
  /// It has held its own candidacy back for another one's, once since it heard of a leader.
  bool has_made_way = false;
};

}  // namespace lockstep::consensus
