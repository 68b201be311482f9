#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "lockstep/asio_runtime.hpp"
#include "lockstep/loopback_network.hpp"
#include "lockstep/memory_wal_manager.hpp"
#include "lockstep/replication_manager.hpp"
#include "replication/faulty_wal.hpp"
#include "replication/recording_engine.hpp"
#include "replication/waiting.hpp"

namespace lockstep::test {

/// One node of a Cluster: what it has while it lives, and what it finds again after a restart.
class ClusterNode {
 public:
  ClusterNode(std::string name, std::shared_ptr<AsioRuntime> runtime, LoopbackNetwork& network);
  ~ClusterNode();

  /// Makes transport, WAL, engine and manager on what the last life left.
  void create();
  void start();
  /// In order.
  void stop();
  /// Drops everything at once.
  void crash();
  /// As with a new disk.
  void empty_disk();

  [[nodiscard]] WALReplicationManager& manager() { return *manager_; }
  [[nodiscard]] ReplicationStatus status() const { return manager_->status(); }
  [[nodiscard]] ReplicationMetrics metrics() const { return manager_->metrics(); }
  [[nodiscard]] FollowerStatus follower(const std::string& name) const;
  [[nodiscard]] RecordingEngine& engine() { return *engine_; }
  [[nodiscard]] bool is_up() const { return manager_ != nullptr; }

  [[nodiscard]] std::future<WriteOutcome> begin_write(std::string_view text,
                                                      WriteOptions write_options = {}) {
    return manager_->replicate(Payload(text), write_options);
  }
  WriteOutcome write(std::string_view text, WriteOptions write_options = {}) {
    return await(begin_write(text, write_options));
  }
  Error lead() { return await(manager_->set_role(Role::kLeader)); }
  [[nodiscard]] std::vector<ReplicationEvent> events() const;
  template <class Event>
  [[nodiscard]] std::vector<Event> events_of() const {
    std::vector<Event> found;
    for (const ReplicationEvent& event : events()) {
      if (const auto* wanted = std::get_if<Event>(&event)) found.push_back(*wanted);
    }
    return found;
  }

  const NodeId id;
  /// Change it before `create`.
  ReplicaOptions options;
  std::shared_ptr<EngineDisk> engine_disk;
  const std::shared_ptr<WALFaults> faults = std::make_shared<WALFaults>();
  std::vector<NodeId> peers;

 private:
  struct EventLog {
    std::mutex mutex;
    std::vector<ReplicationEvent> events;
  };
  const std::shared_ptr<AsioRuntime> runtime_;
  LoopbackNetwork& loopback_;
  std::shared_ptr<MemoryWALManager::Disk> disk_ = MemoryWALManager::make_disk();
  std::shared_ptr<INetworkManager> network_;
  std::shared_ptr<RecordingEngine> engine_;
  std::shared_ptr<EventLog> event_log_ = std::make_shared<EventLog>();
  std::unique_ptr<WALReplicationManager> manager_;
  Subscription subscription_;
};

/// Nodes n1, n2, ... on a loopback network, all dialling each other, with memory for disks.
class Cluster {
 public:
  explicit Cluster(
      std::size_t nodes = 3, const std::function<void(ClusterNode&)>& set_up = [](ClusterNode&) {});
  ~Cluster();

  /// From 1 on.
  [[nodiscard]] ClusterNode& operator[](std::size_t number) { return *nodes_[number - 1]; }
  [[nodiscard]] std::vector<NodeId> members() const;
  [[nodiscard]] LoopbackNetwork& network() { return network_; }
  [[nodiscard]] const std::shared_ptr<AsioRuntime>& runtime() const { return runtime_; }

  void start_all();
  /// Everything that a group needs before its first write, led by n1.
  void found();
  void restart(std::size_t number);
  void isolate(std::size_t number);
  void heal(std::size_t number);
  /// Until every node that is up has applied all that `leader` has in its log, and the same.
  void expect_converged(std::size_t leader = 1);
  /// Until `leader` knows that every member has all of its log.
  void expect_acknowledged(std::size_t leader = 1);
  [[nodiscard]] bool all_applied(std::size_t count);

 private:
  std::shared_ptr<AsioRuntime> runtime_ = AsioRuntime::create();
  LoopbackNetwork network_{runtime_};
  std::vector<std::unique_ptr<ClusterNode>> nodes_;
};

[[nodiscard]] inline const WriteCommitted* committed(const WriteOutcome& outcome) {
  return std::get_if<WriteCommitted>(&outcome);
}
/// The reason of a rejection or of an unknown fate; none for a success.
[[nodiscard]] Error error_of(const WriteOutcome& outcome);

constexpr WriteOptions kAsyncWrite{.mode = ReplicationMode::kAsync};
constexpr WriteOptions kAppliedWrite{.wait = WaitFor::kApplied};

}  // namespace lockstep::test
