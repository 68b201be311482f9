// Executes what the core wants done, in the order in which it wants it (consensus/effects.hpp).
#include <algorithm>
#include <utility>

#include "base/entry_codec.hpp"
#include "replication/message_codec.hpp"
#include "replication/replica.hpp"
#include "replication/step.hpp"

namespace lockstep::replication {

using namespace consensus;  // NOLINT: the core's words are this file's

namespace {

/// Answers that wait for a disk that hangs.
constexpr std::size_t kMaxDueMessages = 1024;

}  // namespace

void Replica::execute(Effects effects) {
  if (effects.failure) {
    halt(*effects.failure);
  } else {
    seal(effects.entries_to_seal);
    send(effects.messages_to_send_now);
    if (effects.write) write(*effects.write);
    if (effects.repair) repair(std::move(*effects.repair));
    if (!effects.messages_to_send_after_sync.empty()) {
      send_after_sync(effects.durable_before_messages,
                      std::move(effects.messages_to_send_after_sync));
    }
    for (const ReadWanted& wanted : effects.reads_wanted) read(wanted);
    move_snapshots(effects);
  }
  // A majority without this leader's own disk commits too; it is applied once this node has it.
  if (core_->role() == Role::kLeader) {
    commit(core_->commit_index());
  } else if (effects.commit_index) {
    commit(*effects.commit_index);
  }
  if (effects.commit_index) {
    apply_pump_->want_results_up_to(pending_.results_wanted_up_to());
    apply_pump_->committed(*effects.commit_index, core_->log());
  }
  for (const Notice& notice : effects.notices) tell(notice);
  for (Answer& reply : effects.answers) answer_call(reply.call, std::move(reply.error));
}

/// Gives the new entries their headers and digests, before anything sees their bytes.
void Replica::seal(const std::vector<UnsealedEntry>& entries) {
  std::vector<DigestedBytes> headed;
  headed.reserve(entries.size());
  for (const UnsealedEntry& unsealed : entries) {
    const std::size_t bytes = EntryHeader::kEncodedBytes + unsealed.header.payload_bytes;
    encode_entry_header(unsealed.header, unsealed.memory.get());
    headed.push_back({{unsealed.memory.get(), bytes}, unsealed.leaves});
  }
  const std::vector<Digest> digests = entry_digests(sha_, headed);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const UnsealedEntry& unsealed = entries[i];
    core_->log().set_digest(unsealed.header.index, digests[i]);
    if (core_->role() == Role::kLeader) {
      pending_.added(unsealed.header.id(),
                     i < appending_.size() ? std::move(appending_[i]) : nullptr);
    }
  }
  appending_.clear();
}

void Replica::send(const std::vector<PeerMessage>& messages) {
  std::vector<NodeId> failed;
  std::uint64_t appends = 0;
  std::uint64_t heartbeats = 0;
  std::uint64_t repairs = 0;
  std::uint64_t snapshot_bytes = 0;
  for (const PeerMessage& message : messages) {
    ReplicationMessage frame;
    frame.type = type_of(message.body);
    frame.group = options_.group;
    frame.target_node = message.peer;
    EntryBatch batch;
    batch.fields = encode_fields(message);
    if (const auto* append = std::get_if<AppendEntries>(&message.body)) {
      ++appends;
      batch.entries = append->entries;
      batch.entries.reserve(append->entries.size() + append->range.size());
      for (Index i = append->range.first; i <= append->range.last; i = i.next()) {
        batch.entries.push_back(core_->log().tail_at(i));
      }
    } else if (const auto* bootstrap = std::get_if<BootstrapEntry>(&message.body)) {
      batch.entries = bootstrap->entries;
    } else if (const auto* copies = std::get_if<RepairResponse>(&message.body)) {
      batch.entries = copies->entries;
      repairs += copies->entries.empty() ? 0 : 1;
    } else if (const auto* piece = std::get_if<InstallSnapshot>(&message.body)) {
      snapshot_bytes += piece->chunk.size();
    } else if (std::holds_alternative<Heartbeat>(message.body)) {
      ++heartbeats;
    }
    frame.data = std::move(batch);
    const Result<> accepted = network_->send_message(std::move(frame));
    if (accepted) continue;
    failed.push_back(message.peer);
    if (accepted.error() != Errc::kNotConnected && accepted.error() != Errc::kOverloaded) {
      tell(Trouble{Error(accepted.error().code, "a " + to_string(type_of(message.body)) + " to " +
                                                    message.peer.str() +
                                                    " was refused: " + accepted.error().message)});
    }
  }
  for (const NodeId& peer : failed) core_->send_failed(peer);
  if (appends + heartbeats + repairs + snapshot_bytes > 0) {
    board_.update([&](ReplicationStatus&, ReplicationMetrics& metrics) {
      metrics.appends_sent += appends;
      metrics.heartbeats_sent += heartbeats;
      metrics.repairs_served += repairs;
      metrics.snapshot_bytes_sent += snapshot_bytes;
    });
  }
}

