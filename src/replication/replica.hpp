#pragma once

#include <atomic>
#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/digest.hpp"
#include "consensus/core.hpp"
#include "lockstep/replication_manager.hpp"
#include "replication/apply_pump.hpp"
#include "replication/checkpoint_history.hpp"
#include "replication/host_calls.hpp"
#include "replication/payload_hasher.hpp"
#include "replication/pending_writes.hpp"
#include "replication/proposal_queue.hpp"
#include "replication/read_barriers.hpp"
#include "replication/snapshot_receiver.hpp"
#include "replication/snapshot_sender.hpp"
#include "replication/status_board.hpp"
#include "replication/sync_waiters.hpp"
#include "replication/wal_driver.hpp"

namespace lockstep::replication {

/// One replica: drives the core in the order that its effects demand. The public part may be called
/// from any thread; all state but the queue, the board and the host's calls belongs to the strand.
class Replica : public std::enable_shared_from_this<Replica> {
 public:
  using DoneHandler = WALReplicationManager::DoneHandler;
  using WriteHandler = WALReplicationManager::WriteHandler;

  Replica(ReplicaOptions options, WALReplicationManager::Parts parts);

  void start(DoneHandler done);
  void bootstrap(std::vector<NodeId> members, DoneHandler done);
  void set_role(Role role, DoneHandler done);
  void step_down(DoneHandler done);
  void transfer_leadership(NodeId to, DoneHandler done);
  void read_barrier(WALReplicationManager::ReadBarrierHandler done);
  void change_members(consensus::MembershipRequest request, DoneHandler done);
  void replicate(Payload payload, WriteOptions options, WriteHandler done);
  void open_session(WALReplicationManager::SessionHandler done);
  void sync_with_node(NodeId node, DoneHandler done);
  void trigger_snapshot(DoneHandler done);
  void report_durable_applied(Index index);
  void stop(DoneHandler done);
  [[nodiscard]] ReplicationStatus status() const;
  [[nodiscard]] ReplicationMetrics metrics() const;
  [[nodiscard]] HostCalls& host() { return *host_; }

 private:
  enum class Phase { kNew, kStarting, kRunning, kStopping, kStopped };

  // replica_lifecycle.cpp
  void begin_start(DoneHandler done);
  void wal_opened(Result<WALState> state);
  void read_configuration(std::size_t place);
  void recover_engine();
  void engine_recovered(const Result<RecoveredEngine>& engine);
  void run();
  void end_start(Error error);
  void begin_stop(DoneHandler done);
  void stop_engine();
  void close_wal();
  void end_stop(Error error);

  // replica_calls.cpp
  [[nodiscard]] std::optional<Error> reason_not_to_take_part() const;
  void call_core(DoneHandler done, std::function<void(consensus::CallId)> call);
  void answer_call(consensus::CallId call, Error error);
  void submit(EntryKind kind, Payload payload, const WriteOptions& options, WriteHandler done);
  void hash_large_payload(const std::shared_ptr<ProposedWrite>& write);
  void drain_proposals();
  void post_drain();
  void propose(std::vector<std::shared_ptr<ProposedWrite>> writes);
  void reject(const std::shared_ptr<ProposedWrite>& write, Error error);
  void begin_sync(const NodeId& node, DoneHandler done);

  // replica.cpp
  template <class Event>
  void step(Event&& event);
  void receive(ReplicationMessage&& message);
  void network_event(const NetworkEvent& event);
  void applied(ApplyPump::Batch batch);
  void apply_failed(const Error& error);
  void complete_sync_waiters(std::vector<SyncWaiters::Completion> finished);
  void complete_reads(std::vector<ReadBarriers::Completion> finished);
  void ask_for_reads();
  void complete_pending();

  // replica_checkpoints.cpp
  void set_chain(const std::optional<CheckpointChain>& chain);
  [[nodiscard]] bool learn_chain(const consensus::DamageOutlived& outlived);
  void rebuild_chain(std::function<void()> done = [] {});

  // replica_compaction.cpp
  void compact_by_size();
  [[nodiscard]] std::optional<Index> image_to_keep() const;
  [[nodiscard]] bool may_begin_behind(Index index) const;
  void damage_outlived(const consensus::DamageOutlived& outlived);
  void release_outlived_damage();
  void compact_now(consensus::CallId call);
  void release_up_to(Index index, std::optional<consensus::CallId> call);
  void released(EntryId last, std::optional<consensus::CallId> call, const Error& error);
  void compaction_failed(const Error& error);
  void end_compaction(std::optional<consensus::CallId> call, const Error& error);

