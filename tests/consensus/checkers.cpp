#include "consensus/checkers.hpp"

#include <algorithm>

namespace lockstep::consensus::test {
namespace {

/// A majority of the voters, while joint of both sets, for whom it holds. Counted by hand: the
/// core's own counting is what is watched.
template <class Holds>
bool is_quorum(const Configuration& configuration, const Holds& holds) {
  const auto is_majority = [&](const std::vector<Member>& voters) {
    const auto count = static_cast<std::size_t>(std::ranges::count_if(voters, holds));
    return count * 2 > voters.size();
  };
  return is_majority(configuration.voters) &&
         (configuration.outgoing_voters.empty() || is_majority(configuration.outgoing_voters));
}

std::string text(EntryId id) { return to_string(id.index) + "/" + to_string(id.term); }

}  // namespace

void Checkers::violated(const std::string& property, const std::string& what) {
  if (violation_.empty()) violation_ = property + ": " + what;
}

void Checkers::on_write(const NodeId& node, const Core& core, const DiskWrite& write) {
  const Stored& before = disks_.at(node).seen();
  if (write.truncate_from) {
    if (core.role() == Role::kLeader && !write.again)
      violated("leader append-only (§5.3)", node.str());
    for (Index i = *write.truncate_from; i <= before.last_index() && i <= Index(committed_.size());
         i = i.next()) {
      // A leader of a term before the one in which it was committed may not have had it.
      const Committed& committed = committed_[i.value() - 1];
      if (before.had(committed.id) && core.term() >= committed.by) {
        violated("committed entries stay", node.str() + " cuts " + to_string(i));
      }
    }
  }
  if (write.boundary) {
    for (Index i = write.boundary->last.index.next();
         i <= before.last_index() && i <= Index(committed_.size()); i = i.next()) {
      if (before.had(committed_[i.value() - 1].id)) {
        violated("a snapshot forgets nothing that was promised", node.str());
      }
    }
    if (applied_by_[node] < write.boundary->last.index) {
      violated("the engine has what the log lets go of", node.str());
    }
  }
  const Index kept = write.truncate_from ? write.truncate_from->previous() : before.last_index();
  if (!write.entries.empty() && write.entries.front().header.index != kept.next()) {
    violated("no gaps", node.str() + " writes " + text(write.entries.front().id()) + " after " +
                            to_string(kept));
  }
  const bool follows = kept >= before.first_index() && kept <= before.last_index();
  std::optional<Term> previous = follows ? before.at(kept).header.term : before.before_first().term;
  if (contains(before.damaged, kept)) previous.reset();  // nobody can say what was there
  check_log_matching(node, core.identity().epoch, previous, write.entries);
}

/// Nothing but what was lost takes its place, or, where that is not known any more, what is
/// committed.
void Checkers::on_repair(const NodeId& node, const std::vector<Entry>& copies) {
  const Stored& before = disks_.at(node).seen();
  for (const Entry& copy : copies) {
    const std::size_t place = copy.header.index.value() - 1;
    const bool is_committed = place < committed_.size() && committed_[place].id == copy.id();
    if (copy.header.index > before.last_index()) continue;
    if (before.had(copy.id()) && before.at(copy.header.index).digest == copy.digest) continue;
    if (!is_committed)
      violated("a repair changes nothing", node.str() + " gets " + text(copy.id()));
  }
}

/// By induction: an id names one entry and one predecessor, wherever it is written.
void Checkers::check_log_matching(const NodeId& node, Epoch epoch, std::optional<Term> previous,
                                  const std::vector<Entry>& entries) {
  for (const Entry& entry : entries) {
    Identified& known =
        entries_.try_emplace({epoch, entry.id()}, Identified{entry.digest, previous}).first->second;
    if (!known.previous_term) known.previous_term = previous;
    if (known.digest != entry.digest || (previous && known.previous_term != previous)) {
      violated("log matching (§5.3)", node.str() + " holds another entry " + text(entry.id()));
    }
    previous = entry.header.term;
  }
}

/// Rule 1: nothing is promised that is not durable.
void Checkers::on_send(const NodeId& node, const PeerMessage& message) {
  const Stored& durable = disks_.at(node).durable();
  const Term durable_term = durable.hard_state.current_term;
  const auto* vote = std::get_if<VoteResponse>(&message.body);
  if (vote != nullptr && durable_term < vote->term) {
    violated("term durable before an answer", node.str());
  }
  if (vote != nullptr && vote->granted && !vote->pre_vote) {
    const bool is_durable =
        durable_term > vote->term ||
        (durable_term == vote->term && durable.hard_state.voted_for == message.peer);
    if (!is_durable) violated("vote durable before it is given", node.str());
    const auto [first, is_new] = votes_.try_emplace({node, vote->term}, message.peer);
    if (!is_new && first->second != message.peer) {
      violated("one vote a term (§5.2)", node.str() + " in term " + to_string(vote->term));
    }
  }
  const auto* request = std::get_if<VoteRequest>(&message.body);
  if (request != nullptr && request->pre_vote && durable_term.next() < request->term) {
    violated("a pre-vote asks for the next term (thesis §9.6)", node.str());
  } else if (request != nullptr && !request->pre_vote) {
    if (durable_term < request->term) violated("own vote durable before asking", node.str());
    const auto [first, is_new] = votes_.try_emplace({node, request->term}, node);
    if (first->second != node)
      violated("one vote a term (§5.2)", node.str() + " asks after voting");
  }
  if (const auto* response = std::get_if<SnapshotResponse>(&message.body)) {
    on_installed(node, *response);
  }
  if (const auto* response = std::get_if<AppendResponse>(&message.body)) {
    if (durable_term < response->term) violated("term durable before an answer", node.str());
    const bool acks_damage =
        !durable.damaged.empty() && durable.damaged.front().first <= response->match_index;
    if (response->accepted && acks_damage) {
      violated("a damaged entry is not acked",
               node.str() + " acks " + to_string(response->match_index));
    }
    if (response->accepted && durable.last_index() < response->match_index) {
      violated("entries durable before their ack",
               node.str() + " acks " + to_string(response->match_index));
    }
  }
}

void Checkers::on_receive(const NodeId& node, const PeerMessage& message) {
  const auto* vote = std::get_if<VoteResponse>(&message.body);
  if (vote == nullptr || !vote->granted || vote->pre_vote) return;
  votes_received_.insert_or_assign({message.peer, vote->term}, node);
}

void Checkers::on_installed(const NodeId& node, const SnapshotResponse& response) {
  if (response.state != SnapshotResponse::State::kInstalled) return;
  if (!disks_.at(node).durable().boundary || disks_.at(node).durable().intent) {
    violated("boundary durable before it is told", node.str());
  }
}

/// State-machine safety: what is applied at an index is the same everywhere, in order, and durable
/// where it is applied.
void Checkers::on_apply(const NodeId& node, const Entry& entry) {
  const Index index = entry.header.index;
  Index& applied = applied_by_[node];
  if (index != applied.next()) {
    violated("applied in order",
             node.str() + " applies " + to_string(index) + " after " + to_string(applied));
  }
  applied = index;
  if (!disks_.at(node).durable().holds(entry.id())) {
    violated("durable before applied", node.str() + " applies " + text(entry.id()));
  }
  const std::size_t place = index.value() - 1;
  if (place == applied_.size()) applied_.push_back(entry.digest);
  if (place > applied_.size() || applied_[place] != entry.digest) {
    violated("state machine safety (§5.4.3)", node.str() + " applies " + text(entry.id()));
  }
}

void Checkers::on_install(const NodeId& node, const std::vector<Entry>& applied) {
  const Stored& durable = disks_.at(node).durable();
  if (!durable.intent || durable.intent->last != applied.back().id()) {
    violated("intent durable before the engine's change", node.str());
  }
  if (applied.size() <= applied_by_[node].value()) {
    violated("a snapshot takes nothing back", node.str());
  }
  for (std::size_t i = 0; i < applied.size(); ++i) {
    if (i >= applied_.size() || applied_[i] != applied[i].digest) {
      return violated("state machine safety (§5.4.3)",
                      node.str() + " installs another " + text(applied[i].id()));
    }
  }
  applied_by_[node] = Index(applied.size());
}

void Checkers::on_restart(const NodeId& node, Index applied) {
  last_.erase(node);
  applied_by_[node] = applied;
  const Stored& durable = disks_.at(node).durable();
  check_log_matching(node, durable.identity.epoch, durable.before_first().term, durable.entries);
  if (applied > durable.last_index()) {
    violated("the engine is not ahead of the log", node.str());
  }
  if (durable.hard_state.current_term < terms_[node] && !votes_.empty()) {
    // A term that was taken in memory only may be forgotten; one that was voted in may not.
    const auto vote = votes_.lower_bound({node, durable.hard_state.current_term.next()});
    if (vote != votes_.end() && vote->first.first == node) {
      violated("hard state never goes back", node.str() + " forgets its vote");
    }
  }
  terms_[node] = durable.hard_state.current_term;
}

void Checkers::on_new_disk(const NodeId& node) {
  const Stored& lost = disks_.at(node).durable();
  lost_disks_[lost.identity.incarnation] = lost;
  terms_.erase(node);
  std::erase_if(votes_, [&](const auto& vote) { return vote.first.first == node; });
}

void Checkers::after_event(const NodeId& node, const Core& core) {
  check_hard_state(node, core);
  if (core.role() == Role::kLeader) check_election_safety(node, core);
  check_commit(node, core);
  last_[node] = core.log().last_index();
}

void Checkers::check_hard_state(const NodeId& node, const Core& core) {
  Term& term = terms_[node];
  if (core.term() < term) violated("terms never fall (§5.1)", node.str());
  term = core.term();
}

void Checkers::check_election_safety(const NodeId& node, const Core& core) {
  const auto [leader, is_new] = leaders_.try_emplace(core.term(), node);
  if (leader->second != node) {
    violated("election safety (§5.2)", node.str() + " and " + leader->second.str() +
                                           " lead in term " + to_string(core.term()));
  }
  if (!is_new) return;
  check_votes(node, core);
  check_leader_completeness(node, core);
}

/// In the logs of all leaders of later terms.
void Checkers::check_leader_completeness(const NodeId& node, const Core& core) {
  for (const Committed& entry : committed_) {
    if (core.term() > entry.by && entry.id.index >= core.log().first_index() &&
        !core.log().contains(entry.id) && !core.log().lacks_term(entry.id.index)) {
      return violated("leader completeness (§5.4)",
                      node.str() + " leads without " + text(entry.id));
    }
  }
}

/// It counted when it was acknowledged: since then it may have rotted or been taken away.
bool Checkers::has_had(const Member& voter, EntryId id) const {
  const auto disk = disks_.find(voter.node);
  if (disk == disks_.end()) return false;
  const Stored& now = disk->second.durable();
  if (now.identity.incarnation == voter.incarnation) return now.had(id);
  const auto lost = lost_disks_.find(voter.incarnation);
  return lost != lost_disks_.end() && lost->second.had(id);
}

/// By which it counted in this event: what that made it append acts from now on.
const Configuration& Checkers::acting_at(const NodeId& node, const Core& core) const {
  const auto last = last_.find(node);
  return last == last_.end() ? core.configuration() : core.configurations().at(last->second);
}

/// Whoever leads has the votes for it, of both majorities while joint (§6).
void Checkers::check_votes(const NodeId& node, const Core& core) {
  const auto voted = [&](const Member& voter) {
    const auto vote = votes_received_.find({voter.node, core.term()});
    if (voter.node != node) return vote != votes_received_.end() && vote->second == node;
    const HardState& own = disks_.at(node).durable().hard_state;
    return own.current_term == core.term() && own.voted_for == node;
  };
  if (!is_quorum(acting_at(node, core), voted)) {
    violated("a leader has a majority's votes (§5.2, §6)",
             node.str() + " in term " + to_string(core.term()));
  }
}

/// What one node holds for committed, every node does, and a majority has it durable.
void Checkers::check_commit(const NodeId& node, const Core& core) {
  for (Index index(committed_.size() + 1); index <= core.commit_index(); index = index.next()) {
    if (core.log().lacks_term(index)) break;
    const EntryId id{index, *core.log().term_at(index)};
    const auto has_it = [&](const Member& voter) { return has_had(voter, id); };
    if (!is_quorum(acting_at(node, core), has_it)) {
      violated("committed means durable at a majority", node.str() + " commits " + text(id));
    }
    committed_.push_back({id, core.term()});
  }
  if (core.commit_index() == Index{} || core.log().lacks_term(core.commit_index())) return;
  const EntryId newest{core.commit_index(), *core.log().term_at(core.commit_index())};
  if (committed_[newest.index.value() - 1].id != newest) {
    violated("committed entries agree", node.str() + " has " + text(newest));
  }
}

}  // namespace lockstep::consensus::test
