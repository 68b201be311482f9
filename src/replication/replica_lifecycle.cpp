// From opening the log to letting go of everything.
#include <utility>

#include "consensus/configuration_codec.hpp"
#include "replication/chain_recovery.hpp"
#include "replication/replica.hpp"
#include "replication/sealed_pairs.hpp"
#include "replication/step.hpp"

namespace lockstep::replication {

void Replica::start(DoneHandler done) {
  strand_->post([self = shared_from_this(), done = std::move(done)]() mutable {
    self->begin_start(std::move(done));
  });
}

void Replica::begin_start(DoneHandler done) {
  if (phase_ == Phase::kStopping || phase_ == Phase::kStopped) {
    return host_->answer(std::move(done), Errc::kStopped);
  }
  if (phase_ != Phase::kNew) {
    return host_->answer(std::move(done), Error(Errc::kWrongState, "start was called before"));
  }
  phase_ = Phase::kStarting;
  start_done_ = std::move(done);
  patience_with_wal_ = runtime_->schedule(strand_, options_.stall_limit, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->set_disk_state(DiskState::kStalled);
  });
  wal_->open([self = shared_from_this()](Result<WALState> state) {
    if (self->phase_ != Phase::kStarting) return;
    self->patience_with_wal_.reset();
    self->set_disk_state(DiskState::kHealthy);
    self->wal_opened(std::move(state));
  });
}

void Replica::wal_opened(Result<WALState> state) {
  if (!state) return end_start(state.error());
  const WALIdentity& identity = state->identity;
  if (identity.node != options_.node || identity.group != options_.group) {
    return end_start(Error(Errc::kForeignData, "the log belongs to node " + identity.node.str() +
                                                   ", group " + to_string(identity.group) +
                                                   "; this is node " + options_.node.str() +
                                                   ", group " + to_string(options_.group)));
  }
  const Index last =
      state->bounds.empty() && state->boundary ? state->boundary->last.index : state->bounds.last;
  if (state->last_promised.index != last) {
    return end_start(
        Error(Errc::kInvalidArgument, "the log says that it promised index " +
                                          to_string(state->last_promised.index) +
                                          " and that it ends at " + to_string(last) +
                                          "; what it has lost at its end must be reported "
                                          "as held and damaged"));
  }
  recovered_.wal = std::move(*state);
  if (const auto& boundary = recovered_.wal.boundary) {
    recovered_.configurations.add(boundary->last.index, boundary->configuration);
  }
  read_configuration(0);
}

/// The one in this place of the list, and then those behind it.
void Replica::read_configuration(std::size_t place) {
  const std::vector<Index>& held = recovered_.wal.configuration_indexes;
  if (place == held.size()) return recover_engine();
  const Index index = held[place];
  wal_->read({index, index}, options_.max_entry_bytes,
             [self = shared_from_this(), place, index](const Result<std::vector<Entry>>& entries) {
               if (self->phase_ != Phase::kStarting) return;
               if (!entries && entries.error() == Errc::kCorruption) {
                 // Who the members are is known again once this entry is repaired.
                 add(self->recovered_.wal.damaged, {index, index});
                 self->recovered_.configurations.add_damaged(index);
                 return self->read_configuration(place + 1);
               }
               if (!entries) return self->end_start(entries.error());
               auto record = consensus::decode_record(entries->front().payload().bytes());
               if (!record) {
                 return self->end_start(
                     Error(Errc::kCorruption,
                           "the configuration entry at " + to_string(index) + " cannot be read"));
               }
               self->recovered_.configurations.add(index, std::move(record->configuration));
               self->read_configuration(place + 1);
             });
}

void Replica::recover_engine() {
  apply_pump_->run_on_worker([receiver = snapshot_receiver_] { receiver->remove_left_over(); });
  apply_pump_->recover([self = shared_from_this()](const Result<RecoveredEngine>& engine) {
    if (self->phase_ == Phase::kStarting) self->engine_recovered(engine);
  });
}

