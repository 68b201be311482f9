#pragma once

#include <atomic>
#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/digest.hpp"
#include "consensus/core.hpp"
#include "lockstep/replication_manager.hpp"
#include "replication/apply_pump.hpp"
#include "replication/pending_writes.hpp"
#include "replication/proposal_queue.hpp"
#include "replication/status_board.hpp"
#include "replication/sync_waiters.hpp"
#include "replication/wal_driver.hpp"
#include "runtime/listener_list.hpp"

namespace lockstep::replication {

/// One replica: drives the core in the order that its effects demand. The public part may be called
/// from any thread; all state but the queue, the board and the listeners belongs to the strand. The
/// host's callbacks run on an executor of their own.
class Replica : public std::enable_shared_from_this<Replica> {
 public:
  using DoneHandler = WALReplicationManager::DoneHandler;
  using WriteHandler = WALReplicationManager::WriteHandler;

  Replica(ReplicaOptions options, WALReplicationManager::Parts parts);

  void start(DoneHandler done);
  void bootstrap(std::vector<NodeId> members, DoneHandler done);
  void set_role(Role role, DoneHandler done);
  void replicate(Payload payload, WriteOptions options, WriteHandler done);
  void sync_with_node(NodeId node, DoneHandler done);
  void stop(DoneHandler done);
  /// Completes a call, as every callback is made: later, on the executor for callbacks.
  void answer(DoneHandler done, Error error);
  [[nodiscard]] ReplicationStatus status() const;
  [[nodiscard]] ReplicationMetrics metrics() const { return board_.metrics(); }
  [[nodiscard]] Subscription subscribe(WALReplicationManager::EventListener listener) {
    return listeners_->add(std::move(listener));
  }

 private:
  enum class Phase { kNew, kStarting, kRunning, kStopping, kStopped };

  // replica_lifecycle.cpp
  void begin_start(DoneHandler done);
  void wal_opened(Result<WALState> state);
  void read_record(Index index);
  void recover_engine();
  void engine_recovered(const Result<RecoveredEngine>& engine);
  void run();
  void end_start(Error error);
  void begin_stop(DoneHandler done);
  void close_wal();
  void end_stop();

  // replica.cpp
  template <class Event>
  void step(Event&& event);
  void call_core(DoneHandler done, std::function<void(consensus::CallId)> call);
  void drain_proposals();
  void reject(const std::shared_ptr<ProposedWrite>& write, Error error);
  void receive(const ReplicationMessage& message);
  void network_event(const NetworkEvent& event);
  void tick();
  void schedule_tick();
  void applied(ApplyPump::Batch batch);
  void complete_pending();
  void call_host(const std::function<void()>& callback);
  void host_threw();
  void post_callback(std::function<void()> callback);
  void emit(ReplicationEvent event);
  void publish();

  // effects.cpp
  void execute(consensus::Effects effects);
  void seal(const std::vector<consensus::UnsealedEntry>& entries);
  void send(const std::vector<consensus::PeerMessage>& messages);
  void send_due_messages();
  void write(const consensus::LogWrite& write);
  void read(const consensus::ReadWanted& wanted);
  void commit(Index index);
  void became_durable(consensus::WriteNumber number);
  void tell(const consensus::Notice& notice);
  void halt(const Error& error);

  const ReplicaOptions options_;
  const LogSink log_;
  std::shared_ptr<Runtime> runtime_;
  std::shared_ptr<INetworkManager> network_;
  std::shared_ptr<IExecutor> strand_;
  std::shared_ptr<IExecutor> callbacks_;
  std::shared_ptr<WALDriver> wal_;
  std::shared_ptr<ApplyPump> apply_pump_;

  // Any thread.
  ProposalQueue queue_;
  StatusBoard board_;
  std::shared_ptr<ListenerList<ReplicationEvent>> listeners_ =
      std::make_shared<ListenerList<ReplicationEvent>>();
  std::atomic<std::uint64_t> open_writes_{0};
  std::atomic<std::size_t> inbound_bytes_{0};
  std::once_flag hash_worker_made_;
  std::shared_ptr<IExecutor> hash_worker_;

  // The strand.
  Phase phase_ = Phase::kNew;
  DoneHandler start_done_;
  std::vector<DoneHandler> stop_done_;
  consensus::Recovered recovered_;
  std::optional<consensus::Core> core_;
  Sha256 sha_;
  PendingWrites pending_;
  SyncWaiters sync_waiters_;
  std::vector<std::shared_ptr<ProposedWrite>> appending_;
  std::uint64_t last_call_ = 0;
  std::map<consensus::CallId, DoneHandler> calls_;
  consensus::WriteNumber durable_;
  struct DueMessages {
    consensus::WriteNumber after;
    std::vector<consensus::PeerMessage> messages;
  };
  std::deque<DueMessages> due_messages_;
  std::vector<Subscription> subscriptions_;
  std::unique_ptr<Runtime::Timer> timer_;
};

}  // namespace lockstep::replication
