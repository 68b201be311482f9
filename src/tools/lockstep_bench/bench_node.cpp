#include "tools/lockstep_bench/bench_node.hpp"

#include <algorithm>
#include <chrono>
#include <future>
#include <stdexcept>
#include <thread>
#include <utility>

#include "lockstep/file_wal_manager.hpp"
#include "lockstep/memory_wal_manager.hpp"
#include "lockstep/websocket_network_manager.hpp"
#include "tools/lockstep_bench/process_statistics.hpp"

namespace lockstep::bench {
namespace {

using std::chrono::milliseconds;

// Standard output belongs to the figures, and a node that is killed on purpose makes its peers say
// much.
void quiet(LogLevel, std::string_view) {}

void must(const NodeId& node, const Error& error) {
  if (error) throw std::runtime_error(node.str() + ": " + error.message);
}

template <class T>
T must(const NodeId& node, Result<T> result) {
  if (!result) must(node, result.error());
  return std::move(*result);
}

}  // namespace

BenchNode::BenchNode(const NodeSettings& settings, LoopbackNetwork* loopback)
    : settings_(settings),
      id_(settings.name),
      engine_(std::make_shared<BenchEngine>(settings.folder + "-engine", settings.image_bytes)),
      faults_(settings.watches_failover ? std::make_shared<testing::WireFaults>() : nullptr) {
  make_network(loopback);
  const auto disk = runtime_->make_worker("wal");
  ReplicaOptions options;
  options.node = id_;
  options.leadership = settings_.leadership;
  options.mode = settings_.mode;
  options.heartbeat_interval = milliseconds(settings_.heartbeat_ms);
  options.election_timeout_min = milliseconds(settings_.election_timeout_min_ms);
  options.election_timeout_max = milliseconds(settings_.election_timeout_max_ms);
  options.callback_executor = callbacks_;
  options.snapshot_folder = settings_.folder + "-snapshot";
  if (!settings_.releases_log) options.compaction_threshold_bytes = 0;
  options.log = quiet;
  replica_ = must(id_, WALReplicationManager::create(
                           options, {runtime_, network_, make_wal(disk), disk, engine_}));
  if (settings_.watches_failover) first_commit_ = std::make_unique<FirstCommit>(*replica_);
}

BenchNode::~BenchNode() { end_load(); }

void BenchNode::make_network(LoopbackNetwork* loopback) {
  if (settings_.transport == Transport::kLoopback) {
    network_ = must(id_, loopback->add_node({.node = id_, .runtime = runtime_, .log = quiet}));
    return;
  }
  WebSocketNetworkOptions options;
  options.node = id_;
  options.redial_min = milliseconds(5);
  options.redial_max = milliseconds(50);
  options.log = quiet;
  options.faults = faults_;
  auto network = must(id_, WebSocketNetworkManager::create(options, machine_));
  port_ = network->local_port();
  network_ = std::move(network);
}

std::shared_ptr<IWALSource> BenchNode::make_wal(const std::shared_ptr<IExecutor>& executor) {
  if (settings_.durability == Durability::kMemory) {
    return MemoryWALManager::create(id_, GroupId(), *runtime_, executor);
  }
  FileWALOptions files;
  files.folder = settings_.folder;
  files.node = id_;
  files.sync = settings_.durability == Durability::kFsync;
  files.log = quiet;
  return must(
      id_, FileWALManager::create(files, *runtime_, executor, runtime_->make_worker("wal-reader")));
}

void BenchNode::connect(const NodeId& peer, std::uint16_t port) {
  if (std::ranges::count(peers_, peer) == 0) peers_.push_back(peer);
  const Result<> accepted = network_->connect({peer, "127.0.0.1", port});
  if (!accepted) must(id_, accepted.error());
}

void BenchNode::keep_engine() {
  if (const Result<> kept = engine_->keep(); !kept) must(id_, kept.error());
}

void BenchNode::start() { must(id_, replica_->start().get()); }

void BenchNode::stop() {
  end_load();
  must(id_, replica_->stop().get());
  std::promise<void> closed;
  network_->close([&closed](const Error&) { closed.set_value(); });
  closed.get_future().wait();
}

testing::WireFaults& BenchNode::faults() {
  if (!faults_) throw std::runtime_error(id_.str() + ": its connections cannot be cut");
  return *faults_;
}

FirstCommit& BenchNode::first_commit() {
  if (!first_commit_) throw std::runtime_error(id_.str() + ": nobody watches its failover");
  return *first_commit_;
}

NodeCounters BenchNode::counters() const {
  NodeCounters counters;
  counters.cpu_ns = processor_ns();
  counters.syncs = runtime_->counts().syncs.load();
  counters.file_bytes = runtime_->counts().bytes_written.load();
  const NetworkMetrics network = network_->metrics();
  counters.wire_bytes = network.total.bytes_sent;
  const auto appends = network.total.by_type.find(MessageType::kAppendEntries);
  if (appends != network.total.by_type.end()) {
    counters.append_frames = appends->second.messages_sent;
  }
  const ReplicationMetrics metrics = replica_->metrics();
  counters.append_entries = metrics.entries_received;
  counters.committed = replica_->status().commit_index.value();
  return counters;
}

template <class Task>
void BenchNode::with_client(Task task) {
  if (!client_) throw std::runtime_error(id_.str() + ": nobody writes to it");
  std::promise<void> done;
  callbacks_->post([&] {
    task(*client_);
    done.set_value();
  });
  done.get_future().wait();
}

void BenchNode::begin_load(const Load& load) {
  end_load();
  client_ = std::make_unique<LoadClient>(*replica_, *runtime_, callbacks_, load);
  with_client([](LoadClient& client) { client.start(); });
}

void BenchNode::mark_load() {
  with_client([](LoadClient& client) { client.mark(); });
}

ClientFigures BenchNode::load_figures() {
  ClientFigures figures;
  with_client([&](const LoadClient& client) { figures = client.figures(); });
  return figures;
}

void BenchNode::end_load() {
  if (!client_) return;
  with_client([](LoadClient& client) { client.stop(); });
  for (bool is_idle = false; !is_idle;) {
    with_client([&](const LoadClient& client) { is_idle = client.is_idle(); });
    if (!is_idle) std::this_thread::sleep_for(milliseconds(1));
  }
  client_.reset();
}

}  // namespace lockstep::bench
