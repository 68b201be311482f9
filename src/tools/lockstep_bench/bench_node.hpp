#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lockstep/asio_runtime.hpp"
#include "lockstep/loopback_network.hpp"
#include "lockstep/network_manager.hpp"
#include "lockstep/replication_manager.hpp"
#include "lockstep/testing/wire_faults.hpp"
#include "tools/lockstep_bench/bench_engine.hpp"
#include "tools/lockstep_bench/counting_file_system.hpp"
#include "tools/lockstep_bench/first_commit.hpp"
#include "tools/lockstep_bench/load_client.hpp"
#include "tools/lockstep_bench/node_settings.hpp"

namespace lockstep::bench {

/// What a node has done since its start.
struct NodeCounters {
  std::int64_t cpu_ns = 0;  ///< of the whole process
  std::uint64_t syncs = 0;
  std::uint64_t file_bytes = 0;
  std::uint64_t wire_bytes = 0;
  std::uint64_t append_frames = 0;  ///< frames sent with entries
  std::uint64_t append_entries = 0;
  std::uint64_t committed = 0;
};

/// One replica of a group, as a host would set it up, and the client that may write to it. For one
/// thread. What fails throws std::runtime_error.
class BenchNode {
 public:
  /// `loopback`: the network that it joins when its transport is that; must outlive it.
  BenchNode(const NodeSettings& settings, LoopbackNetwork* loopback);
  ~BenchNode();
  BenchNode(const BenchNode&) = delete;
  BenchNode& operator=(const BenchNode&) = delete;

  /// 0: it needs none.
  [[nodiscard]] std::uint16_t port() const { return port_; }
  /// To be called for the other nodes first, so that they are known when it starts.
  void connect(const NodeId& peer, std::uint16_t port);
  void start();
  void stop();

  /// So that it can begin again where it was.
  void keep_engine();

  [[nodiscard]] WALReplicationManager& replica() { return *replica_; }
  /// These two need `watches_failover`.
  [[nodiscard]] testing::WireFaults& faults();
  [[nodiscard]] FirstCommit& first_commit();
  [[nodiscard]] const std::vector<NodeId>& peers() const { return peers_; }
  [[nodiscard]] NodeCounters counters() const;

  // The client that writes to this node, one at a time.
  void begin_load(const Load& load);
  void mark_load();
  [[nodiscard]] ClientFigures load_figures();
  /// Waits for the end of the writes under way.
  void end_load();

 private:
  void make_network(LoopbackNetwork* loopback);
  [[nodiscard]] std::shared_ptr<IWALSource> make_wal(const std::shared_ptr<IExecutor>& executor);
  /// Runs `task` where the client lives, and waits for it.
  template <class Task>
  void with_client(Task task);

  const NodeSettings settings_;
  const NodeId id_;
  const std::shared_ptr<BenchEngine> engine_;
  const std::shared_ptr<testing::WireFaults> faults_;
  /// Outlives the threads that call it.
  std::unique_ptr<FirstCommit> first_commit_;
  const std::shared_ptr<AsioRuntime> machine_ = AsioRuntime::create();
  const std::shared_ptr<CountingRuntime> runtime_ = std::make_shared<CountingRuntime>(machine_);
  const std::shared_ptr<IExecutor> callbacks_ = runtime_->make_strand();
  std::shared_ptr<INetworkManager> network_;
  std::uint16_t port_ = 0;
  std::vector<NodeId> peers_;
  std::unique_ptr<WALReplicationManager> replica_;
  std::unique_ptr<LoadClient> client_;
};

}  // namespace lockstep::bench
