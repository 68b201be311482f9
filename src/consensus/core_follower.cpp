// Raft §5.3 on the follower: log matching, acknowledgement once durable.
#include <algorithm>

#include "consensus/core.hpp"

namespace lockstep::consensus {

/// Takes `from` for the leader of `term`, unless that term is over: then the sender learns so.
bool Core::follow(const PeerMessage& from, Term term_of_leader) {
  if (term_of_leader < term()) {
    notice(StaleMessageRefused{});
    AppendResponse refusal;
    refusal.term = term();
    send_after_sync(from.peer, refusal);
    return false;
  }
  if (term_of_leader > term()) enter_term(term_of_leader);
  if (std::holds_alternative<Leadership>(state_)) {
    broken(from.peer.str() + " leads in term " + to_string(term()) + " too");
    return false;
  }
  const auto* before = std::get_if<Following>(&state_);
  if (before == nullptr || (before->leader && before->leader != from.peer)) {
    become_follower(from.peer);
  }
  auto& following = std::get<Following>(state_);
  following.leader = from.peer;
  following.heard_at = now_;
  following.leader_is_gone = false;
  following.pre_vote.reset();
  following.has_made_way = false;
  election_timer_.heard(now_);
  if (transfer_) tick_transfer();
  return true;
}

void Core::receive_body(const PeerMessage& from, AppendEntries& append) {
  if (!follow(from, append.term) || installation_) return;
  // Released here, hence committed, hence the leader's too; what follows it comes again.
  if (append.previous.index < log_.before_first().index) return acknowledge();
  if (!contains(append.previous)) {
    if (append.previous.index <= commit_index_) {
      return broken(from.peer.str() + " contradicts the committed entry at " +
                    to_string(append.previous.index));
    }
    // The leader has been here, and comes again at its next retry.
    const auto& stuck_at = std::get<Following>(state_).stuck_at;
    if (stuck_at && append.previous.index >= *stuck_at) return;
    // Where the logs may meet, as the leader cannot know it (Raft §5.3, last paragraph).
    AppendResponse refusal = response_to_leader(false);
    refusal.rejected = append.previous.index;
    refusal.closest = log_.closest_to(append.previous);
    return send_after_sync(from.peer, refusal);
  }
  const std::optional<Index> equal_up_to = take_entries(append);
  if (!equal_up_to) return;

  auto& following = std::get<Following>(state_);
  following.matched = std::max(following.matched, *equal_up_to);
  advance_commit(std::min(append.commit_index, following.matched));
  // Otherwise a write is under way, and its end acknowledges.
  if (log_.durable_index() >= following.matched) acknowledge();
}

/// An entry that is committed is that of every leader, though its term is lost.
bool Core::contains(EntryId id) const {
  return log_.contains(id) || (log_.lacks_term(id.index) && id.index <= commit_index_);
}

/// False: the message is refused or the replica has failed.
bool Core::may_take(const AppendEntries& append) {
  Index expected = append.previous.index.next();
  Term last_term = append.previous.term;
  for (const Entry& entry : append.entries) {
    const EntryHeader& header = entry.header;
    if (header.index != expected || header.group != identity_.group || header.term < last_term ||
        header.term > append.term) {
      notice(MessageRefused{});
      return false;
    }
    if (!is_known(header.kind)) {
      fail(Error(Errc::kUnknownEntryKind,
                 "entry " + to_string(header.index) + " is of kind " +
                     std::to_string(static_cast<std::uint32_t>(header.kind)) +
                     ", which this version does not know: update this node"));
      return false;
    }
    if (header.kind == EntryKind::kConfiguration && !configuration_in(entry)) {
      fail(Error(Errc::kNotSupported, "the members that entry " + to_string(header.index) +
                                          " names cannot be read by this version: update this "
                                          "node"));
      return false;
    }
    expected = expected.next();
    last_term = header.term;
  }
  return true;
}

/// Puts what is new into the log, in the place of what contradicts it, and tells up to where the
/// logs are equal now. None: the message is refused or the replica has failed.
std::optional<Index> Core::take_entries(AppendEntries& append) {
  if (!may_take(append)) return std::nullopt;
  auto& stuck_at = std::get<Following>(state_).stuck_at;
  stuck_at.reset();
  // Mostly all of them are new.
  if (append.previous.index == log_.last_index()) {
    append_received(append.entries);
    return log_.last_index();
  }

  // An entry that has lost its term cannot be told from the leader's by itself. It is the same when
  // it is committed here or a later one is the same; it is another when its term would fall behind
  // it; and what the leader has committed may take its place. Otherwise it waits until one of these
  // is known, and what follows it waits too.
  Index same_up_to = commit_index_;
  for (const Entry& entry : append.entries) {
    if (log_.contains(entry.id())) same_up_to = std::max(same_up_to, entry.header.index);
  }
  const auto differs = [&](const Entry& entry) {
    const Index index = entry.header.index;
    if (!log_.lacks_term(index)) return !log_.contains(entry.id());
    const auto behind = log_.known_behind(index);
    return index > same_up_to && behind && entry.header.term > behind->term;
  };
  const auto is_unclear = [&](const Entry& entry) {
    const Index index = entry.header.index;
    return log_.lacks_term(index) && index > std::max(same_up_to, append.commit_index) &&
           !differs(entry);
  };
  const auto end = std::ranges::find_if(append.entries, is_unclear);
  if (end != append.entries.end()) stuck_at = end->header.index;
  const std::span<Entry> clear(append.entries.begin(), end);
  const Index equal_up_to(append.previous.index.value() + clear.size());

  const auto entry = std::ranges::find_if(clear, differs);
  if (entry != clear.end()) {
    const Index first = entry->header.index;
    if (first <= log_.last_index()) {
      if (first <= commit_index_) {
        broken("entry " + to_string(first) + " of term " + to_string(entry->header.term) +
               " would replace a committed one");
        return std::nullopt;
      }
      notice(EntriesReplaced{{first, log_.last_index()}});
      truncate_from(first);
    }
    append_received({entry, clear.end()});
  }
  repair_from({clear.begin(), entry});
  return equal_up_to;
}

void Core::append_received(std::span<Entry> entries) {
  if (entries.empty()) return;
  const Index first = entries.front().header.index;
  for (Entry& entry : entries) {
    const bool names_members = entry.header.kind == EntryKind::kConfiguration;
    log_.append(std::move(entry));
    if (names_members) take_configuration(log_.tail_at(log_.last_index()));
  }
  write_entries_from(first);
  notice(EntriesAccepted{{first, log_.last_index()}});
}

/// Tells the leader how far this log is durable and equal to its own; as soon as term and vote are
/// durable (rule 1).
void Core::acknowledge() {
  const auto* following = std::get_if<Following>(&state_);
  if (following == nullptr || !following->leader || hard_state_write_ > durable_write_) return;
  AppendResponse acceptance = response_to_leader(true);
  acceptance.match_index = std::min(following->matched, log_.intact_index());
  send(*following->leader, acceptance);
}

/// What every answer to the leader tells besides.
AppendResponse Core::response_to_leader(bool accepted) const {
  AppendResponse response;
  response.term = term();
  response.accepted = accepted;
  response.round = std::get<Following>(state_).round;
  response.disk_is_well = disk_is_well();
  return response;
}

void Core::receive_body(const PeerMessage& from, const Heartbeat& heartbeat) {
  if (!follow(from, heartbeat.term)) return;
  auto& following = std::get<Following>(state_);
  advance_commit(std::min(heartbeat.commit_index, following.matched));
  // A round that is known already comes with news of a commit, which wants no answer.
  if (heartbeat.round <= following.round) return;
  following.round = heartbeat.round;
  acknowledge();
}

void Core::request_sync(std::uint64_t id) {
  const auto known = leader();
  if (known && *known != identity_.node) {
    send(*known, SyncRequest{id});
  } else {
    notice(SyncAnswered{{id, false, Index{}}});
  }
}

void Core::receive_body(const PeerMessage& from, const SyncResponse& response) {
  if (leader() != from.peer) return notice(StaleMessageRefused{});
  notice(SyncAnswered{response});
}

}  // namespace lockstep::consensus
