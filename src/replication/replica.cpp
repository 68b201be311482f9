#include "replication/replica.hpp"

#include <algorithm>
#include <utility>

#include "base/byte_codec.hpp"
#include "replication/message_codec.hpp"
#include "replication/step.hpp"

namespace lockstep::replication {
namespace {

/// The strand hashes no more than this in one go; a worker does it for larger payloads.
constexpr std::size_t kLargePayloadBytes = std::size_t{64} << 10;
/// Received and not yet looked at; what comes beyond it is dropped, and sent again by its sender.
constexpr std::size_t kMaxInboundBytes = std::size_t{64} << 20;

std::size_t size_of(const ReplicationMessage& message) {
  const auto* batch = std::get_if<EntryBatch>(&message.data);
  if (batch == nullptr) return 0;
  std::size_t size = batch->fields.size();
  for (const Entry& entry : batch->entries) size += entry.size_bytes();
  return size;
}

}  // namespace

Replica::Replica(ReplicaOptions options, WALReplicationManager::Parts parts)
    : options_(std::move(options)),
      log_(options_.log ? options_.log : default_log_sink()),
      runtime_(parts.runtime),
      network_(parts.network),
      strand_(runtime_->make_strand()),
      callbacks_(options_.callback_executor ? options_.callback_executor : runtime_->make_strand()),
      wal_(std::make_shared<WALDriver>(parts.wal, parts.wal_executor, strand_)),
      apply_pump_(std::make_shared<ApplyPump>(parts.state_machine,
                                              runtime_->make_worker("lockstep-apply"), strand_,
                                              wal_, options_.max_apply_batch_bytes)),
      queue_(options_.max_uncommitted_bytes),
      pending_(options_) {
  board_.update([&](ReplicationStatus& status, ReplicationMetrics&) {
    status.node = options_.node;
    status.group = options_.group;
    status.mode = options_.mode;
  });
}

void Replica::answer(DoneHandler done, Error error) {
  if (!done) return;
  post_callback([done = std::move(done), error = std::move(error)] { done(error); });
}

/// Calls of the operator's: answered by the core, sooner or later, or at the stop.
void Replica::call_core(DoneHandler done, std::function<void(consensus::CallId)> call) {
  strand_->post(
      [self = shared_from_this(), done = std::move(done), call = std::move(call)]() mutable {
        if (self->phase_ != Phase::kRunning) {
          const bool over = self->phase_ == Phase::kStopping || self->phase_ == Phase::kStopped;
          return self->answer(std::move(done), over ? Error(Errc::kStopped)
                                                    : Error(Errc::kWrongState, "not started"));
        }
        const consensus::CallId id(++self->last_call_);
        self->calls_[id] = std::move(done);
        call(id);
      });
}

void Replica::bootstrap(std::vector<NodeId> members, DoneHandler done) {
  for (const NodeId& member : members) {
    if (!member.is_valid() || std::ranges::count(members, member) > 1) {
      return answer(std::move(done),
                    Error(Errc::kInvalidArgument,
                          "members: \"" + member.str() + "\" must be a valid node id, named once"));
    }
  }
  call_core(std::move(done), [this, members = std::move(members)](consensus::CallId id) {
    const auto draw = [&] {
      ClusterId::Bytes bytes;
      for (std::size_t i = 0; i < bytes.size(); i += 8) store_le(&bytes[i], runtime_->random());
      return bytes;
    };
    // All groups of a process belong to one cluster.
    const ClusterId known = network_->cluster();
    const ClusterId cluster = known.is_none() ? ClusterId(draw()) : known;
    step([&](consensus::Core& core) { core.bootstrap(id, members, cluster, Epoch(draw())); });
  });
}

void Replica::set_role(Role role, DoneHandler done) {
  if (role != Role::kLeader && role != Role::kFollower) {
    return answer(std::move(done),
                  Error(Errc::kNotSupported, "set_role takes kLeader or kFollower"));
  }
  call_core(std::move(done), [this, role](consensus::CallId id) {
    step([&](consensus::Core& core) {
      role == Role::kLeader ? core.campaign(id) : core.become_follower_by_command(id);
    });
  });
}

void Replica::replicate(Payload payload, WriteOptions options, WriteHandler done) {
  auto write = std::make_shared<ProposedWrite>();
  write->options = options;
  write->done = std::move(done);
  write->called_at = runtime_->now();
  open_writes_.fetch_add(1, std::memory_order_relaxed);
  if (payload.size() > options_.max_entry_bytes) {
    return reject(write,
                  Error(Errc::kTooLarge, "the payload has " + std::to_string(payload.size()) +
                                             " bytes, max_entry_bytes is " +
                                             std::to_string(options_.max_entry_bytes)));
  }
  write->proposal.payload_bytes = payload.size();
  write->proposal.memory =
      (payload.size() == 0 ? Payload(std::size_t{0}) : std::move(payload)).release();
  write->ready = write->proposal.payload_bytes <= kLargePayloadBytes;

  switch (queue_.push(write)) {
    case ProposalQueue::Push::kClosed:
      return reject(write, Errc::kStopped);
    case ProposalQueue::Push::kOverBudget:
      return reject(write, Error(Errc::kOverloaded, "max_uncommitted_bytes are not committed yet"));
    case ProposalQueue::Push::kFirst:
      strand_->post([self = shared_from_this()] { self->drain_proposals(); });
      break;
    case ProposalQueue::Push::kQueued:
      break;
  }
  if (write->ready) return;
  std::call_once(hash_worker_made_, [&] { hash_worker_ = runtime_->make_worker("lockstep-hash"); });
  hash_worker_->post([self = shared_from_this(), write] {
    Sha256 sha;
    write->proposal.leaves =
        hash_leaves(sha, ByteSpan(write->proposal.memory.get() + EntryHeader::kEncodedBytes,
                                  write->proposal.payload_bytes));
    if (self->queue_.set_ready(write)) {
      self->strand_->post([self] { self->drain_proposals(); });
    }
  });
}

void Replica::reject(const std::shared_ptr<ProposedWrite>& write, Error error) {
  open_writes_.fetch_sub(1, std::memory_order_relaxed);
  board_.update([](ReplicationStatus&, ReplicationMetrics& metrics) { ++metrics.writes_rejected; });
  if (!write->done) return;
  post_callback(
      [done = std::move(write->done), error = std::move(error)] { done(WriteRejected{error}); });
}

void Replica::drain_proposals() {
  std::vector<std::shared_ptr<ProposedWrite>> writes = queue_.take_ready();
  if (writes.empty()) return;
  Error refusal;
  if (phase_ != Phase::kRunning) {
    refusal = phase_ == Phase::kStopping || phase_ == Phase::kStopped
                  ? Error(Errc::kStopped)
                  : Error(Errc::kWrongState, "not started");
  } else if (core_->failed()) {
    refusal = board_.status().failure.value_or(Error(Errc::kWrongState));
  } else if (core_->role() != Role::kLeader) {
    const auto leader = core_->leader();
    refusal = Error(Errc::kNotLeader,
                    leader ? "the leader is " + leader->str() : "this node knows of no leader");
  }
  if (refusal) {
    for (const auto& write : writes) {
      queue_.release(write->size_bytes());
      reject(write, refusal);
    }
    return;
  }
  std::vector<consensus::Proposal> proposals;
  proposals.reserve(writes.size());
  for (const auto& write : writes) proposals.push_back(std::move(write->proposal));
  board_.update([&](ReplicationStatus&, ReplicationMetrics& metrics) {
    metrics.entries_appended += writes.size();
  });
  appending_ = std::move(writes);
  step([&](consensus::Core& core) { core.propose(std::move(proposals)); });
}

void Replica::sync_with_node(NodeId node, DoneHandler done) {
  strand_->post([self = shared_from_this(), node = std::move(node),
                 done = std::move(done)]() mutable {
    if (self->phase_ != Phase::kRunning) {
      return self->answer(std::move(done), Error(Errc::kStopped, "the replica is not running"));
    }
    consensus::Core& core = *self->core_;
    const auto timeout = self->options_.write_timeout;
    const MonotonicTime deadline =
        timeout.count() > 0 ? self->runtime_->now() + timeout : MonotonicTime::max();
    if (const auto* leadership = core.leadership()) {
      if (!leadership->followers.contains(node)) {
        return self->answer(std::move(done), Error(Errc::kNotAMember,
                                                   node.str() + " is no follower of this leader"));
      }
      self->sync_waiters_.add_for_leader(node, core.log().last_index(), deadline, std::move(done));
      self->step([&](consensus::Core& leader) { leader.feed(node); });
    } else if (core.leader() == node) {
      const std::uint64_t request = self->sync_waiters_.add_for_follower(deadline, std::move(done));
      self->step([&](consensus::Core& follower) { follower.request_sync(request); });
    } else {
      self->answer(std::move(done),
                   Error(Errc::kNotLeader, node.str() + " is not known to be the leader"));
    }
  });
}

/// On the network's thread.
void Replica::receive(const ReplicationMessage& message) {
  const std::size_t size = size_of(message);
  if (inbound_bytes_.load(std::memory_order_relaxed) > kMaxInboundBytes) {
    return board_.update([](ReplicationStatus&, ReplicationMetrics& m) { ++m.messages_refused; });
  }
  auto decoded = decode(message);
  if (!decoded) {
    log_(LogLevel::kWarning, options_.node.str() + " refused a malformed " +
                                 to_string(message.type) + " of " + message.source_node.str());
    return board_.update([](ReplicationStatus&, ReplicationMetrics& m) { ++m.messages_refused; });
  }
  inbound_bytes_.fetch_add(size, std::memory_order_relaxed);
  strand_->post([self = shared_from_this(), size, decoded = std::move(*decoded)] {
    self->inbound_bytes_.fetch_sub(size, std::memory_order_relaxed);
    if (std::holds_alternative<consensus::Heartbeat>(decoded.body)) {
      self->board_.update(
          [](ReplicationStatus&, ReplicationMetrics& m) { ++m.heartbeats_received; });
    }
    self->step([&](consensus::Core& core) { core.receive(decoded); });
  });
}

void Replica::network_event(const NetworkEvent& event) {
  const bool up = std::holds_alternative<NodeConnected>(event);
  if (!up && !std::holds_alternative<NodeDisconnected>(event)) return;
  const NodeId node =
      up ? std::get<NodeConnected>(event).node : std::get<NodeDisconnected>(event).node;
  strand_->post([self = shared_from_this(), up, node] {
    self->step([&](consensus::Core& core) { up ? core.link_up(node) : core.link_lost(node); });
  });
}

void Replica::schedule_tick() {
  using std::chrono::milliseconds;
  const auto interval =
      std::clamp(std::min(options_.heartbeat_interval, options_.retry_interval) / 4,
                 milliseconds{1}, milliseconds{50});
  timer_ = runtime_->schedule(strand_, interval, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->tick();
  });
}

