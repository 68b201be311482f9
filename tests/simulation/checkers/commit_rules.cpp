#include "simulation/checkers/commit_rules.hpp"

namespace lockstep::sim {

void CommitRules::on_commit(const NodeId& node, EntryId id, Term by) {
  const Configuration* configuration = facts_.configuration_of_leader(node, by);
  if (configuration == nullptr) return;
  const bool enough =
      has_majority(configuration->voters, id) &&
      (!configuration->is_joint() || has_majority(configuration->outgoing_voters, id));
  if (!enough) {
    verdict_.violated("committed means durable on a majority",
                      node.str() + " commits " + text_of(id));
  }
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