  // replica_snapshots.cpp
  void start_snapshots();
  void move_snapshots(const consensus::Effects& effects);
  void take_image(ApplyPump::ImageHandler done);
  [[nodiscard]] SnapshotMetadata metadata_of_applied() const;
  void install(consensus::SnapshotId id);
  void snapshot_taken(EntryId last);
  void let_go_of_snapshots();
  [[nodiscard]] bool finish_installation(const RecoveredEngine& engine);

  // replica_ticks.cpp
  void tick();
  void plan_tick();

  // replica_status.cpp
  void publish();
  void tell_term();
  void tell_leader();

  // effects.cpp
  void execute(consensus::Effects effects);
  void seal(const std::vector<consensus::UnsealedEntry>& entries);
  void send(const std::vector<consensus::PeerMessage>& messages);
  void send_after_sync(consensus::WriteNumber after, std::vector<consensus::PeerMessage> messages);
  void send_due_messages();
  void write(const consensus::LogWrite& write);
  void read(const consensus::ReadWanted& wanted);
  void commit(Index index);
  void emit_entries(Index after, Index up_to, const std::optional<NodeId>& received_from);
  void became_durable(consensus::WriteNumber number);
  void repair(consensus::LogRepair repair);
  void tell(const consensus::Notice& notice);

  // disk_watch.cpp
  void wal_asked(consensus::WriteNumber number);
  void wal_answered();
  void wal_found_no_space();
  void watch_disk(MonotonicTime now);
  void set_disk_state(DiskState state);
  [[nodiscard]] std::optional<Error> reason_not_to_append() const;
  void halt(const Error& error);

  const ReplicaOptions options_;
  const LogSink log_;
  const std::shared_ptr<Runtime> runtime_;
  const std::shared_ptr<IExecutor> strand_;
  const std::shared_ptr<HostCalls> host_;
  const std::shared_ptr<WALDriver> wal_;
  const std::shared_ptr<ApplyPump> apply_pump_;
  const std::shared_ptr<SnapshotSender> snapshot_sender_;
  const std::shared_ptr<SnapshotReceiver> snapshot_receiver_;

  // Any thread.
  ProposalQueue queue_;
  PayloadHasher payload_hasher_;
  StatusBoard board_;
  const std::weak_ptr<INetworkManager> network_seen_;
  std::atomic<std::uint64_t> open_writes_{0};
  std::atomic<std::size_t> inbound_bytes_{0};

  // The strand.
  Phase phase_ = Phase::kNew;
  std::shared_ptr<INetworkManager> network_;
  std::optional<Error> failure_;
  DoneHandler start_done_;
  std::vector<DoneHandler> stop_done_;
  consensus::Recovered recovered_;
  std::optional<consensus::Core> core_;
  Sha256 sha_;
  /// Where the chain of checkpoints was known to be: at the start, or since, by a leader's image.
  std::optional<CheckpointChain> known_chain_;
  CheckpointHistory checkpoints_;
  bool rebuilds_chain_ = false;
  /// A release, or what comes before it, is under way.
  bool compacting_ = false;
  /// Those of `trigger_snapshot` that are not answered.
  std::vector<consensus::CallId> compaction_calls_;
  /// Received, and not yet with the engine.
  std::optional<ReceivedSnapshot> received_snapshot_;
  /// Of the snapshot that is being installed.
  std::optional<CheckpointChain> chain_of_snapshot_;
  /// By size, not before.
  MonotonicTime next_compaction_{};
  /// None: it was never asked.
  std::optional<bool> engine_has_snapshots_;
  PendingWrites pending_;
  SyncWaiters sync_waiters_;
  ReadBarriers reads_;
  std::vector<std::shared_ptr<ProposedWrite>> appending_;
  std::uint64_t last_call_ = 0;
  std::map<consensus::CallId, DoneHandler> calls_;
  consensus::WriteNumber durable_;
  consensus::WriteNumber submitted_;
  /// As last told to listeners.
  Term told_term_;
  std::optional<LeaderElected> told_leader_;
  DiskState disk_ = DiskState::kHealthy;
  /// Since when the log owes an answer to a write.
  std::optional<MonotonicTime> wal_waited_for_since_;
  /// When what found no room is written again.
  std::optional<MonotonicTime> next_attempt_;
  /// Whom the newest entries were received from, which may be no leader any more when they become
  /// durable.
  struct Received {
    NodeId leader;
    Index up_to;
  } received_;
  Index committed_;
  struct DueMessages {
    consensus::WriteNumber after;
    std::vector<consensus::PeerMessage> messages;
  };
  std::deque<DueMessages> due_messages_;
  std::vector<Subscription> subscriptions_;
  std::unique_ptr<Runtime::Timer> timer_;
  /// For when it is set; never: it is not.
  MonotonicTime next_tick_ = MonotonicTime::max();
  MonotonicTime last_tick_{};
  /// While the log is opened or closed.
  std::unique_ptr<Runtime::Timer> patience_with_wal_;
};

}  // namespace lockstep::replication
