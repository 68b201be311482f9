#pragma once

#include <cstddef>
#include <functional>
#include <map>

#include "lockstep/configuration.hpp"
#include "lockstep/types.hpp"

namespace lockstep::consensus {

enum class VoteResult { kPending, kWon, kLost };

/// Decides an election from the answers so far (true: granted). While the configuration is joint,
/// both majorities are needed (Raft §6).
[[nodiscard]] VoteResult count_votes(const Configuration& configuration,
                                     const std::map<NodeId, bool>& votes);

/// True when the nodes that pass are a majority of the voters; of both sets while joint.
[[nodiscard]] bool is_majority(const Configuration& configuration,
                               const std::function<bool(const NodeId&)>& passes);

/// The highest index that a majority of the voters has durably, given each voter's match index;
/// both majorities while joint. 0 when there are no voters.
[[nodiscard]] Index majority_match(const Configuration& configuration,
                                   const std::function<Index(const NodeId&)>& match_index);

[[nodiscard]] bool is_voter(const Configuration& configuration, const NodeId& node);
[[nodiscard]] bool is_member(const Configuration& configuration, const NodeId& node);
/// The member with this node id; null when there is none.
[[nodiscard]] const Member* find_member(const Configuration& configuration, const NodeId& node);

}  // namespace lockstep::consensus
