#include <utility>

#include "replication/replica.hpp"

namespace lockstep {
namespace {

using consensus::MemberChange;
using replication::Replica;

/// The host's handle: whoever drops it stops the replica, which lives on until its last task has
/// run.
class Manager final : public WALReplicationManager {
 public:
  explicit Manager(std::shared_ptr<Replica> replica) : replica_(std::move(replica)) {}
  ~Manager() override { replica_->stop({}); }

  void start(DoneHandler done) override { replica_->start(std::move(done)); }
  void bootstrap(std::vector<NodeId> members, DoneHandler done) override {
    replica_->bootstrap(std::move(members), std::move(done));
  }
  void set_role(Role role, DoneHandler done) override { replica_->set_role(role, std::move(done)); }
  void step_down(DoneHandler done) override { replica_->step_down(std::move(done)); }
  void replicate(Payload payload, WriteOptions options, WriteHandler done) override {
    replica_->replicate(std::move(payload), options, std::move(done));
  }
  void open_session(SessionHandler done) override { replica_->open_session(std::move(done)); }
  void sync_with_node(NodeId node, DoneHandler done) override {
    replica_->sync_with_node(std::move(node), std::move(done));
  }
  ReplicationStatus status() const override { return replica_->status(); }
  ReplicationMetrics metrics() const override { return replica_->metrics(); }
  Subscription subscribe(EventListener listener) override {
    return replica_->host().subscribe(std::move(listener));
  }
  void report_durable_applied(Index index) override { replica_->report_durable_applied(index); }
  void stop(DoneHandler done) override { replica_->stop(std::move(done)); }

  void read_barrier(ReadBarrierHandler done) override { replica_->read_barrier(std::move(done)); }
  void transfer_leadership(NodeId to, DoneHandler done) override {
    replica_->transfer_leadership(std::move(to), std::move(done));
  }
  void add_learner(NodeId node, OperationId operation, DoneHandler done) override {
    change_members(MemberChange::kAddLearner, std::move(node), operation, std::move(done));
  }
  void promote(NodeId node, OperationId operation, DoneHandler done) override {
    change_members(MemberChange::kPromote, std::move(node), operation, std::move(done));
  }
  void remove(NodeId node, OperationId operation, DoneHandler done) override {
    change_members(MemberChange::kRemove, std::move(node), operation, std::move(done));
  }
  void trigger_snapshot(DoneHandler done) override { replica_->trigger_snapshot(std::move(done)); }

 private:
  void change_members(MemberChange kind, NodeId node, OperationId operation, DoneHandler done) {
    replica_->change_members({kind, std::move(node), operation}, std::move(done));
  }
  std::shared_ptr<Replica> replica_;
};

std::shared_ptr<std::promise<Error>> make_promise() {
  return std::make_shared<std::promise<Error>>();
}

WALReplicationManager::DoneHandler fulfil(std::shared_ptr<std::promise<Error>> promise) {
  return [promise = std::move(promise)](Error error) { promise->set_value(std::move(error)); };
}

}  // namespace

WALReplicationManager::~WALReplicationManager() = default;

Result<std::unique_ptr<WALReplicationManager>> WALReplicationManager::create(ReplicaOptions options,
                                                                             Parts parts) {
  if (const auto checked = to_result(check(options)); !checked) return checked.error();
  if (!parts.runtime || !parts.network || !parts.wal || !parts.wal_executor ||
      !parts.state_machine) {
    return Error(Errc::kInvalidArgument, "parts: every part must be given");
  }
  if (parts.network->local_node() != options.node) {
    return Error(Errc::kInvalidArgument, "node: the network's is " +
                                             parts.network->local_node().str() +
                                             ", the options' is " + options.node.str());
  }
  if (const std::size_t limit = parts.network->max_entry_bytes(); options.max_entry_bytes > limit) {
    return Error(Errc::kInvalidArgument, "max_entry_bytes: must be " + std::to_string(limit) +
                                             " at most, which is what the network carries");
  }
  try {
    return std::unique_ptr<WALReplicationManager>(
        new Manager(std::make_shared<Replica>(std::move(options), std::move(parts))));
  } catch (const std::exception& error) {
    return Error(Errc::kIo, std::string("the replica cannot be made: ") + error.what());
  }
}

std::future<WriteOutcome> WALReplicationManager::replicate(Payload payload, WriteOptions options) {
  auto promise = std::make_shared<std::promise<WriteOutcome>>();
  auto future = promise->get_future();
  replicate(std::move(payload), options,
            [promise](WriteOutcome outcome) { promise->set_value(std::move(outcome)); });
  return future;
}

std::future<Result<SessionId>> WALReplicationManager::open_session() {
  auto promise = std::make_shared<std::promise<Result<SessionId>>>();
  auto future = promise->get_future();
  open_session([promise](Result<SessionId> session) { promise->set_value(std::move(session)); });
  return future;
}

std::future<Error> WALReplicationManager::start() {
  auto promise = make_promise();
  start(fulfil(promise));
  return promise->get_future();
}

std::future<Error> WALReplicationManager::bootstrap(std::vector<NodeId> members) {
  auto promise = make_promise();
  bootstrap(std::move(members), fulfil(promise));
  return promise->get_future();
}

std::future<Error> WALReplicationManager::set_role(Role role) {
  auto promise = make_promise();
  set_role(role, fulfil(promise));
  return promise->get_future();
}

std::future<Error> WALReplicationManager::step_down() {
  auto promise = make_promise();
  step_down(fulfil(promise));
  return promise->get_future();
}

std::future<Error> WALReplicationManager::transfer_leadership(NodeId to) {
  auto promise = make_promise();
  transfer_leadership(std::move(to), fulfil(promise));
  return promise->get_future();
}

std::future<Result<Index>> WALReplicationManager::read_barrier() {
  auto promise = std::make_shared<std::promise<Result<Index>>>();
  auto future = promise->get_future();
  read_barrier([promise](Result<Index> index) { promise->set_value(std::move(index)); });
  return future;
}

std::future<Error> WALReplicationManager::add_learner(NodeId node, OperationId operation) {
  auto promise = make_promise();
  add_learner(std::move(node), operation, fulfil(promise));
  return promise->get_future();
}

std::future<Error> WALReplicationManager::promote(NodeId node, OperationId operation) {
  auto promise = make_promise();
  promote(std::move(node), operation, fulfil(promise));
  return promise->get_future();
}

std::future<Error> WALReplicationManager::remove(NodeId node, OperationId operation) {
  auto promise = make_promise();
  remove(std::move(node), operation, fulfil(promise));
  return promise->get_future();
}

std::future<Error> WALReplicationManager::sync_with_node(NodeId node) {
  auto promise = make_promise();
  sync_with_node(std::move(node), fulfil(promise));
  return promise->get_future();
}

std::future<Error> WALReplicationManager::trigger_snapshot() {
  auto promise = make_promise();
  trigger_snapshot(fulfil(promise));
  return promise->get_future();
}

std::future<Error> WALReplicationManager::stop() {
  auto promise = make_promise();
  stop(fulfil(promise));
  return promise->get_future();
}

}  // namespace lockstep
