#include "simulation/checkers/facts.hpp"

#include <algorithm>

namespace lockstep::sim {

bool NodeFacts::had_durable(EntryId id) const {
  return durable.holds(id) ||
         std::ranges::any_of(former, [&](const LogCopy& log) { return log.holds(id); });
}

bool Facts::is_committed(EntryId id) const {
  return Index{} < id.index && id.index <= last_committed() &&
         committed[id.index.value() - 1].entry.term == id.term;
}

bool Facts::leads(const NodeId& node, Term term) const {
  const auto leader = leaders.find(term);
  return leader != leaders.end() && leader->second == node;
}

const EntryTrace* Facts::entry_of_leader(const NodeId& node, Index index, Term term) const {
  const LogCopy& log = nodes.at(node).submitted;
  if (index <= log.last_index()) return log.at(index);
  const auto found = sent.find({index, term});
  return found == sent.end() ? nullptr : &found->second;
}

PlacedConfiguration Facts::configuration_of_leader(const NodeId& node, Term term, Index at) const {
  const LogCopy& log = nodes.at(node).submitted;
  const Index held = std::min(at, log.last_index());
  PlacedConfiguration newest{log.configuration_index_at(held), log.configuration_at(held)};
  const EntryId claimed = nodes.at(node).claimed;
  for (const auto& [id, configuration] : sent_configurations) {
    const bool has = id.term == term || (id.index <= claimed.index && id.term <= claimed.term);
    if (has && log.last_index() < id.index && id.index <= at) newest = {id.index, &configuration};
  }
  return newest;
}

std::string text_of(EntryId id) { return to_string(id.index) + "/" + to_string(id.term); }

}  // namespace lockstep::sim
