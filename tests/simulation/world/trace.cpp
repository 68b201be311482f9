#include "simulation/world/trace.hpp"

#include "consensus/message_text.hpp"
#include "simulation/checkers/facts.hpp"

namespace lockstep::sim {
namespace {

std::string text_of(const HardState& state) {
  return "term " + to_string(state.current_term) +
         (state.voted_for.is_none() ? "" : " vote " + state.voted_for.str());
}

std::string text_of(const LogChange& change) {
  std::string text;
  if (change.truncate_from) text += " cut from " + to_string(*change.truncate_from);
  if (!change.entries.empty()) {
    text += " entries " + sim::text_of({change.first_entry, change.entries.front().term});
    if (change.entries.size() > 1) text += " and " + std::to_string(change.entries.size() - 1);
  }
  for (const auto& [index, configuration] : change.configurations) {
    text += " voters";
    for (const Member& member : configuration.voters) text += " " + member.node.str();
    if (configuration.is_joint()) text += " from";
    for (const Member& member : configuration.outgoing_voters) text += " " + member.node.str();
    if (!configuration.learners.empty()) text += " learners";
    for (const Member& member : configuration.learners) text += " " + member.node.str();
  }
  if (change.hard_state) text += " " + text_of(*change.hard_state);
  if (change.boundary) {
    text += change.is_release ? " release to " : " boundary ";
    text += sim::text_of(change.boundary->last);
  }
  return text.empty() ? " nothing" : text;
}

}  // namespace

void Trace::on_open(const NodeId& node, const WALState& state) {
  std::string damage;
  for (const IndexRange& range : state.damaged) {
    damage += ", damaged " + to_string(range.first) + "-" + to_string(range.last);
  }
  line(node.str() + " opens its log: last " + sim::text_of(state.last_promised) + " " +
       text_of(state.hard_state) + damage);
}

void Trace::on_change(const NodeId& node, const LogChange& change) {
  line(node.str() + " writes" + text_of(change));
}

void Trace::on_repair(const NodeId& node, const std::vector<Entry>& copies) {
  line(node.str() + " repairs " + sim::text_of(copies.front().id()) + " and " +
       std::to_string(copies.size() - 1));
}

void Trace::on_answer(const NodeId& node, LogAnswer answer) {
  line(node.str() + (answer == LogAnswer::kDurable   ? " has it durable"
                     : answer == LogAnswer::kRefused ? " is refused the write"
                                                     : " fails to write"));
}

void Trace::on_send(const NodeId& from, const NodeId& to, const consensus::PeerMessage& message) {
  line(from.str() + " -> " + to.str() + " " + consensus::test::text_of(message.body));
}

void Trace::on_apply(const NodeId& node, const CommittedCommand& command, const KvState&) {
  line(node.str() + " applies " + sim::text_of(command.id) + " " +
       std::string(command.payload.view().substr(0, 60)));
}

void Trace::on_install(const NodeId& node, const SnapshotMetadata& metadata, const KvState& state) {
  line(node.str() + " installs the snapshot of " + sim::text_of(metadata.last) + " after " +
       std::to_string(state.commands) + " commands");
}

}  // namespace lockstep::sim
