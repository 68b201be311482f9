#include "demo_node.hpp"

#include <future>
#include <iostream>
#include <stdexcept>

#include "lockstep/file_wal_manager.hpp"

namespace lockstep_demo {
namespace {

using namespace lockstep;  // NOLINT: an example of its use

/// Standard output belongs to the results.
void log_to_stderr(LogLevel level, std::string_view text) {
  if (level >= LogLevel::kWarning) std::cerr << "  log: " << text << std::endl;
}

[[noreturn]] void fail(const NodeId& node, const Error& error) {
  throw std::runtime_error(node.str() + ": " + error.message);
}

}  // namespace

DemoNode::DemoNode(NodeId id, std::filesystem::path folder, Leadership leadership)
    : id_(std::move(id)),
      folder_(std::move(folder)),
      leadership_(leadership),
      faults_(std::make_shared<testing::WireFaults>()) {}

DemoNode::~DemoNode() { stop(); }

void DemoNode::start() {
  runtime_ = AsioRuntime::create();

  WebSocketNetworkOptions network;
  network.node = id_;
  network.faults = faults_;
  network.log = log_to_stderr;
  auto created = WebSocketNetworkManager::create(network, runtime_);
  if (!created) fail(id_, created.error());
  network_ = *created;

  FileWALOptions files;
  files.folder = folder_.string();
  files.node = id_;
  files.log = log_to_stderr;
  auto wal_executor = runtime_->make_worker("demo-wal");
  auto wal = FileWALManager::create(files, *runtime_, wal_executor,
                                    runtime_->make_worker("demo-wal-reader"));
  if (!wal) fail(id_, wal.error());

  engine_ = std::make_shared<DemoEngine>(folder_ / "engine.image");
  ReplicaOptions options;
  options.leadership = leadership_;
  options.node = id_;
  options.log = log_to_stderr;
  options.heartbeat_interval = std::chrono::milliseconds{50};
  // Longer than a busy machine makes a thread wait: nobody is to lose leadership that the demo does
  // not take away.
  options.election_timeout_min = std::chrono::milliseconds{2000};
  options.election_timeout_max = std::chrono::milliseconds{3000};
  // The demo watches progress itself, so that it survives being stopped and continued.
  options.write_timeout = std::chrono::milliseconds{0};
  auto manager = WALReplicationManager::create(
      options,
      {runtime_, network_, std::shared_ptr<IWALSource>(std::move(*wal)), wal_executor, engine_});
  if (!manager) fail(id_, manager.error());
  manager_ = std::move(*manager);
  if (const Error error = manager_->start().get()) fail(id_, error);
}

void DemoNode::stop() {
  if (!manager_) return;
  manager_->stop().get();
  keep_book();
  std::promise<void> closed;
  network_->close([&closed](const Error&) { closed.set_value(); });
  closed.get_future().wait();
  manager_.reset();
  network_.reset();
  runtime_.reset();
}

void DemoNode::kill() {
  keep_book();
  manager_.reset();
  network_.reset();
  runtime_.reset();
}

void DemoNode::release_log() {
  const Result<Index> stored = engine_->store();
  if (!stored) fail(id_, stored.error());
  manager_->report_durable_applied(*stored);
  if (const Error error = manager_->trigger_snapshot().get()) fail(id_, error);
}

void DemoNode::keep_book() {
  past_traffic_.add(network_->metrics().total);
  add(past_metrics_, manager_->metrics());
}

void DemoNode::connect_to(const DemoNode& peer) {
  const PeerAddress address{peer.id_, "127.0.0.1", peer.network_->local_port()};
  if (const auto accepted = network_->connect(address); !accepted) fail(id_, accepted.error());
}

PeerCounters DemoNode::traffic() const {
  PeerCounters sum = past_traffic_;
  if (network_) sum.add(network_->metrics().total);
  return sum;
}

ReplicationMetrics DemoNode::metrics() const {
  ReplicationMetrics sum = past_metrics_;
  if (manager_) add(sum, manager_->metrics());
  return sum;
}

void add(ReplicationMetrics& sum, const ReplicationMetrics& other) {
  sum.entries_truncated += other.entries_truncated;
  sum.appends_fenced += other.appends_fenced;
  sum.elections_won += other.elections_won;
  sum.snapshots_installed += other.snapshots_installed;
  sum.heartbeats_sent += other.heartbeats_sent;
  sum.heartbeats_received += other.heartbeats_received;
  sum.commit_latency.merge(other.commit_latency);
  sum.local_latency.merge(other.local_latency);
}

}  // namespace lockstep_demo