void Replica::engine_recovered(const Result<RecoveredEngine>& engine) {
  if (!engine) return end_start(engine.error());
  if (finish_installation(*engine)) return;
  const WALState& wal = recovered_.wal;
  const Index last =
      wal.bounds.empty() && wal.boundary ? wal.boundary->last.index : wal.bounds.last;
  if (engine->durable_applied > last) {
    return end_start(Error(Errc::kCorruption, "the engine has applied up to index " +
                                                  to_string(engine->durable_applied) +
                                                  ", the log ends at " + to_string(last) +
                                                  ": they are not of the same node"));
  }
  if (wal.boundary && engine->durable_applied < wal.boundary->last.index) {
    return end_start(Error(Errc::kCorruption, "the engine has applied up to index " +
                                                  to_string(engine->durable_applied) +
                                                  ", the log begins behind " +
                                                  to_string(wal.boundary->last.index) +
                                                  ": what lies between is lost"));
  }
  const auto sealed = applied_in(engine->pairs);
  const auto term = sealed ? consensus::TermRuns(wal.term_runs).at(sealed->index) : std::nullopt;
  const bool known = term && *term != Term{};  // a damaged entry may have lost its term
  if (sealed && sealed->index <= last && known && *term != sealed->term) {
    return end_start(Error(Errc::kForeignData,
                           "the engine has applied index " + to_string(sealed->index) +
                               " of term " + to_string(sealed->term) + ", which has term " +
                               to_string(*term) + " in the log: they are not of the same node"));
  }
  recovered_.applied = engine->durable_applied;
  known_chain_ = chain_known_at_start(engine->pairs, wal.boundary, recovered_.applied);
  if (!known_chain_) return run();
  recover_chain(wal_, *known_chain_, recovered_.applied,
                [self = shared_from_this()](std::optional<CheckpointChain> chain) {
                  if (self->phase_ != Phase::kStarting) return;
                  self->set_chain(chain);
                  self->run();
                });
}

void Replica::run() {
  if (const ClusterId cluster = recovered_.wal.identity.cluster; !cluster.is_none()) {
    if (const auto set = network_->set_cluster(cluster); !set) return end_start(set.error());
  }
  auto handler =
      network_->set_handler(options_.group, {MessageType::kWalEntry, MessageType::kCheckpoint},
                            [weak = weak_from_this()](ReplicationMessage&& message) {
                              if (const auto self = weak.lock()) self->receive(std::move(message));
                            });
  if (!handler) return end_start(handler.error());
  subscriptions_.push_back(std::move(*handler));
  subscriptions_.push_back(
      network_->subscribe([weak = weak_from_this()](const NetworkEvent& event) {
        if (const auto self = weak.lock()) self->network_event(event);
      }));

  consensus::CoreOptions options;
  options.heartbeat_interval = options_.heartbeat_interval;
  options.commit_notice_delay = options_.heartbeat_interval / 64;
  options.elected = options_.leadership == Leadership::kElected;
  options.readmit_strangers = options_.readmit_strangers;
  options.election_timeout_min = options_.election_timeout_min;
  options.election_timeout_max = options_.election_timeout_max;
  options.random_seed = runtime_->random();
  options.vote_timeout = options_.vote_timeout;
  options.transfer_timeout = options_.transfer_timeout;
  options.bootstrap_timeout = options_.bootstrap_timeout;
  options.retry_interval = options_.retry_interval;
  options.window = {options_.max_in_flight_bytes, options_.max_in_flight_messages};
  options.max_batch_bytes = options_.max_batch_bytes;
  options.read_ahead_bytes = options_.max_in_flight_bytes / 4;
  options.tail_cache_bytes = options_.tail_cache_bytes;
  const Index applied_before = recovered_.applied;
  board_.update([&](ReplicationStatus& status, ReplicationMetrics&) {
    status.incarnation = recovered_.wal.identity.incarnation;
    status.cluster = recovered_.wal.identity.cluster;
    status.commit_index = applied_before;
    status.durable_applied = applied_before;
  });
  committed_ = applied_before;
  const IndexRanges damaged = recovered_.wal.damaged;
  core_.emplace(options, std::move(recovered_), runtime_->now());
  wal_->on_durable([weak = weak_from_this()](consensus::WriteNumber number) {
    if (const auto self = weak.lock()) self->became_durable(number);
  });
  wal_->on_failure([weak = weak_from_this()](const Error& error) {
    if (const auto self = weak.lock()) {
      self->step([&](consensus::Core& core) { core.write_failed(error); });
    }
  });
  wal_->on_no_space([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->wal_found_no_space();
  });
  apply_pump_->start(
      applied_before,
      [weak = weak_from_this()](ApplyPump::Batch batch) {
        if (const auto self = weak.lock()) self->applied(std::move(batch));
      },
      [weak = weak_from_this()](const Error& error) {
        if (const auto self = weak.lock()) {
          self->apply_failed(error);
        }
      });
  told_term_ = core_->term();
  if (const auto newest = checkpoints_.newest(); newest && newest->index > Index{}) {
    core_->checkpoint_made(newest->index, newest->digest);
  }
  start_snapshots();
  phase_ = Phase::kRunning;
  publish();
  for (const IndexRange& range : damaged) tell(consensus::LogDamaged{range});
  wal_->on_damage([weak = weak_from_this()](IndexRange range) {
    if (const auto self = weak.lock()) {
      self->step([&](consensus::Core& core) { core.damage_found(range); });
    }
  });
  for (const NodeId& node : network_->connected_nodes()) {
    step([&](consensus::Core& core) { core.link_up(node); });
  }
  plan_tick();
  end_start({});
}

