// Commands: `peer NAME PORT`, `start`, `bootstrap NAME...`, `status`, `cut`, `heal`, `reset`,
// `cpu`. Whenever it comes to lead it writes an entry and tells `committed TERM NANOSECONDS` once
// that is committed.
#include "benchmark/failover_node.hpp"

#include <cinttypes>
#include <cstdio>
#include <iostream>
#include <mutex>
#include <set>
#include <sstream>

#include "benchmark/failover_clock.hpp"
#include "benchmark/node.hpp"
#include "lockstep/file_wal_manager.hpp"
#include "lockstep/replication_manager.hpp"
#include "lockstep/testing/wire_faults.hpp"
#include "lockstep/websocket_network_manager.hpp"

namespace lockstep::benchmark {
namespace {

/// Keeps nothing: the log is what is measured.
class NoEngine final : public IStateMachine {
 public:
  Result<RecoveredEngine> recover() override { return RecoveredEngine{}; }
  Result<Index> apply(std::span<const CommittedCommand> batch, const Seal& seal) override {
    seal(std::vector<CommandResult>(batch.size()));
    return Index{};
  }
  Result<std::shared_ptr<ISnapshot>> begin_snapshot(const SnapshotMetadata&) override {
    return Error(Errc::kNotSupported);
  }
  Result<> install_snapshot(const SnapshotMetadata&, ISnapshot&) override {
    return Error(Errc::kNotSupported);
  }
};

void tell(const std::string& line) {
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
}

void must_succeed(const Error& error) {
  if (error) give_up(error.message);
}

}  // namespace

int run_failover_node(const std::string& name, const std::string& folder, int heartbeat_ms,
                      int election_min_ms, int election_max_ms) {
  const NodeId node(name);
  const auto faults = std::make_shared<testing::WireFaults>();
  const auto runtime = AsioRuntime::create();
  const auto quiet = [](LogLevel, std::string_view) {};
  WebSocketNetworkOptions network_options;
  network_options.node = node;
  network_options.redial_min = std::chrono::milliseconds(5);
  network_options.redial_max = std::chrono::milliseconds(50);
  network_options.log = quiet;
  network_options.faults = faults;
  auto network = WebSocketNetworkManager::create(network_options, runtime);
  if (!network) give_up(network.error().message);
  const auto disk = runtime->make_worker("wal");
  auto wal = FileWALManager::create({.folder = folder, .node = node, .log = quiet}, *runtime, disk);
  if (!wal) give_up(wal.error().message);
  ReplicaOptions options;
  options.node = node;
  options.heartbeat_interval = std::chrono::milliseconds(heartbeat_ms);
  options.election_timeout_min = std::chrono::milliseconds(election_min_ms);
  options.election_timeout_max = std::chrono::milliseconds(election_max_ms);
  options.log = quiet;
  auto made = WALReplicationManager::create(
      options, {runtime, *network, std::move(*wal), disk, std::make_shared<NoEngine>()});
  if (!made) give_up(made.error().message);
  WALReplicationManager& replica = **made;
  const auto events = replica.subscribe([&](const ReplicationEvent& event) {
    const auto* change = std::get_if<RoleChanged>(&event);
    if (change == nullptr || change->to != Role::kLeader) return;
    replica.replicate(Payload("first"), [](const WriteOutcome& outcome) {
      const auto* committed = std::get_if<WriteCommitted>(&outcome);
      if (committed == nullptr) return;
      tell("committed " + to_string(committed->id.term) + " " + std::to_string(monotonic_ns()));
    });
  });
  tell("port " + std::to_string((*network)->local_port()));

  std::set<NodeId> peers;
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string command;
    words >> command;
    if (command == "peer") {
      std::string peer;
      std::uint16_t port = 0;
      words >> peer >> port;
      peers.insert(NodeId(peer));
      must((*network)->connect({NodeId(peer), "127.0.0.1", port}));
    } else if (command == "start") {
      must_succeed(replica.start().get());
      tell("started");
    } else if (command == "bootstrap") {
      std::vector<NodeId> members;
      for (std::string member; words >> member;) members.emplace_back(member);
      must_succeed(replica.bootstrap(members).get());
    } else if (command == "status") {
      const ReplicationStatus status = replica.status();
      tell("status " + (status.leader ? status.leader->str() : "none") + " " +
           to_string(status.term) + " " + to_string(status.commit_index) + " " +
           std::to_string(status.connected_nodes.size()));
    } else if (command == "cut") {
      for (const NodeId& peer : peers) faults->isolate(peer);
      tell("done " + std::to_string(monotonic_ns()));
    } else if (command == "heal") {
      for (const NodeId& peer : peers) faults->heal(peer);
    } else if (command == "reset") {
      for (const NodeId& peer : peers) faults->drop_connections(peer);
    } else if (command == "cpu") {
      tell("cpu " + std::to_string(nanoseconds_of(CLOCK_PROCESS_CPUTIME_ID)));
    }
  }
  return 0;
}

}  // namespace lockstep::benchmark
