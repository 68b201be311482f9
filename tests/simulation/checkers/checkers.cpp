#include "simulation/checkers/checkers.hpp"

#include <span>

#include "consensus/configuration_codec.hpp"
#include "simulation/checkers/acknowledged_writes.hpp"
#include "simulation/checkers/commit_rules.hpp"
#include "simulation/checkers/election_safety.hpp"
#include "simulation/checkers/exactly_once.hpp"
#include "simulation/checkers/leader_append_only.hpp"
#include "simulation/checkers/leader_completeness.hpp"
#include "simulation/checkers/log_matching.hpp"
#include "simulation/checkers/promises.hpp"
#include "simulation/checkers/state_machine_safety.hpp"
#include "simulation/checkers/terms_begin_with_a_candidacy.hpp"

namespace lockstep::sim {
namespace {

/// Of the messages that only a leader sends.
struct LeaderSays {
  Term term;
  Index commit_index;
};

std::optional<LeaderSays> said_as_leader(const consensus::MessageBody& body) {
  if (const auto* append = std::get_if<consensus::AppendEntries>(&body)) {
    return LeaderSays{append->term, append->commit_index};
  }
  if (const auto* heartbeat = std::get_if<consensus::Heartbeat>(&body)) {
    return LeaderSays{heartbeat->term, heartbeat->commit_index};
  }
  return std::nullopt;
}

}  // namespace

Checkers::Checkers(Verdict& verdict) : verdict_(verdict) {
  const auto add = [&]<class Property>(std::type_identity<Property>) {
    checkers_.push_back(std::make_unique<Property>(facts_, verdict_));
  };
  add(std::type_identity<ElectionSafety>{});
  add(std::type_identity<LeaderAppendOnly>{});
  add(std::type_identity<LogMatching>{});
  add(std::type_identity<LeaderCompleteness>{});
  add(std::type_identity<CommitRules>{});
  add(std::type_identity<Promises>{});
  add(std::type_identity<StateMachineSafety>{});
  add(std::type_identity<AcknowledgedWrites>{});
  add(std::type_identity<ExactlyOnce>{});
  add(std::type_identity<TermsBeginWithACandidacy>{});
}

void Checkers::on_open(const NodeId& node, const WALState& state) {
  tell([&](Checker& checker) { checker.on_open(node, state); });
  NodeFacts& known = facts_.nodes[node];
  known.led_last = {};
  known.uncertain = 0;
  if (known.incarnation != state.identity.incarnation) {
    known.incarnation = state.identity.incarnation;
    return;
  }
  // What was submitted and not answered may be there, up to any place; or what was refused, which
  // began to be written at any.
  std::optional<LogCopy> found;
  const auto look_for = [&](const auto& changes) {
    LogCopy log = known.durable;
    if (log.fits(state)) found = log;
    for (const LogChange& change : changes) {
      (void)log.make(change);
      if (log.fits(state)) found = log;
    }
  };
  look_for(known.pending);
  for (std::size_t from = 0; from < known.refused.size() && !found; ++from) {
    look_for(std::span(known.refused).subspan(from));
  }
  known.pending.clear();
  known.refused.clear();
  if (!found) {
    return verdict_.violated("what is durable survives",
                             node.str() + " had " + to_string(known.durable.last_index()) +
                                 " in term " + to_string(known.durable.hard_state().current_term) +
                                 ", finds " + to_string(state.last_promised.index) + " in term " +
                                 to_string(state.hard_state.current_term));
  }
  known.durable = known.submitted = *found;
}

void Checkers::on_new_disk(const NodeId& node) {
  tell([&](Checker& checker) { checker.on_new_disk(node); });
  NodeFacts& known = facts_.nodes[node];
  known.former.push_back(known.durable);
  known.submitted = known.durable = {};
  known.pending.clear();
}

void Checkers::on_change(const NodeId& node, const LogChange& change) {
  tell([&](Checker& checker) { checker.on_change(node, change); });
  NodeFacts& known = facts_.nodes[node];
  if (change.is_release) {
    on_commit(node, change.boundary->last.index, known.submitted.hard_state().current_term);
  }
  (void)known.submitted.make(change);
  known.pending.push_back(change);
}

void Checkers::on_repair(const NodeId& node, const std::vector<Entry>& copies) {
  tell([&](Checker& checker) { checker.on_repair(node, copies); });
  NodeFacts& known = facts_.nodes[node];
  for (const Entry& entry : copies) {
    const EntryTrace copy{entry.header.term, entry.digest};
    known.submitted.repair(entry.header.index, copy);
    known.durable.repair(entry.header.index, copy);
  }
}

void Checkers::on_answer(const NodeId& node, LogAnswer answer) {
  NodeFacts& known = facts_.nodes[node];
  if (known.pending.size() == known.uncertain) return;
  const bool is_uncertain = known.uncertain > 0 && answer != LogAnswer::kRefused;
  if (is_uncertain || answer == LogAnswer::kFailed) {
    ++known.uncertain;
    return;
  }
  const auto answered = known.pending.begin() + static_cast<std::ptrdiff_t>(known.uncertain);
  const LogChange change = std::move(*answered);
  known.pending.erase(answered);
  if (answer == LogAnswer::kRefused) known.refused.push_back(change);
  if (answer == LogAnswer::kDurable) {
    known.refused.clear();
    if (known.durable.make(change)) return;
    return verdict_.violated("no gaps in the log",
                             node.str() + " has " + to_string(known.durable.last_index()) +
                                 " and then " + to_string(change.first_entry));
  }
}

void Checkers::on_send(const NodeId& from, const NodeId& to,
                       const consensus::PeerMessage& message) {
  tell([&](Checker& checker) { checker.on_send(from, to, message); });
  const auto* append = std::get_if<consensus::AppendEntries>(&message.body);
  if (append != nullptr) note_sent(*append);
  const auto* request = std::get_if<consensus::VoteRequest>(&message.body);
  if (request != nullptr && !request->pre_vote) facts_.nodes[from].claimed = request->last;
  const auto said = said_as_leader(message.body);
  if (!said) return;
  on_lead(from, said->term);
  on_commit(from, said->commit_index, said->term);
  note_said(from, said->term, append);
}

void Checkers::note_sent(const consensus::AppendEntries& append) {
  for (const Entry& entry : append.entries) {
    if (entry.header.term != append.term) continue;
    facts_.sent.try_emplace(entry.id(), EntryTrace{entry.header.term, entry.digest});
    if (entry.header.kind != EntryKind::kConfiguration) continue;
    const auto record = consensus::decode_record(entry.payload().bytes());
    if (record) facts_.sent_configurations.try_emplace(entry.id(), record->configuration);
  }
}

void Checkers::note_said(const NodeId& leader, Term term, const consensus::AppendEntries* append) {
  NodeFacts& known = facts_.nodes[leader];
  Index last = known.submitted.last_index();
  if (known.said.term == term) last = std::max(last, known.said.index);
  if (append != nullptr && !append->entries.empty()) {
    last = std::max(last, append->entries.back().header.index);
  }
  known.said = {last, term};
}

void Checkers::on_lead(const NodeId& node, Term term) {
  facts_.nodes[node].led_last = std::max(facts_.nodes[node].led_last, term);
  if (facts_.leads(node, term)) return;
  tell([&](Checker& checker) { checker.on_lead(node, term); });
  facts_.leaders.try_emplace(term, node);
}

void Checkers::on_commit(const NodeId& node, Index index, Term by) {
  while (facts_.last_committed() < index) {
    const Index next = facts_.last_committed().next();
    const EntryTrace* entry = facts_.entry_of_leader(node, next, by);
    if (entry == nullptr) return;
    tell([&](Checker& checker) { checker.on_commit(node, {next, entry->term}, by); });
    facts_.committed.push_back({*entry, by});
  }
  const EntryTrace* newest = index == Index{} ? nullptr : facts_.entry_of_leader(node, index, by);
  if (newest != nullptr && facts_.committed[index.value() - 1].entry != *newest) {
    verdict_.violated("committed entries agree",
                      node.str() + " has committed another " + text_of({index, newest->term}));
  }
}

void Checkers::on_apply(const NodeId& node, const CommittedCommand& command, const KvState& after) {
  on_commit(node, command.id.index, facts_.nodes.at(node).submitted.hard_state().current_term);
  tell([&](Checker& checker) { checker.on_apply(node, command, after); });
  const auto decoded = decode(command.payload.view());
  if (decoded) facts_.applied.try_emplace(decoded->id, command.id.index);
}

void Checkers::on_install(const NodeId& node, const SnapshotMetadata& metadata,
                          const KvState& state) {
  tell([&](Checker& checker) { checker.on_install(node, metadata, state); });
}

void Checkers::on_life(const NodeId& node, const EngineDisk& disk) {
  tell([&](Checker& checker) { checker.on_life(node, disk); });
}

void Checkers::on_acknowledged(const NodeId& node, EntryId id, std::uint64_t command) {
  on_commit(node, id.index, id.term);
  tell([&](Checker& checker) { checker.on_acknowledged(node, id, command); });
}

void Checkers::on_rejected(std::uint64_t command) {
  tell([&](Checker& checker) { checker.on_rejected(command); });
}

}  // namespace lockstep::sim
