#include "simulation/checkers/commit_rules.hpp"

#include <algorithm>

namespace lockstep::sim {
namespace {

constexpr Index kNewest(UINT64_MAX);

}  // namespace

void CommitRules::on_commit(const NodeId& node, EntryId id, Term by) {
  // A leader may have counted before it changed the members, and say both at once.
  const EntryId said = facts_.nodes.at(node).said;
  const Index counted_at = said.term == by ? std::max(said.index, id.index) : kNewest;
  const PlacedConfiguration newest = facts_.configuration_of_leader(node, by, kNewest);
  if (newest.configuration == nullptr) return;
  const PlacedConfiguration former = facts_.configuration_of_leader(node, by, counted_at);
  const bool enough =
      has_majority(newest, id) || (former.configuration != nullptr && has_majority(former, id));
  if (!enough) {
    verdict_.violated("committed means durable on a majority",
                      node.str() + " commits " + text_of(id));
  }
}

bool CommitRules::has_majority(const PlacedConfiguration& placed, EntryId id) const {
  const Configuration& configuration = *placed.configuration;
  // Once a joint configuration is committed its leader ends it, unseen while its disk is full.
  const bool may_have_ended = placed.index <= facts_.last_committed();
  return has_majority(configuration.voters, id) &&
         (!configuration.is_joint() || may_have_ended ||
          has_majority(configuration.outgoing_voters, id));
}

bool CommitRules::has_majority(const std::vector<Member>& voters, EntryId id) const {
  std::size_t copies = 0;
  for (const Member& voter : voters) {
    const auto known = facts_.nodes.find(voter.node);
    if (known != facts_.nodes.end() && known->second.had_durable(id)) ++copies;
  }
  return copies * 2 > voters.size();
}

}  // namespace lockstep::sim
