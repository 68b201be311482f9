// Raft §7 on the leader: what the log has let go of, and snapshots for followers that lack it.
#include <algorithm>
#include <utility>

#include "consensus/core.hpp"

namespace lockstep::consensus {
namespace {

/// It needs one, and can be reached.
bool may_get_snapshot(const Leadership::Follower& follower) {
  return follower.progress.awaits_snapshot() && follower.linked && !follower.stranger;
}

}  // namespace

void Core::prefix_released(EntryId last) {
  if (failed_) return;
  const Index intact_before = log_.intact_index();
  log_.release_prefix(last);
  configurations_.release_up_to(last.index);
  // Damage that was released is none any more: the engine has what it held.
  if (log_.intact_index() > intact_before) {
    std::holds_alternative<Leadership>(state_) ? commit_by_majority() : acknowledge();
    release_committed();
  }
  check_invariants();
}

void Core::want_snapshot(const NodeId& node, Leadership::Follower& follower) {
  follower.progress.await_snapshot();
  follower.read_ahead.clear();
  follower.silent_retries = 0;
  ask_for_snapshot(node, follower);
}

/// One from which the log goes on.
void Core::ask_for_snapshot(const NodeId& node, const Leadership::Follower& follower) {
  effects_.snapshots_wanted.push_back(
      {node, std::max(log_.before_first().index, follower.too_old.next())});
}

/// Each pause is twice as long as the one before, until something arrives.
void Core::pause_snapshot(Leadership::Follower& follower) {
  follower.transfer.reset();
  follower.next_snapshot = now_ + patience_with(follower);
  follower.silent_retries = std::min(follower.silent_retries + 1, kMaxRetryDoublings);
}

/// To a follower that has lost entries which this leader, and perhaps everybody, has released.
void Core::help_with_snapshot(const PeerMessage& from) {
  auto* leadership = std::get_if<Leadership>(&state_);
  if (leadership == nullptr || !sender_counts(from)) return;
  const auto found = leadership->followers.find(from.peer);
  if (found == leadership->followers.end()) return;
  // Also if it has acknowledged them once.
  if (found->second.progress.awaits_snapshot()) return;
  found->second.needs_snapshot = true;
  want_snapshot(from.peer, found->second);
}

/// The follower, if it waits for a snapshot still.
Leadership::Follower* Core::follower_awaiting(const NodeId& node) {
  auto* leadership = std::get_if<Leadership>(&state_);
  if (leadership == nullptr) return nullptr;
  const auto found = leadership->followers.find(node);
  const bool awaits =
      found != leadership->followers.end() && found->second.progress.awaits_snapshot();
  return awaits ? &found->second : nullptr;
}

void Core::snapshot_ready(const NodeId& node, SnapshotOffer offer) {
  Leadership::Follower* const follower = follower_awaiting(node);
  if (failed_ || follower == nullptr) return;
  follower->transfer.emplace(std::move(offer));
  open_snapshot(node, *follower);
  check_invariants();
}

void Core::snapshot_failed(const NodeId& node, const Error& error) {
  Leadership::Follower* const follower = follower_awaiting(node);
  if (failed_ || follower == nullptr) return;
  pause_snapshot(*follower);
  notice(Trouble{Error(error.code, "no snapshot for " + node.str() + ": " + error.message)});
}

/// The follower may have lost what it had, or have it from an earlier leader: its answer tells.
void Core::open_snapshot(const NodeId& node, Leadership::Follower& follower) {
  if (!follower.transfer || !may_get_snapshot(follower)) return;
  follower.transfer->open(now_);
  const SnapshotOffer& offer = follower.transfer->offer();
  send(node,
       InstallSnapshot{term(), offer.id, offer.last, offer.size_bytes, 0, offer.metadata, {}});
}

void Core::advance_snapshot(const NodeId& node, Leadership::Follower& follower) {
  while (const auto offset = follower.transfer->next_piece()) {
    effects_.pieces_wanted.push_back(
        {node, follower.transfer->offer().id, *offset, SnapshotTransfer::kPieceBytes});
  }
}

void Core::piece_ready(const PieceWanted& wanted, SharedBuffer chunk) {
  Leadership::Follower* const follower = follower_awaiting(wanted.follower);
  const bool still_wanted = follower != nullptr && follower->linked && follower->transfer &&
                            follower->transfer->offer().id == wanted.snapshot;
  if (failed_ || !still_wanted) return;
  const SnapshotOffer& offer = follower->transfer->offer();
  send(wanted.follower,
       InstallSnapshot{
           term(), offer.id, offer.last, offer.size_bytes, wanted.offset, {}, std::move(chunk)});
}

/// The follower goes on where this log begins. The acknowledgement may come before the word that it
/// has installed what it was sent.
void Core::end_snapshot(const NodeId& node, Leadership::Follower& follower) {
  if (!follower.progress.awaits_snapshot()) return;
  const auto& transfer = follower.transfer;
  if (transfer && transfer->acknowledged_bytes() == transfer->offer().size_bytes) {
    notice(SnapshotSentTo{node, transfer->offer().last});
  }
  follower.transfer.reset();
  follower.needs_snapshot = false;
  follower.progress.snapshot_given_up();
}

/// Time-outs are on progress, not on duration.
void Core::tick_snapshot(const NodeId& node, Leadership::Follower& follower) {
  if (!may_get_snapshot(follower)) return;
  const bool is_left_behind =
      follower.transfer && follower.transfer->offer().last.index < log_.before_first().index;
  if (is_left_behind) {
    follower.transfer.reset();
    return ask_for_snapshot(node, follower);
  }
  if (!follower.transfer) {
    if (follower.next_snapshot == MonotonicTime{} || now_ < follower.next_snapshot) return;
    follower.next_snapshot = MonotonicTime{};
    return ask_for_snapshot(node, follower);
  }
  if (!follower.transfer->is_silent_since(now_ - patience_with(follower))) return;
  follower.silent_retries = std::min(follower.silent_retries + 1, kMaxRetryDoublings);
  open_snapshot(node, follower);
}

void Core::receive_body(const PeerMessage& from, const SnapshotResponse& response) {
  if (!sender_counts(from)) return;
  auto* leadership = std::get_if<Leadership>(&state_);
  if (response.term > term()) {
    if (leadership != nullptr) notice(FencedByFollower{from.peer});
    return enter_term(response.term);
  }
  Leadership::Follower* const follower = follower_awaiting(from.peer);
  const bool is_expected = response.term == term() && follower != nullptr && follower->transfer &&
                           follower->transfer->offer().id == response.snapshot;
  if (!is_expected) return notice(StaleMessageRefused{});
  follower->linked = true;
  const EntryId last = follower->transfer->offer().last;
  switch (response.state) {
    case SnapshotResponse::State::kAccepting: {
      const std::uint64_t before = follower->transfer->acknowledged_bytes();
      follower->transfer->acknowledged(response.next_offset, now_);
      if (follower->transfer->acknowledged_bytes() > before) follower->silent_retries = 0;
      return advance_snapshot(from.peer, *follower);
    }
    case SnapshotResponse::State::kRefused:
      pause_snapshot(*follower);
      return notice(
          Trouble{Error(Errc::kNotSupported, from.peer.str() + " refuses the snapshot of index " +
                                                 to_string(last.index) + "; it says why")});
    case SnapshotResponse::State::kTooOld:
      follower->too_old = std::max(follower->too_old, last.index);
      return pause_snapshot(*follower);
    case SnapshotResponse::State::kNeedless:
      follower->transfer.reset();
      follower->needs_snapshot = false;
      follower->progress.go_on_behind(last.index);
      return feed(from.peer, *follower);
    case SnapshotResponse::State::kInstalled:
      follower->transfer.reset();
      follower->needs_snapshot = false;
      follower->silent_retries = 0;
      follower->progress.snapshot_installed(last.index, now_);
      notice(SnapshotSentTo{from.peer, last});
      commit_by_majority();
      return feed(from.peer, *follower);
  }
}

}  // namespace lockstep::consensus