void Replica::tick() {
  if (phase_ != Phase::kRunning) return;
  step([&](consensus::Core& core) { core.tick(runtime_->now()); });
  pending_.expire(runtime_->now());
  complete_pending();
  schedule_tick();
}

void Replica::applied(ApplyPump::Batch batch) {
  pending_.applied(std::move(batch.results));
  board_.update([&](ReplicationStatus&, ReplicationMetrics& metrics) {
    ++metrics.apply_batches;
    metrics.entries_applied += batch.entries;
  });
  step([&](consensus::Core& core) { core.applied_up_to(batch.last); });
  apply_pump_->committed(core_->commit_index(), core_->log());
}

/// Calls back whoever need not wait any longer.
void Replica::complete_pending() {
  if (core_ && core_->leadership() != nullptr) {
    pending_.copies_changed([&](Index index) {
      std::size_t copies = core_->log().durable_index() >= index ? 1 : 0;
      for (const auto& [node, follower] : core_->leadership()->followers) {
        if (follower.progress.match_index() >= index) ++copies;
      }
      return copies;
    });
  }
  if (const std::size_t bytes = pending_.take_released_bytes(); bytes > 0) queue_.release(bytes);
  std::vector<PendingWrites::Completion> completions = pending_.take_completions();
  if (completions.empty()) return;
  open_writes_.fetch_sub(completions.size(), std::memory_order_relaxed);
  const MonotonicTime now = runtime_->now();
  board_.update([&](ReplicationStatus&, ReplicationMetrics& metrics) {
    for (const auto& completion : completions) {
      if (std::holds_alternative<WriteCommitted>(completion.outcome)) {
        ++metrics.writes_committed;
        metrics.commit_latency.record(now - completion.called_at);
      } else if (std::holds_alternative<WriteLocallyDurable>(completion.outcome)) {
        ++metrics.writes_locally_durable;
        metrics.local_latency.record(now - completion.called_at);
      } else {
        ++metrics.writes_unknown;
      }
    }
  });
  callbacks_->post([self = shared_from_this(), completions = std::move(completions)] {
    for (const auto& completion : completions) {
      if (completion.done) self->call_host([&] { completion.done(completion.outcome); });
    }
  });
}

