// Raft §5.3 and §5.4.2 on the leader: new entries, followers' windows, commit.
#include <algorithm>

#include "consensus/core.hpp"
#include "consensus/quorum.hpp"

namespace lockstep::consensus {

void Core::append_new(std::vector<Proposal> proposals) {
  if (auto* leadership = std::get_if<Leadership>(&state_)) leadership->appended_at = now_;
  const Index first = log_.last_index().next();
  effects_.entries_to_seal.reserve(effects_.entries_to_seal.size() + proposals.size());
  for (Proposal& proposal : proposals) {
    EntryHeader header;
    header.group = identity_.group;
    header.kind = proposal.kind;
    header.term = term();
    header.index = log_.last_index().next();
    header.payload_bytes = proposal.payload_bytes;
    const ByteSpan encoded(proposal.memory.get(),
                           EntryHeader::kEncodedBytes + proposal.payload_bytes);
    log_.append({header, Digest{}, SharedBuffer(proposal.memory, encoded)});
    effects_.entries_to_seal.push_back(
        {header, std::move(proposal.memory), std::move(proposal.leaves)});
  }
  write_entries_from(first);
}

void Core::feed_all() {
  auto& leadership = std::get<Leadership>(state_);
  for (auto& [node, follower] : leadership.followers) feed(node, follower);
}

void Core::feed(const NodeId& node) {
  auto* leadership = std::get_if<Leadership>(&state_);
  if (leadership == nullptr) return;
  const auto follower = leadership->followers.find(node);
  if (follower == leadership->followers.end()) return;
  // What went out a moment ago is not sent twice for somebody's impatience.
  if (follower->second.progress.is_silent_since(now_ - options_.heartbeat_interval)) {
    follower->second.progress.lost();
  }
  feed(node, follower->second);
}

/// Sends what the follower lacks, as far as its window allows. Entries that are no longer in memory
/// are read from the WAL, ahead of the window.
void Core::feed(const NodeId& node, Leadership::Follower& follower) {
  Progress& progress = follower.progress;
  if (!follower.linked || follower.stranger) return;
  while (progress.may_send()) {
    const Index next = progress.next_index();
    follower.needs_snapshot = next < log_.first_index();
    if (follower.needs_snapshot) return want_snapshot(node, follower);
    if (next > log_.last_index()) {
      // Level. A probe still has to find out whether the logs are equal.
      if (progress.is_probing()) send_entries(node, follower, {}, {});
      return;
    }
    // Until it is repaired, what follows an entry without a term cannot be offered.
    if (log_.lacks_term(next.previous())) return;
    if (next >= log_.tail_first_index()) {
      follower.read_ahead.clear();
      follower.pace.reset();
      send_entries(node, follower, {next, log_.last_within(next, options_.max_batch_bytes)}, {});
      continue;
    }
    if (progress.is_probing() && next.previous() != progress.match_index()) {
      return send_entries(node, follower, {}, {});
    }
    if (!progress.may_send_within(window_of(follower))) break;
    std::vector<Entry> entries = follower.read_ahead.take(next, options_.max_batch_bytes);
    if (entries.empty()) break;
    send_entries(node, follower, {}, std::move(entries));
  }
  read_ahead(node, follower);
}

void Core::send_entries(const NodeId& node, Leadership::Follower& follower, IndexRange range,
                        std::vector<Entry> entries) {
  const Index previous = follower.progress.next_index().previous();
  Index last = previous;
  std::size_t bytes = 0;
  if (!entries.empty()) {
    last = entries.back().header.index;
    for (const Entry& entry : entries) bytes += entry.size_bytes();
  } else if (!range.empty()) {
    last = range.last;
    bytes = log_.tail_bytes_in(range);
  }
  send(node,
       AppendEntries{
           term(), {previous, *log_.term_at(previous)}, commit_index_, range, std::move(entries)});
  follower.progress.sent(last, bytes, now_);
  follower.commit_told = commit_index_;
}

void Core::send_heartbeat(const NodeId& node, Leadership::Follower& follower) {
  if (!follower.linked) return;
  Heartbeat heartbeat;
  heartbeat.term = term();
  heartbeat.commit_index = commit_index_;
  heartbeat.round = std::get<Leadership>(state_).round;
  send(node, heartbeat);
  follower.commit_told = commit_index_;
}

void Core::tick_leader() {
  auto& leadership = std::get<Leadership>(state_);
  mark_level();
  const bool heartbeat_is_due = now_ >= leadership.next_heartbeat;
  if (heartbeat_is_due) {
    leadership.next_heartbeat = now_ + options_.heartbeat_interval;
    ++leadership.round;
    // Those whose round got lost are served by this one.
    if (commit_index_ >= leadership.first_index) {
      leadership.reads.start(leadership.round, commit_index_);
    }
  }
  if (leadership.next_commit_notice && now_ >= *leadership.next_commit_notice) tell_commit();
  for (auto& [node, follower] : leadership.followers) {
    tick_snapshot(node, follower);
    if (heartbeat_is_due) {
      send_heartbeat(node, follower);
      look_at_pace(follower);
    }
    if (!follower.progress.is_silent_since(now_ - patience_with(follower))) continue;
    follower.silent_retries = std::min(follower.silent_retries + 1, kMaxRetryDoublings);
    follower.progress.lost();
    feed(node, follower);
  }
}

/// How long it may be silent until what is under way is sent again.
std::chrono::nanoseconds Core::patience_with(const Leadership::Follower& follower) const {
  return options_.retry_interval * (1 << follower.silent_retries);
}

void Core::mark_level() {
  auto& leadership = std::get<Leadership>(state_);
  for (auto& [node, follower] : leadership.followers) {
    const Index match = follower.progress.match_index();
    if (match >= follower.awaited) {
      follower.level_at = match == log_.last_index() ? now_ : follower.awaited_since;
      follower.awaited = log_.last_index();
      follower.awaited_since = now_;
    }
  }
}

/// Raft §5.4.2: only an entry of the current term commits by counting; earlier ones follow. The
/// leader counts itself only as far as it is durable.
void Core::commit_by_majority() {
  auto& leadership = std::get<Leadership>(state_);
  const Index index = majority_match(configuration(), [&](const NodeId& node) {
    // A damaged entry counts towards no majority; a sole voter has nobody else to count on.
    if (node == identity_.node) {
      return is_sole_voter() ? log_.durable_index() : log_.intact_index();
    }
    const auto follower = leadership.followers.find(node);
    const bool counts = follower != leadership.followers.end() && !follower->second.stranger;
    return counts ? follower->second.progress.match_index() : Index{};
  });
  if (index <= commit_index_ || log_.term_at(index) != term()) return;
  advance_commit(index);
  serve_reads();
  plan_commit_notice();
}

/// A follower that has nothing more to receive would hear of a commit only with the next heartbeat.
/// Mostly the next entries follow at once and tell of it.
void Core::plan_commit_notice() {
  auto& next = std::get<Leadership>(state_).next_commit_notice;
  if (!next) next = now_ + options_.commit_notice_delay;
}

bool Core::wants_commit_notice(const Leadership::Follower& follower) const {
  const bool is_level = follower.progress.match_index() == log_.last_index();
  return is_level && follower.commit_told < commit_index_;
}

void Core::tell_commit() {
  auto& leadership = std::get<Leadership>(state_);
  leadership.next_commit_notice.reset();
  for (auto& [node, follower] : leadership.followers) {
    if (wants_commit_notice(follower)) send_heartbeat(node, follower);
  }
}

void Core::receive_body(const PeerMessage& from, const AppendResponse& response) {
  if (!sender_counts(from)) return;
  auto* leadership = std::get_if<Leadership>(&state_);
  if (response.term > term()) {
    if (leadership != nullptr) notice(FencedByFollower{from.peer});
    return enter_term(response.term);
  }
  if (leadership == nullptr || response.term < term()) return notice(StaleMessageRefused{});
  const auto found = leadership->followers.find(from.peer);
  if (found == leadership->followers.end()) return;
  if (response.match_index > log_.last_index() || response.round > leadership->round) {
    return notice(MessageRefused{});
  }

  Leadership::Follower& follower = found->second;
  follower.linked = true;
  follower.heard_at = now_;
  follower.disk_is_well = response.disk_is_well;
  if (response.round > follower.round) {
    follower.round = response.round;
    serve_reads();
  }
  if (response.accepted) {
    if (follower.progress.accepted(response.match_index, now_)) {
      follower.silent_retries = 0;
      commit_by_majority();
    }
    if (response.match_index.next() >= log_.first_index()) end_snapshot(from.peer, follower);
  } else if (follower.progress.rejected(response.rejected,
                                        log_.closest_to(response.closest).index)) {
    follower.silent_retries = 0;
    notice(AppendRejected{});
  }
  feed(from.peer, follower);
  if (wants_commit_notice(follower)) plan_commit_notice();
  if (transfer_ && transfer_->target == from.peer) tell_to_campaign();
}

void Core::receive_body(const PeerMessage& from, const SyncRequest& request) {
  const bool leads = std::holds_alternative<Leadership>(state_);
  send(from.peer, SyncResponse{request.id, leads, commit_index_});
  feed(from.peer);
}

}  // namespace lockstep::consensus
