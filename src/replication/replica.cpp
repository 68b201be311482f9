#include "replication/replica.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "consensus/quorum.hpp"
#include "replication/message_codec.hpp"
#include "replication/step.hpp"

namespace lockstep::replication {
namespace {

/// Received and not yet looked at; what comes beyond it is dropped, and sent again by its sender.
constexpr std::size_t kMaxInboundBytes = std::size_t{64} << 20;
/// What a message takes besides its fields and entries.
constexpr std::size_t kMessageOverheadBytes = 256;

std::size_t size_of(const ReplicationMessage& message) {
  std::size_t size = kMessageOverheadBytes;
  if (const auto* batch = std::get_if<EntryBatch>(&message.data)) {
    size += batch->fields.size();
    for (const Entry& entry : batch->entries) size += sizeof(Entry) + entry.size_bytes();
  }
  return size;
}

/// Throws when there is none: `WALReplicationManager::create` turns that into an error.
std::shared_ptr<IExecutor> need_worker(Runtime& runtime, const char* name) {
  auto worker = runtime.make_worker(name);
  if (!worker) throw std::runtime_error("no thread is left for " + std::string(name));
  return worker;
}

}  // namespace

Replica::Replica(ReplicaOptions options, WALReplicationManager::Parts parts)
    : options_(std::move(options)),
      log_(options_.log ? options_.log : default_log_sink()),
      runtime_(parts.runtime),
      strand_(runtime_->make_strand()),
      host_(std::make_shared<HostCalls>(
          options_.callback_executor ? options_.callback_executor : runtime_->make_strand(), log_,
          options_.node.str())),
      wal_(std::make_shared<WALDriver>(std::move(parts.wal), parts.wal_executor, strand_)),
      apply_pump_(std::make_shared<ApplyPump>(std::move(parts.state_machine),
                                              need_worker(*runtime_, "lockstep-apply"), strand_,
                                              wal_, options_.max_apply_batch_bytes)),
      snapshot_sender_(
          std::make_shared<SnapshotSender>(runtime_, strand_, options_.snapshot_bytes_per_second)),
      snapshot_receiver_(std::make_shared<SnapshotReceiver>(
          runtime_, strand_, options_.snapshot_folder,
          options_.node.str() + "-" + to_string(options_.group) + ".snapshot")),
      queue_(options_.max_uncommitted_bytes),
      payload_hasher_(runtime_),
      network_seen_(parts.network),
      network_(std::move(parts.network)),
      pending_(options_.mode, options_.write_timeout),
      sync_waiters_(options_.retry_interval, runtime_->random()),
      reads_(options_.retry_interval, runtime_->random()) {
  board_.update([&](ReplicationStatus& status, ReplicationMetrics&) {
    status.node = options_.node;
    status.group = options_.group;
    status.mode = options_.mode;
  });
}

/// On the network's thread.
void Replica::receive(ReplicationMessage&& message) {
  const std::size_t size = size_of(message);
  const MessageType type = message.type;
  const NodeId source = message.source_node;
  if (inbound_bytes_.load(std::memory_order_relaxed) + size > kMaxInboundBytes) {
    return board_.update([](ReplicationStatus&, ReplicationMetrics& m) { ++m.messages_refused; });
  }
  auto decoded = decode(std::move(message));
  if (!decoded) {
    log_(LogLevel::kWarning,
         options_.node.str() + " refused a malformed " + to_string(type) + " of " + source.str());
    return board_.update([](ReplicationStatus&, ReplicationMetrics& m) { ++m.messages_refused; });
  }
  inbound_bytes_.fetch_add(size, std::memory_order_relaxed);
  strand_->post([self = shared_from_this(), size, decoded = std::move(*decoded)]() mutable {
    self->inbound_bytes_.fetch_sub(size, std::memory_order_relaxed);
    if (std::holds_alternative<consensus::Heartbeat>(decoded.body)) {
      self->board_.update(
          [](ReplicationStatus&, ReplicationMetrics& m) { ++m.heartbeats_received; });
    }
    self->step([&](consensus::Core& core) { core.receive(std::move(decoded)); });
  });
}

void Replica::network_event(const NetworkEvent& event) {
  if (const auto* trouble = std::get_if<NodeError>(&event)) {
    if (trouble->error != Errc::kConnectionRefused) return;
    return strand_->post([self = shared_from_this(), node = trouble->node] {
      self->step([&](consensus::Core& core) { core.dial_refused(node); });
    });
  }
  const bool up = std::holds_alternative<NodeConnected>(event);
  if (!up && !std::holds_alternative<NodeDisconnected>(event)) return;
  const NodeId node =
      up ? std::get<NodeConnected>(event).node : std::get<NodeDisconnected>(event).node;
  strand_->post([self = shared_from_this(), up, node] {
    self->step([&](consensus::Core& core) { up ? core.link_up(node) : core.link_lost(node); });
  });
}

void Replica::applied(ApplyPump::Batch batch) {
  pending_.applied(std::move(batch.results));
  checkpoints_.add(batch.digests, batch.checkpoints);
  board_.update([&](ReplicationStatus& status, ReplicationMetrics& metrics) {
    ++metrics.apply_batches;
    metrics.entries_applied += batch.entries;
    status.durable_applied = std::max(status.durable_applied, batch.durable_applied);
  });
  step([&](consensus::Core& core) {
    core.applied_up_to(batch.last);
    for (const LogCheckpoint& made : batch.checkpoints) {
      core.checkpoint_made(made.index, made.digest);
    }
  });
  apply_pump_->resume(core_->log());
}

/// Nothing is skipped: what waits to be applied waits in vain.
void Replica::apply_failed(const Error& error) {
  step([&](consensus::Core& core) { core.fail(error); });
  pending_.give_up(error, true);
  complete_pending();
}

void Replica::complete_sync_waiters(std::vector<SyncWaiters::Completion> finished) {
  for (auto& waiter : finished) host_->answer(std::move(waiter.done), std::move(waiter.error));
}

void Replica::complete_reads(std::vector<ReadBarriers::Completion> finished) {
  host_->post_each(std::move(finished), [](const ReadBarriers::Completion& read) {
    if (read.done) read.done(read.outcome);
  });
}

void Replica::ask_for_reads() {
  if (const auto question = reads_.take_question(runtime_->now())) {
    step([&](consensus::Core& core) { core.request_read(*question); });
  }
}

/// Calls back whoever need not wait any longer.
void Replica::complete_pending() {
  if (const auto* leadership = core_ ? core_->leadership() : nullptr) {
    pending_.copies_changed([&](Index index) {
      std::size_t copies = core_->log().durable_index() >= index ? 1 : 0;
      for (const auto& [node, follower] : leadership->followers) {
        const bool is_member = consensus::is_member(core_->configuration(), node);
        if (is_member && !follower.stranger && follower.progress.match_index() >= index) ++copies;
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
      } else if (std::holds_alternative<WriteRejected>(completion.outcome)) {
        ++metrics.writes_rejected;
      } else {
        ++metrics.writes_unknown;
      }
    }
  });
  host_->post_each(std::move(completions), [](const PendingWrites::Completion& completion) {
    if (completion.done) completion.done(completion.outcome);
  });
}

}  // namespace lockstep::replication