/// What the host's code throws is caught, logged and counted. On the executor for callbacks.
void Replica::call_host(const std::function<void()>& callback) {
  try {
    callback();
  } catch (...) {
    host_threw();
  }
}

void Replica::host_threw() {
  log_(LogLevel::kError, options_.node.str() + ": a callback of the host's threw an exception");
  board_.update(
      [](ReplicationStatus&, ReplicationMetrics& metrics) { ++metrics.listener_exceptions; });
}

/// The host's code runs on its own executor, never on the strand.
void Replica::post_callback(std::function<void()> callback) {
  callbacks_->post(
      [self = shared_from_this(), callback = std::move(callback)] { self->call_host(callback); });
}

void Replica::emit(ReplicationEvent event) {
  if (listeners_->empty()) return;
  callbacks_->post([self = shared_from_this(), event = std::move(event)] {
    self->listeners_->emit(event, [&] { self->host_threw(); });
  });
}

/// Shows the core's state to other threads.
void Replica::publish() {
  const MonotonicTime now = runtime_->now();
  const consensus::Core& core = *core_;
  board_.update([&](ReplicationStatus& status, ReplicationMetrics&) {
    status.role = core.role();
    status.term = core.term();
    status.leader = core.leader();
    status.bootstrapped = core.initialised();
    status.stranger = core.is_stranger();
    status.last_index = core.log().last_index();
    status.durable_index = core.log().durable_index();
    status.commit_index = core.commit_index();
    status.last_applied = apply_pump_->applied();
    status.replication_lag = core.commit_index().value() - status.last_applied.value();
    if (status.configuration != core.configuration()) {
      status.configuration = core.configuration();
      status.cluster = core.identity().cluster;
    }
    const consensus::Leadership* leadership = core.leadership();
    status.followers.resize(leadership == nullptr ? 0 : leadership->followers.size());
    if (leadership == nullptr) return;
    std::size_t i = 0;
    status.replication_lag = 0;
    for (const auto& [node, follower] : leadership->followers) {
      FollowerStatus& shown = status.followers[i++];
      const Index match = follower.progress.match_index();
      if (shown.node != node) shown.node = node;
      shown.voter = consensus::is_voter(core.configuration(), node);
      shown.match_index = match;
      shown.lag_entries = core.log().last_index().value() - match.value();
      shown.lag_bytes = core.log().bytes_after(match);
      shown.lag_time =
          shown.lag_entries == 0 ? std::chrono::nanoseconds{0} : now - follower.level_at;
      shown.needs_snapshot = follower.needs_snapshot;
      shown.stranger = follower.stranger;
      if (shown.voter) status.replication_lag = std::max(status.replication_lag, shown.lag_entries);
    }
  });
}

ReplicationStatus Replica::status() const {
  ReplicationStatus status = board_.status();
  status.pending_entries = open_writes_.load(std::memory_order_relaxed);
  status.connected_nodes = network_->connected_nodes();
  for (FollowerStatus& follower : status.followers) {
    follower.connected = std::ranges::count(status.connected_nodes, follower.node) > 0;
  }
  return status;
}

}  // namespace lockstep::replication
