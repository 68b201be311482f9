#pragma once

#include <deque>
#include <utility>

#include "lockstep/replication_manager.hpp"

namespace lockstep::bench {

/// Takes writes and answers them when the test says so.
class SilentReplica final : public WALReplicationManager {
 public:
  std::deque<WriteHandler> waiting;
  std::uint64_t called = 0;

  void answer(const WriteOutcome& outcome) {
    const WriteHandler done = std::move(waiting.front());
    waiting.pop_front();
    done(outcome);
  }
  void answer_all(const WriteOutcome& outcome) {
    for (std::size_t count = waiting.size(); count > 0; --count) answer(outcome);
  }

  using WALReplicationManager::replicate;
  void replicate(Payload, WriteOptions, WriteHandler done) override {
    ++called;
    waiting.push_back(std::move(done));
  }

  // Nobody calls these.
  void start(DoneHandler) override {}
  void bootstrap(std::vector<NodeId>, DoneHandler) override {}
  void set_role(Role, DoneHandler) override {}
  void step_down(DoneHandler) override {}
  void open_session(SessionHandler) override {}
  void sync_with_node(NodeId, DoneHandler) override {}
  ReplicationStatus status() const override { return {}; }
  ReplicationMetrics metrics() const override { return {}; }
  Subscription subscribe(EventListener) override { return {}; }
  void report_durable_applied(Index) override {}
  void stop(DoneHandler) override {}
  void read_barrier(ReadBarrierHandler) override {}
  void transfer_leadership(NodeId, DoneHandler) override {}
  void add_learner(NodeId, OperationId, DoneHandler) override {}
  void promote(NodeId, OperationId, DoneHandler) override {}
  void remove(NodeId, OperationId, DoneHandler) override {}
  void trigger_snapshot(DoneHandler) override {}
};

}  // namespace lockstep::bench
