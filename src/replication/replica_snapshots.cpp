// Snapshots (Raft §7): images of the engine for members that need one, and a leader's that takes
// the place of engine and log.
#include <algorithm>
#include <utility>

#include "replication/replica.hpp"
#include "replication/step.hpp"

namespace lockstep::replication {

using consensus::Core;

/// What they tell comes as tasks of its own: it may have been asked for inside a step.
void Replica::start_snapshots() {
  const auto later = [weak = weak_from_this()](auto event) {
    if (const auto self = weak.lock()) {
      self->strand_->post([weak, event = std::move(event)]() mutable {
        if (const auto alive = weak.lock()) alive->step(event);
      });
    }
  };
  SnapshotSender::Handlers sender;
  sender.take_image = [weak = weak_from_this()](SnapshotSender::TakenHandler done) {
    if (const auto self = weak.lock()) self->take_image(std::move(done));
  };
  sender.ready = [later](const NodeId& node, const consensus::SnapshotOffer& offer) {
    later([=](Core& core) { core.snapshot_ready(node, offer); });
  };
  sender.failed = [later](const NodeId& node, const Error& error) {
    later([=](Core& core) { core.snapshot_failed(node, error); });
  };
  sender.piece_ready = [later](const consensus::PieceWanted& wanted, const SharedBuffer& piece) {
    later([=](Core& core) { core.piece_ready(wanted, piece); });
  };
  snapshot_sender_->start(std::move(sender));

  SnapshotReceiver::Handlers receiver;
  receiver.stored = [later](const NodeId& node, consensus::SnapshotId id, std::uint64_t next) {
    later([=](Core& core) { core.piece_stored(node, id, next); });
  };
  receiver.refused = [later](const NodeId& node, consensus::SnapshotId id, const Error& error) {
    later([=](Core& core) { core.piece_refused(node, id, error); });
  };
  receiver.received = [weak = weak_from_this()](const NodeId& node, ReceivedSnapshot snapshot) {
    const auto self = weak.lock();
    if (!self || self->phase_ != Phase::kRunning || self->core_->is_installing()) return;
    self->received_snapshot_ = std::move(snapshot);
    const SnapshotMetadata& metadata = self->received_snapshot_->metadata;
    self->step([&](Core& core) {
      core.snapshot_received(node, self->received_snapshot_->id, metadata.id,
                             boundary_of(metadata));
    });
    if (self->core_->is_installing()) return;
    // Not wanted any more, or not now: then it comes again.
    self->received_snapshot_.reset();
    self->snapshot_receiver_->let_go();
  };
  snapshot_receiver_->start(std::move(receiver));
}

void Replica::move_snapshots(const consensus::Effects& effects) {
  for (const auto& wanted : effects.snapshots_wanted) snapshot_sender_->want(wanted);
  for (const auto& wanted : effects.pieces_wanted) snapshot_sender_->want_piece(wanted);
  for (const auto& received : effects.pieces_received) {
    board_.update([&](ReplicationStatus&, ReplicationMetrics& metrics) {
      metrics.snapshot_bytes_received += received.piece.chunk.size();
    });
    snapshot_receiver_->store(received);
  }
  if (effects.install_snapshot) install(*effects.install_snapshot);
}

/// Of what is applied, between two batches.
void Replica::take_image(ApplyPump::ImageHandler done) {
  apply_pump_->between_batches([weak = weak_from_this(), done = std::move(done)] {
    const auto self = weak.lock();
    if (!self) return;
    const auto taken = [weak, done](const Result<SnapshotImage>& image) {
      const auto alive = weak.lock();
      if (!alive || alive->phase_ != Phase::kRunning) return;
      if (image || image.error() == Errc::kNotSupported) {
        alive->engine_has_snapshots_ = image.has_value();
      }
      alive->apply_pump_->go_on(alive->core_->log());
      done(image);
    };
    const SnapshotMetadata metadata = self->metadata_of_applied();
    const bool is_place =
        chain_of(boundary_of(metadata)) && self->may_begin_behind(metadata.last.index);
    if (is_place) return self->apply_pump_->begin_snapshot(metadata, taken);
    taken(Error(Errc::kCorruption, "entries that the engine has applied are damaged in the log"));
  });
}

SnapshotMetadata Replica::metadata_of_applied() const {
  const Index applied = apply_pump_->applied();
  SnapshotMetadata metadata;
  metadata.last = {applied, core_->log().term_at(applied).value_or(Term{})};
  metadata.id = to_string(metadata.last.index) + "-" + to_string(metadata.last.term);
  metadata.configuration = core_->configurations().at(applied);
  if (const auto chain = checkpoints_.at(applied)) {
    metadata.checkpoint = chain->newest().digest;
    metadata.digests_since = chain->since();
  }
  return metadata;
}

/// The intent is durable. Nothing is applied until the log has its new boundary.
void Replica::install(consensus::SnapshotId id) {
  if (!received_snapshot_ || received_snapshot_->id != id) return;
  apply_pump_->between_batches([weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self || !self->received_snapshot_) return;
    // Let go of on the worker: it may be a file.
    ReceivedSnapshot snapshot = std::move(*std::exchange(self->received_snapshot_, std::nullopt));
    self->snapshot_receiver_->let_go();
    self->checkpoints_.forget();
    self->chain_of_snapshot_ = chain_of(boundary_of(snapshot.metadata));
    self->apply_pump_->install({std::move(snapshot.metadata), std::move(snapshot.state)},
                               [weak](const Result<>& installed) {
                                 const auto alive = weak.lock();
                                 if (!alive) return;
                                 alive->step([&](Core& core) {
                                   installed ? core.engine_has_snapshot()
                                             : core.fail(installed.error());
                                 });
                               });
  });
}

