#pragma once

#include <optional>

#include "consensus/effects.hpp"
#include "lockstep/time.hpp"

namespace lockstep::consensus {

/// The leader hands over to a voter of its choice (thesis §3.10): it takes no proposals until that
/// one has all entries, tells it to campaign at once, and goes on if nothing has come of it in
/// time.
struct Transfer {
  /// None: the leader's own wish, its disk being sick.
  std::optional<CallId> call;
  NodeId target;
  MonotonicTime deadline;
  /// When the target is told, once it has everything, or told again.
  MonotonicTime next_request;
};

}  // namespace lockstep::consensus