/// A peer whose question is forgotten here asks again.
void Replica::send_after_sync(WriteNumber after, std::vector<PeerMessage> messages) {
  if (due_messages_.size() >= kMaxDueMessages) return;
  due_messages_.push_back({after, std::move(messages)});
  send_due_messages();
}

/// Rule 1: answers that depend on the disk leave once the disk has it.
void Replica::send_due_messages() {
  while (!due_messages_.empty() && due_messages_.front().after <= durable_) {
    const std::vector<PeerMessage> messages = std::move(due_messages_.front().messages);
    due_messages_.pop_front();
    send(messages);
  }
}

void Replica::write(const LogWrite& wanted) {
  WALWrite write;
  write.truncate_from = wanted.truncate_from;
  write.entries.reserve(wanted.entries.size());
  for (Index i = wanted.entries.first; i <= wanted.entries.last; i = i.next()) {
    write.entries.push_back(core_->log().tail_at(i));
  }
  write.hard_state = wanted.hard_state;
  write.identity = wanted.identity;
  write.install_intent = wanted.install_intent;
  write.boundary = wanted.boundary;
  board_.update([](ReplicationStatus&, ReplicationMetrics& metrics) { ++metrics.wal_writes; });
  if (wal_->write(wanted.number, std::move(write))) wal_asked(wanted.number);
}

void Replica::repair(LogRepair repair) {
  wal_->repair(repair.range, std::move(repair.entries),
               [weak = weak_from_this()](const Error& error) {
                 if (const auto self = weak.lock()) {
                   self->step([&](Core& core) { core.repair_done(error); });
                 }
               });
}

void Replica::read(const ReadWanted& wanted) {
  wal_->read(wanted.range, wanted.byte_budget,
             [weak = weak_from_this(), id = wanted.id](Result<std::vector<Entry>> entries) {
               const auto self = weak.lock();
               if (!self) return;
               self->step([&](Core& core) {
                 entries ? core.read_done(id, std::move(*entries))
                         : core.read_failed(id, entries.error());
               });
             });
}

/// Entries up to `index` are committed: news for those who wait and those who listen.
void Replica::commit(Index index) {
  if (index <= committed_) return;
  const Index before = std::exchange(committed_, index);
  const std::int64_t now_ms = runtime_->wall_clock_ms();
  board_.update([&](ReplicationStatus& status, ReplicationMetrics& metrics) {
    metrics.entries_committed += index.value() - before.value();
    status.last_replication_time_ms = now_ms;
  });
  pending_.committed(index);
  if (core_->role() == Role::kLeader) emit_entries(before, index, std::nullopt);
}

void Replica::emit_entries(Index after, Index up_to, const std::optional<NodeId>& received_from) {
  if (!host_->has_listeners()) return;
  std::vector<ReplicationEvent> events;
  for (Index i = after.next(); i <= up_to; i = i.next()) {
    const EntryId id{i, core_->log().term_at(i).value_or(Term{})};
    if (received_from) {
      events.push_back(EntryReceived{id, *received_from});
    } else {
      events.push_back(EntryReplicated{id});
    }
  }
  host_->emit(std::move(events));
}

