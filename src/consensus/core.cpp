#include "consensus/core.hpp"

#include <algorithm>

#include "consensus/quorum.hpp"

namespace lockstep::consensus {

Core::Core(CoreOptions options, Recovered recovered, MonotonicTime now)
    : options_(options),
      identity_(recovered.wal.identity),
      now_(now),
      hard_state_(recovered.wal.hard_state),
      log_(recovered.wal, options.tail_cache_bytes),
      configurations_(std::move(recovered.configurations)),
      commit_index_(recovered.applied),
      released_(recovered.applied),
      applied_(recovered.applied),
      state_(Following{std::nullopt, recovered.applied}),
      election_timer_(options.election_timeout_min, options.election_timeout_max,
                      options.random_seed, now),
      checked_{hard_state_, commit_index_} {
  repair_.last_question = options.random_seed;
  doubt_damaged_configurations(recovered.wal);
  stranger_ = names_other_data();
}

void Core::tick(MonotonicTime now) {
  set_time(now);
  if (failed_) return;
  if (bootstrap_) tick_bootstrap();
  if (std::holds_alternative<Leadership>(state_)) tick_leader();
  if (std::holds_alternative<Election>(state_)) tick_election();
  tick_liveness();
  tick_transfer();
  tick_repair();
  tick_membership();
  readmit_strangers();
  check_invariants();
}

void Core::receive(PeerMessage message) {
  if (failed_ || !belongs_to_epoch(message)) return;
  note_sender(message);
  std::visit([&](auto& body) { receive_body(message, body); }, message.body);
  tick_membership();
  check_invariants();
}

void Core::propose(std::vector<Proposal> proposals) {
  if (proposals.empty()) return;
  append_new(std::move(proposals));
  feed_all();
  check_invariants();
}

void Core::become_follower_by_command(CallId call) {
  if (!std::holds_alternative<Following>(state_)) become_follower(std::nullopt);
  answer(call, {});
}

void Core::step_down(CallId call) {
  if (!std::holds_alternative<Leadership>(state_)) return answer(call, not_leader());
  tell_commit();
  become_follower(std::nullopt);
  answer(call, {});
}

void Core::durable_up_to(WriteNumber number) {
  if (failed_) return;
  durable_write_ = std::max(durable_write_, number);
  Index durable = log_.durable_index();
  while (!pending_writes_.empty() && pending_writes_.front().number <= number) {
    durable = pending_writes_.front().last_index;
    pending_writes_.pop_front();
  }
  log_.set_durable(durable);
  log_.trim_tail(wanted_in_memory_from());
  advance_installation(number);

  if (bootstrap_ && bootstrap_->own_write && *bootstrap_->own_write <= number &&
      bootstrap_->founded.insert(identity_.node).second) {
    tick_bootstrap();
  }
  if (auto* election = std::get_if<Election>(&state_); election && election->own_vote <= number) {
    const bool is_news = election->votes.insert_or_assign(identity_.node, true).second;
    if (is_news) request_votes();
    count_election();
  } else if (std::holds_alternative<Leadership>(state_)) {
    commit_by_majority();
  } else {
    acknowledge();
  }
  release_committed();
  tick_membership();
  check_invariants();
}

/// What every member has acknowledged and the engine has applied is of no use there.
Index Core::wanted_in_memory_from() const {
  Index everywhere = applied_;
  if (const Leadership* leading = leadership()) {
    for (const auto& [node, follower] : leading->followers) {
      everywhere = std::min(everywhere, follower.progress.match_index());
    }
  }
  return everywhere.next();
}

void Core::write_failed(const Error& error) { fail(error); }

void Core::no_space() {
  if (failed_) return;
  const bool is_news = !unwritten_from_;
  Index first = unwritten_from_.value_or(log_.last_index().next());
  for (const PendingWrite& pending : pending_writes_) first = std::min(first, pending.first_index);
  pending_writes_.clear();
  unwritten_from_ = first;
  if (installation_) installation_->write.reset();
  // Until the founding entry is durable, nothing that rests on it may be.
  const bool founded = first > Index{1};
  if (is_news && founded && hard_state_write_ > durable_write_) write_state();
  check_invariants();
}

void Core::write_again() {
  if (failed_ || !unwritten_from_) return;
  const Index first = *std::exchange(unwritten_from_, std::nullopt);
  // Those under way carry the state only.
  LogWrite& all = write();
  // Where nothing was cut this has no effect.
  all.truncate_from = first;
  all.entries = {first, log_.last_index()};
  pending_writes_.back().first_index = first;
  if (hard_state_write_ > durable_write_) write_state();
  write_installation();
  check_invariants();
}

void Core::write_state() {
  LogWrite& state = write();
  state.hard_state = hard_state_;
  state.identity = identity_;
  hard_state_write_ = last_write_;
}

void Core::fail(const Error& error) {
  if (failed_) return;
  failed_ = true;
  if (const auto* election = std::get_if<Election>(&state_)) answer(election->call, error);
  if (bootstrap_) finish_bootstrap(error);
  if (transfer_) end_transfer(error);
  change_state(Following{});
  // Nothing else that this event wanted is done: it may rest on what is broken.
  Effects last;
  last.answers = std::move(effects_.answers);
  last.notices = std::move(effects_.notices);
  last.failure = error;
  effects_ = std::move(last);
}

void Core::link_up(const NodeId& peer) {
  linked_.insert(peer);
  if (failed_) return;
  if (auto* leadership = std::get_if<Leadership>(&state_)) {
    const auto follower = leadership->followers.find(peer);
    if (follower != leadership->followers.end()) {
      follower->second.linked = true;
      follower->second.silent_retries = 0;
      follower->second.progress.lost();
      feed(peer, follower->second);
      open_snapshot(peer, follower->second);
      tell_checkpoint(peer);
    }
  }
  send_state(peer, !initialised());
}

void Core::link_lost(const NodeId& peer) {
  linked_.erase(peer);
  membership_.seen.erase(peer);
  auto* leadership = std::get_if<Leadership>(&state_);
  if (leadership == nullptr) return;
  const auto follower = leadership->followers.find(peer);
  if (follower == leadership->followers.end()) return;
  follower->second.linked = false;
  follower->second.progress.lost();
  follower->second.read_ahead.clear();
}

void Core::send_failed(const NodeId& peer) {
  auto* leadership = std::get_if<Leadership>(&state_);
  if (leadership == nullptr) return;
  const auto follower = leadership->followers.find(peer);
  if (follower != leadership->followers.end()) follower->second.progress.stalled(now_);
}

Effects Core::take_effects() { return std::exchange(effects_, {}); }

Role Core::role() const {
  if (std::holds_alternative<Leadership>(state_)) return Role::kLeader;
  if (std::holds_alternative<Election>(state_)) return Role::kCandidate;
  const bool is_learner =
      !is_voter(configuration(), identity_.node) && is_member(configuration(), identity_.node);
  return is_learner ? Role::kLearner : Role::kFollower;
}

std::optional<NodeId> Core::leader() const {
  if (std::holds_alternative<Leadership>(state_)) return identity_.node;
  if (const auto* following = std::get_if<Following>(&state_)) return following->leader;
  return std::nullopt;
}

PeerMessage Core::addressed(const NodeId& peer, MessageBody body) const {
  return {peer, identity_.epoch, identity_.incarnation, std::move(body)};
}

void Core::send(const NodeId& peer, MessageBody body) {
  effects_.messages_to_send_now.push_back(addressed(peer, std::move(body)));
}

void Core::send_after_sync(const NodeId& peer, MessageBody body) {
  effects_.messages_to_send_after_sync.push_back(addressed(peer, std::move(body)));
  effects_.durable_before_messages = hard_state_write_;
}

/// The one write of this event; begun on first use.
LogWrite& Core::write() {
  if (!effects_.write) {
    last_write_ = last_write_.next();
    effects_.write.emplace();
    effects_.write->number = last_write_;
    const Index end = unwritten_from_.value_or(log_.last_index().next());
    pending_writes_.push_back({last_write_, end, end.previous()});
  }
  return *effects_.write;
}

/// The entries from `first` on, just appended, are part of the event's write.
void Core::write_entries_from(Index first) {
  if (unwritten_from_) return;
  write().entries = {first, log_.last_index()};
  PendingWrite& pending = pending_writes_.back();
  pending.first_index = std::min(pending.first_index, first);
  pending.last_index = log_.last_index();
}

void Core::truncate_from(Index index) {
  if (unwritten_from_) {
    unwritten_from_ = std::min(*unwritten_from_, index);
  } else {
    write().truncate_from = index;
    pending_writes_.back().first_index = index;
  }
  log_.truncate_from(index);
  std::erase_if(repair_.writing, [&](const Entry& copy) { return copy.header.index >= index; });
  // What earlier writes make durable beyond this point is no longer in the log.
  for (PendingWrite& pending : pending_writes_) {
    pending.last_index = std::min(pending.last_index, log_.last_index());
  }
  undo_configurations_from(index);
}

void Core::save_hard_state(HardState hard_state) {
  hard_state_ = std::move(hard_state);
  write().hard_state = hard_state_;
  hard_state_write_ = last_write_;
}

/// Raft §5.1: a later term is taken over at once, with its vote still free.
void Core::enter_term(Term term) {
  save_hard_state({term, NodeId{}});
  become_follower(std::nullopt);
}

void Core::become_follower(std::optional<NodeId> leader) {
  if (const auto* election = std::get_if<Election>(&state_)) {
    answer(election->call,
           Error(Errc::kSuperseded, "the candidacy was given up in term " + to_string(term())));
  }
  change_state(Following{std::move(leader), commit_index_});
}

void Core::change_state(std::variant<Following, Election, Leadership> next) {
  const Role before = role();
  if (before == Role::kLeader) {
    refuse_reads();
    abandon_membership_change();
  }
  membership_.settled = Index{};
  state_ = std::move(next);
  election_timer_.restart(now_);
  const Role after = role();
  if (before != after) notice(RoleChange{before, after, term()});
}

void Core::advance_commit(Index index) {
  if (index <= commit_index_) return;
  for (const Index place : configurations_.indexes_in({commit_index_.next(), index})) {
    notice(ConfigurationCommitted{place, configurations_.at(place)});
  }
  commit_index_ = index;
  release_committed();
}

void Core::release_committed() {
  Index ready = std::min(commit_index_, log_.durable_index());
  // What cannot be read cannot be applied, and nothing is skipped.
  if (const auto damaged = log_.first_damaged_after(released_)) {
    ready = std::min(ready, damaged->previous());
  }
  if (ready <= released_) return;
  released_ = ready;
  effects_.commit_index = ready;
}

/// For a call that only the leader can serve.
Error Core::not_leader() const {
  const auto known = leader();
  return Error(Errc::kNotLeader,
               known ? "the leader is " + known->str() : "this node knows of no leader");
}

void Core::answer(std::optional<CallId> call, Error error) {
  if (call) effects_.answers.push_back({*call, std::move(error)});
}

void Core::broken(std::string what) { fail(Error(Errc::kInvariantBroken, std::move(what))); }

/// By the entry that founds it, which is in the log.
void Core::join_group(const BootstrapRecord& record) {
  identity_.cluster = record.cluster;
  identity_.epoch = record.epoch;
  add_configuration(log_.last_index(), record.configuration);
  notice(ClusterKnown{record.cluster});
}

/// Epoch and identity travel with every message of consensus; a mismatch refuses the message, not
/// the link. A node that is uninitialised answers with just that: until it has the bootstrap entry
/// it neither votes nor follows.
bool Core::belongs_to_epoch(const PeerMessage& message) {
  const bool introduces = std::holds_alternative<MemberState>(message.body) ||
                          std::holds_alternative<BootstrapEntry>(message.body);
  if (introduces) return true;
  if (!initialised()) {
    send_state(message.peer, false);
    return false;
  }
  if (message.epoch == identity_.epoch) return true;
  notice(StaleMessageRefused{});
  return false;
}

/// An answer counts only if it comes from the data that the configuration names (design: votes and
/// acks carry id and incarnation and are checked by the one who counts them).
bool Core::sender_counts(const PeerMessage& message) {
  const Member* member = find_member(configuration(), message.peer);
  const bool counts = member != nullptr && member->incarnation == message.incarnation;
  if (auto* leadership = std::get_if<Leadership>(&state_); leadership && member != nullptr) {
    const auto follower = leadership->followers.find(message.peer);
    if (follower != leadership->followers.end() && follower->second.stranger == counts) {
      follower->second.stranger = !counts;
      if (!counts) {
        notice(Trouble{Error(Errc::kStranger, message.peer.str() + " answers with incarnation " +
                                                  to_string(message.incarnation) +
                                                  ", the configuration names " +
                                                  to_string(member->incarnation))});
      }
    }
  }
  return counts;
}

bool Core::is_own_voter() const {
  const Member* self = find_member(configuration(), identity_.node);
  return self != nullptr && self->incarnation == identity_.incarnation &&
         is_voter(configuration(), identity_.node);
}

bool Core::is_sole_voter() const {
  return is_own_voter() && configurations_.is_certain() && configuration().voters.size() == 1 &&
         !configuration().is_joint();
}

/// Checked after every event, in release builds too (rule 16).
void Core::check_invariants() {
  if (failed_) return;
  if (commit_index_ > log_.last_index()) {
    broken("commit index " + to_string(commit_index_) + " is beyond the last index " +
           to_string(log_.last_index()));
  } else if (applied_ > commit_index_) {
    broken("applied index " + to_string(applied_) + " is beyond the commit index " +
           to_string(commit_index_));
  } else if (configurations_.newest_index() > log_.last_index()) {
    broken("the configuration of entry " + to_string(configurations_.newest_index()) +
           " outlived it; the last index is " + to_string(log_.last_index()));
  } else if (commit_index_ < checked_.commit_index) {
    broken("the commit index went back to " + to_string(commit_index_));
  } else if (hard_state_.current_term < checked_.hard_state.current_term) {
    broken("the term went back to " + to_string(hard_state_.current_term));
  } else if (hard_state_.current_term == checked_.hard_state.current_term &&
             !checked_.hard_state.voted_for.is_none() &&
             hard_state_.voted_for != checked_.hard_state.voted_for) {
    broken("a second vote in term " + to_string(hard_state_.current_term));
  }
  checked_.commit_index = commit_index_;
  if (!(checked_.hard_state == hard_state_)) checked_.hard_state = hard_state_;
}

}  // namespace lockstep::consensus
