// Raft §7 on the follower: a snapshot takes the place of engine and log.
#include <algorithm>
#include <utility>

#include "consensus/core.hpp"

namespace lockstep::consensus {

/// False: the log goes on from there, what lies before it is applied or can be, and who the members
/// are is known.
bool Core::needs(EntryId last) const {
  if (last.index <= applied_) return false;
  const auto damaged = log_.first_damaged_after(applied_);
  return !log_.contains(last) || (damaged && *damaged <= last.index) ||
         !configurations_.is_certain_at(last.index);
}

/// What was promised beyond the snapshot would be forgotten with the log (design rule 4). Only of a
/// damaged log it can be unknown that the snapshot is part of it.
bool Core::may_install(EntryId last) const {
  const EntryId promised = log_.promised();
  return last.term > promised.term || (last.term == promised.term && last.index >= promised.index);
}

/// The snapshot's last entry is committed, and this log has it, or its engine what it did.
void Core::confirm(const NodeId& leader, const InstallSnapshot& piece) {
  const Index last = piece.last.index;
  auto& following = std::get<Following>(state_);
  following.matched = std::max(following.matched, last);
  advance_commit(last);
  const IndexRanges& damaged = log_.damaged();
  if (damaged.empty() || damaged.front().first > last) return acknowledge();
  // The leader cannot give the damaged ones back. A later snapshot will tell who the members are.
  if (!configurations_.is_certain_at(last)) {
    return answer_piece(leader, piece.snapshot, 0, SnapshotResponse::State::kTooOld);
  }
  // The engine has what they held; what follows them may be needed to release them, since it tells
  // terms.
  answer_piece(leader, piece.snapshot, 0, SnapshotResponse::State::kNeedless);
  if (damaged.front().last <= applied_)
    notice(DamageOutlived{piece.snapshot, piece.last, piece.metadata});
}

void Core::answer_piece(const NodeId& sender, SnapshotId id, std::uint64_t next_offset,
                        SnapshotResponse::State state) {
  send_after_sync(sender, SnapshotResponse{term(), id, next_offset, state});
}

void Core::receive_body(const PeerMessage& from, const InstallSnapshot& piece) {
  if (!follow(from, piece.term)) return;
  if (installation_) {
    if (installation_->id != piece.snapshot) return;
    installation_->sender = from.peer;
    return answer_piece(from.peer, piece.snapshot, piece.size_bytes,
                        SnapshotResponse::State::kAccepting);
  }
  if (!needs(piece.last)) return confirm(from.peer, piece);
  if (!may_install(piece.last)) {
    return answer_piece(from.peer, piece.snapshot, 0, SnapshotResponse::State::kTooOld);
  }
  effects_.pieces_received.push_back({from.peer, piece});
}

void Core::piece_stored(const NodeId& sender, SnapshotId id, std::uint64_t next_offset) {
  if (failed_) return;
  answer_piece(sender, id, next_offset, SnapshotResponse::State::kAccepting);
}

void Core::piece_refused(const NodeId& sender, SnapshotId id, const Error& error) {
  if (failed_) return;
  notice(Trouble{Error(error.code, "a snapshot of " + sender.str() + "'s: " + error.message)});
  answer_piece(sender, id, 0, SnapshotResponse::State::kRefused);
}

void Core::snapshot_received(const NodeId& sender, SnapshotId id, std::string name,
                             Boundary boundary) {
  // Time has passed since its pieces came.
  const bool may = !failed_ && !installation_ && std::holds_alternative<Following>(state_) &&
                   needs(boundary.last) && may_install(boundary.last);
  if (!may) return;
  installation_ = Installation{sender, id, std::move(name), std::move(boundary)};
  write_installation();
  check_invariants();
}

void Core::write_installation() {
  if (!installation_ || installation_->write || unwritten_from_) return;
  if (installation_->step == Installation::Step::kIntent) {
    write().install_intent = InstallIntent{installation_->name, installation_->boundary.last};
  } else if (installation_->step == Installation::Step::kBoundary) {
    write().boundary = installation_->boundary;
  } else {
    return;
  }
  installation_->write = last_write_;
}

void Core::engine_has_snapshot() {
  if (failed_ || !installation_) return;
  installation_->step = Installation::Step::kBoundary;
  installation_->write.reset();
  write_installation();
  check_invariants();
}

void Core::advance_installation(WriteNumber durable) {
  if (!installation_ || !installation_->write || *installation_->write > durable) return;
  if (installation_->step == Installation::Step::kIntent) {
    installation_->step = Installation::Step::kEngine;
    effects_.install_snapshot = installation_->id;
  } else if (installation_->step == Installation::Step::kBoundary) {
    finish_installation();
  }
}

/// The log begins anew, durably.
void Core::finish_installation() {
  const Installation done = *std::exchange(installation_, std::nullopt);
  const EntryId last = done.boundary.last;
  const IndexRange uncommitted{commit_index_.next(), log_.last_index()};
  if (!uncommitted.empty()) notice(FateUnclear{uncommitted});
  const bool is_news = configurations_.at(commit_index_) != done.boundary.configuration;
  log_.reset(last);
  for (PendingWrite& pending : pending_writes_) {
    pending.first_index = last.index.next();
    pending.last_index = std::min(pending.last_index, last.index);
  }
  const std::uint64_t last_question = repair_.last_question;
  repair_ = Repair{};
  repair_.last_question = last_question;
  checkpoints_ = CheckpointWatch{};
  commit_index_ = released_ = applied_ = last.index;
  if (auto* following = std::get_if<Following>(&state_)) {
    following->matched = last.index;
    following->stuck_at.reset();
  }
  const Role role_before = role();
  configurations_ = ConfigurationHistory();
  configurations_.add(last.index, done.boundary.configuration);
  configuration_changed(role_before);
  if (is_news) notice(ConfigurationCommitted{last.index, done.boundary.configuration});
  notice(SnapshotTaken{last});
  answer_piece(done.sender, done.id, 0, SnapshotResponse::State::kInstalled);
}

}  // namespace lockstep::consensus