void Replica::snapshot_taken(EntryId last) {
  const consensus::ConfigurationHistory& known = core_->configurations();
  log_(LogLevel::kInfo,
       options_.node.str() + ": a snapshot was installed, up to index " + to_string(last.index) +
           "; members: " + std::to_string(known.newest().voters.size()) + " voters");
  if (chain_of_snapshot_) checkpoints_.reset(*std::exchange(chain_of_snapshot_, std::nullopt));
  received_ = {};
  committed_ = std::max(committed_, last.index);
  // What this node proposed when it led, and has not applied by itself.
  pending_.give_up(Error(Errc::kLeadershipLost, "another leader's snapshot took the log's place"),
                   true);
  board_.update([&](ReplicationStatus& status, ReplicationMetrics& metrics) {
    ++metrics.snapshots_installed;
    status.durable_applied = std::max(status.durable_applied, last.index);
  });
  apply_pump_->reset(last.index);
  publish();
  host_->emit({SnapshotInstalled{last}});
  apply_pump_->go_on(core_->log());
}

/// Once no member is being sent one, or the log goes on from it no longer.
void Replica::let_go_of_snapshots() {
  const auto image = snapshot_sender_->in_use();
  if (!image) return;
  const consensus::Leadership* leadership = core_->leadership();
  const bool in_use = leadership != nullptr && *image >= core_->log().before_first().index &&
                      std::ranges::any_of(leadership->followers, [](const auto& follower) {
                        return follower.second.progress.awaits_snapshot();
                      });
  if (!in_use) snapshot_sender_->let_go();
}

/// A crash came between the steps of an installation: what is left of it is done, or it is taken
/// back. True: the start goes on when that is durable.
bool Replica::finish_installation(const RecoveredEngine& engine) {
  WALState& wal = recovered_.wal;
  if (!wal.install_intent) return false;
  const EntryId last = wal.install_intent->last;
  const auto pair = std::ranges::find(engine.pairs, kBoundaryKey,
                                      [](const auto& p) { return std::string_view(p.first); });
  const auto installed =
      pair == engine.pairs.end() ? std::nullopt : decode_boundary(as_bytes(pair->second));
  const bool engine_has_it =
      installed && installed->last == last && engine.durable_applied >= last.index;
  if (!engine_has_it && engine.durable_applied > wal.bounds.last) {
    end_start(
        Error(Errc::kCorruption, "a snapshot up to index " + to_string(last.index) +
                                     " was being installed; the engine has applied up to index " +
                                     to_string(engine.durable_applied) +
                                     ", but lacks the pairs that came with the snapshot"));
    return true;
  }
  WALWrite write;
  if (engine_has_it) {
    write.boundary = installed;
    wal.boundary = write.boundary;
    wal.bounds = {last.index.next(), last.index};
    wal.term_runs.clear();
    wal.configuration_indexes.clear();
    wal.newest_configuration = Index{};
    wal.last_promised = last;
    wal.damaged.clear();
    recovered_.configurations = {};
    recovered_.configurations.add(last.index, write.boundary->configuration);
  } else {
    write.install_intent.emplace();
  }
  wal.install_intent.reset();
  wal_->write_at_start(std::move(write), [self = shared_from_this(), engine](const Error& error) {
    if (self->phase_ != Phase::kStarting) return;
    error ? self->end_start(error) : self->engine_recovered(engine);
  });
  return true;
}

}  // namespace lockstep::replication
