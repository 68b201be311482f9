#include "consensus/quorum.hpp"

#include <algorithm>
#include <vector>

namespace lockstep::consensus {
namespace {

VoteResult count_in(const std::vector<Member>& voters, const std::map<NodeId, bool>& votes) {
  std::size_t granted = 0;
  std::size_t open = 0;
  for (const Member& voter : voters) {
    const auto vote = votes.find(voter.node);
    if (vote == votes.end()) {
      ++open;
    } else if (vote->second) {
      ++granted;
    }
  }
  const std::size_t majority = voters.size() / 2 + 1;
  if (granted >= majority) return VoteResult::kWon;
  return granted + open >= majority ? VoteResult::kPending : VoteResult::kLost;
}

Index match_in(const std::vector<Member>& voters,
               const std::function<Index(const NodeId&)>& match_index) {
  if (voters.empty()) return Index{};
  std::vector<Index> matches;
  matches.reserve(voters.size());
  for (const Member& voter : voters) matches.push_back(match_index(voter.node));
  const auto majority = matches.begin() + static_cast<std::ptrdiff_t>(voters.size() / 2);
  std::nth_element(matches.begin(), majority, matches.end(), std::greater<>());
  return *majority;
}

}  // namespace

VoteResult count_votes(const Configuration& configuration, const std::map<NodeId, bool>& votes) {
  const VoteResult incoming = count_in(configuration.voters, votes);
  if (!configuration.is_joint()) return incoming;
  const VoteResult outgoing = count_in(configuration.outgoing_voters, votes);
  if (incoming == VoteResult::kLost || outgoing == VoteResult::kLost) return VoteResult::kLost;
  return incoming == outgoing ? incoming : VoteResult::kPending;
}

bool is_majority(const Configuration& configuration,
                 const std::function<bool(const NodeId&)>& passes) {
  std::map<NodeId, bool> votes;
  for (const auto* set : {&configuration.voters, &configuration.outgoing_voters}) {
    for (const Member& voter : *set) votes[voter.node] = passes(voter.node);
  }
  return count_votes(configuration, votes) == VoteResult::kWon;
}

Index majority_match(const Configuration& configuration,
                     const std::function<Index(const NodeId&)>& match_index) {
  const Index incoming = match_in(configuration.voters, match_index);
  if (!configuration.is_joint()) return incoming;
  return std::min(incoming, match_in(configuration.outgoing_voters, match_index));
}

const Member* find_member(const Configuration& configuration, const NodeId& node) {
  for (const auto* set :
       {&configuration.voters, &configuration.outgoing_voters, &configuration.learners}) {
    const auto found = std::ranges::find(*set, node, &Member::node);
    if (found != set->end()) return &*found;
  }
  return nullptr;
}

bool is_voter(const Configuration& configuration, const NodeId& node) {
  return std::ranges::count(configuration.voters, node, &Member::node) > 0 ||
         std::ranges::count(configuration.outgoing_voters, node, &Member::node) > 0;
}

bool is_member(const Configuration& configuration, const NodeId& node) {
  return find_member(configuration, node) != nullptr;
}

}  // namespace lockstep::consensus
