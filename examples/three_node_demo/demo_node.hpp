#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "demo_engine.hpp"
#include "lockstep/asio_runtime.hpp"
#include "lockstep/replication_manager.hpp"
#include "lockstep/testing/wire_faults.hpp"
#include "lockstep/websocket_network_manager.hpp"

namespace lockstep_demo {

/// One node of the demo: its own threads, its own listener, its own folder. Stopping and starting
/// it again is what a restart of a process would be.
class DemoNode {
 public:
  DemoNode(lockstep::NodeId id, std::filesystem::path folder, lockstep::Leadership leadership);
  ~DemoNode();

  /// Opens the folder, listens, recovers. Throws std::runtime_error with what went wrong.
  void start();
  void stop();
  /// Everything is gone at once, sockets and all, as with a process that is killed.
  void kill();
  [[nodiscard]] bool is_running() const { return manager_ != nullptr; }
  void connect_to(const DemoNode& peer);
  /// Stores the engine's state and has the log let go of what led to it.
  void release_log();

  [[nodiscard]] const lockstep::NodeId& id() const { return id_; }
  [[nodiscard]] lockstep::WALReplicationManager& manager() { return *manager_; }
  [[nodiscard]] lockstep::WebSocketNetworkManager& network() { return *network_; }
  [[nodiscard]] lockstep::testing::WireFaults& faults() { return *faults_; }
  [[nodiscard]] const DemoEngine& engine() const { return *engine_; }
  /// Of all lives of this node.
  [[nodiscard]] lockstep::PeerCounters traffic() const;
  [[nodiscard]] lockstep::ReplicationMetrics metrics() const;

 private:
  void keep_book();

  lockstep::NodeId id_;
  std::filesystem::path folder_;
  lockstep::Leadership leadership_;
  std::shared_ptr<lockstep::testing::WireFaults> faults_;
  std::shared_ptr<lockstep::AsioRuntime> runtime_;
  std::shared_ptr<lockstep::WebSocketNetworkManager> network_;
  std::shared_ptr<DemoEngine> engine_;
  std::unique_ptr<lockstep::WALReplicationManager> manager_;
  // Of earlier lives.
  lockstep::PeerCounters past_traffic_;
  lockstep::ReplicationMetrics past_metrics_;
};

/// Adds what the demo reports of two lives of a node.
void add(lockstep::ReplicationMetrics& sum, const lockstep::ReplicationMetrics& other);

}  // namespace lockstep_demo