void Replica::end_start(Error error) {
  host_->answer(std::exchange(start_done_, {}), std::move(error));
}

void Replica::stop(DoneHandler done) {
  strand_->post([self = shared_from_this(), done = std::move(done)]() mutable {
    self->begin_stop(std::move(done));
  });
}

/// Everything that waits is completed now; then the engine, then the log, each when it is no longer
/// in use.
void Replica::begin_stop(DoneHandler done) {
  if (phase_ == Phase::kStopped) return host_->answer(std::move(done), {});
  stop_done_.push_back(std::move(done));
  if (phase_ == Phase::kStopping) return;
  phase_ = Phase::kStopping;
  timer_.reset();
  subscriptions_.clear();
  snapshot_receiver_->stop();
  due_messages_.clear();
  end_start(Errc::kStopped);
  for (const auto& write : queue_.close()) reject(write, Errc::kStopped);
  pending_.give_up(Errc::kStopped, true);
  complete_pending();
  for (auto& [id, call] : std::exchange(calls_, {})) host_->answer(std::move(call), Errc::kStopped);
  complete_sync_waiters(sync_waiters_.give_up(Errc::kStopped));
  complete_reads(reads_.give_up(Errc::kStopped));
  payload_hasher_.stop(
      [self = shared_from_this()] { self->strand_->post([self] { self->stop_engine(); }); });
}

/// After the images, which may be views of it.
void Replica::stop_engine() {
  snapshot_sender_->stop(
      [self = shared_from_this()] { self->apply_pump_->stop([self] { self->close_wal(); }); });
}

void Replica::close_wal() {
  wal_->close([self = shared_from_this()] { self->end_stop({}); });
  patience_with_wal_ = runtime_->schedule(strand_, options_.stall_limit, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) {
      self->end_stop(Error(Errc::kStalled,
                           "the log's disk does not answer; the log is let go once "
                           "it does"));
    }
  });
}

void Replica::end_stop(Error error) {
  if (std::exchange(phase_, Phase::kStopped) == Phase::kStopped) return;
  patience_with_wal_.reset();
  network_.reset();
  board_.update([](ReplicationStatus& status, ReplicationMetrics&) {
    status.role = Role::kFollower;
    status.leader.reset();
    status.followers.clear();
  });
  for (DoneHandler& done : std::exchange(stop_done_, {})) host_->answer(std::move(done), error);
}

}  // namespace lockstep::replication