void Replica::tell(const Notice& notice) {
  const auto count = [&](std::uint64_t ReplicationMetrics::*counter, std::uint64_t n = 1) {
    board_.update([&](ReplicationStatus&, ReplicationMetrics& metrics) { metrics.*counter += n; });
  };
  if (const auto* change = std::get_if<RoleChange>(&notice)) {
    if (change->from == Role::kLeader) {
      pending_.give_up(Errc::kLeadershipLost, false);
    }
    host_->emit({RoleChanged{change->from, change->to, change->term}});
  } else if (const auto* replaced = std::get_if<EntriesReplaced>(&notice)) {
    count(&ReplicationMetrics::entries_truncated, replaced->range.size());
    host_->emit({EntriesTruncated{replaced->range}});
  } else if (const auto* trouble = std::get_if<Trouble>(&notice)) {
    log_(LogLevel::kWarning, options_.node.str() + ": " + trouble->error.message);
    host_->emit({ReplicationError{trouble->error}});
  } else if (std::holds_alternative<LeadershipGained>(notice)) {
    count(&ReplicationMetrics::elections_won);
  } else if (const auto* fenced = std::get_if<FencedByFollower>(&notice)) {
    count(&ReplicationMetrics::appends_fenced);
    host_->emit({ReplicationError{
        Error(Errc::kLeadershipLost, fenced->follower.str() + " follows a later term: this leader "
                                                              "is fenced")}});
  } else if (std::holds_alternative<AppendRejected>(notice)) {
    count(&ReplicationMetrics::appends_rejected);
  } else if (std::holds_alternative<StaleMessageRefused>(notice)) {
    count(&ReplicationMetrics::stale_messages_refused);
  } else if (std::holds_alternative<MessageRefused>(notice)) {
    count(&ReplicationMetrics::messages_refused);
  } else if (std::holds_alternative<ElectionStarted>(notice)) {
    count(&ReplicationMetrics::elections_started);
  } else if (std::holds_alternative<QuorumLost>(notice)) {
    log_(LogLevel::kWarning,
         options_.node.str() + " hears of no majority of the voters and gives leadership up");
  } else if (const auto* known = std::get_if<ClusterKnown>(&notice)) {
    if (const auto set = network_->set_cluster(known->cluster); !set) {
      host_->emit({ReplicationError{set.error()}});
    }
  } else if (const auto* accepted = std::get_if<EntriesAccepted>(&notice)) {
    count(&ReplicationMetrics::entries_received, accepted->range.size());
    if (const auto leader = core_->leader()) received_ = {*leader, accepted->range.last};
  } else if (const auto* damaged = std::get_if<LogDamaged>(&notice)) {
    count(&ReplicationMetrics::entries_damaged, damaged->range.size());
    log_(LogLevel::kWarning, options_.node.str() + ": the log is damaged from index " +
                                 to_string(damaged->range.first) + " to " +
                                 to_string(damaged->range.last));
    host_->emit({EntriesDamaged{damaged->range}});
  } else if (const auto* repaired = std::get_if<LogRepaired>(&notice)) {
    count(&ReplicationMetrics::entries_repaired, repaired->range.size());
    log_(LogLevel::kInfo, options_.node.str() + ": the log is repaired from index " +
                              to_string(repaired->range.first) + " to " +
                              to_string(repaired->range.last));
    host_->emit({EntriesRepaired{repaired->range}});
    rebuild_chain();
    apply_pump_->repaired(core_->log());
  } else if (const auto* members = std::get_if<ConfigurationCommitted>(&notice)) {
    host_->emit({MembersChanged{members->index, members->configuration}});
  } else if (const auto* sent = std::get_if<SnapshotSentTo>(&notice)) {
    count(&ReplicationMetrics::snapshots_sent);
    host_->emit({SnapshotSent{sent->node, sent->last}});
  } else if (const auto* taken = std::get_if<SnapshotTaken>(&notice)) {
    snapshot_taken(taken->last);
  } else if (const auto* outlived = std::get_if<DamageOutlived>(&notice)) {
    damage_outlived(*outlived);
  } else if (const auto* divergence = std::get_if<Divergence>(&notice)) {
    count(&ReplicationMetrics::divergences);
    log_(LogLevel::kError, options_.node.str() + ": the committed log of " +
                               divergence->node.str() + " differs from this node's between index " +
                               to_string(divergence->newest_equal.next()) + " and " +
                               to_string(divergence->first_different));
    host_->emit(
        {Diverged{divergence->node, divergence->newest_equal, divergence->first_different}});
  } else if (const auto* unclear = std::get_if<FateUnclear>(&notice)) {
    host_->emit({FateUnknown{unclear->range}});
  } else if (const auto* answered = std::get_if<SyncAnswered>(&notice)) {
    sync_waiters_.answered(answered->response);
  } else if (const auto* read = std::get_if<ReadIndexKnown>(&notice)) {
    reads_.answered(*read);
  }
}

void Replica::became_durable(WriteNumber number) {
  if (phase_ != Phase::kRunning || number == durable_) return;
  durable_ = number;
  wal_answered();
  send_due_messages();
  const Index before = core_->log().durable_index();
  step([&](Core& core) { core.durable_up_to(number); });
  const Index after = core_->log().durable_index();
  emit_entries(before, std::min(after, received_.up_to), received_.leader);
  if (core_->role() == Role::kLeader) {
    pending_.locally_durable(after);
    complete_pending();
  }
}

/// The core takes no part any more; what is committed is still applied.
void Replica::halt(const Error& error) {
  log_(LogLevel::kError, options_.node.str() + " has stopped taking part: " + error.message);
  due_messages_.clear();
  pending_.give_up(error, false);
  pending_.give_up_unapplied_after(core_->log().durable_index(), error);
  complete_sync_waiters(sync_waiters_.give_up(error));
  complete_reads(reads_.give_up(error));
  for (const CallId call : std::exchange(compaction_calls_, {})) answer_call(call, error);
  host_->emit({ReplicationError{error}});
  if (error == Errc::kInvariantBroken && options_.on_invariant_broken) {
    host_->post([handler = options_.on_invariant_broken, text = error.message] { handler(text); });
  }
}

}  // namespace lockstep::replication
