#include "replication/cluster.hpp"

#include <algorithm>
#include <utility>

namespace lockstep::test {

using std::chrono::milliseconds;

ClusterNode::ClusterNode(std::string name, std::shared_ptr<AsioRuntime> runtime,
                         LoopbackNetwork& network)
    : id(std::move(name)), runtime_(std::move(runtime)), loopback_(network) {
  options.node = id;
  options.group = GroupId(7);
  options.leadership = Leadership::kAssigned;
  options.heartbeat_interval = milliseconds(20);
  options.retry_interval = milliseconds(100);
  options.vote_timeout = kDeadline;
  options.bootstrap_timeout = kDeadline;
  options.write_timeout = kDeadline;
  options.log = [](LogLevel, std::string_view) {};
}

ClusterNode::~ClusterNode() {
  faults->gate.open();
  faults->open_gate.open();
  if (engine_) engine_->gate.open();
  if (manager_) stop();
}

void ClusterNode::create() {
  LoopbackNodeOptions network_options;
  network_options.node = id;
  network_options.log = options.log;
  // A life that was dropped may take a moment to end.
  ASSERT_TRUE(eventually([&] {
    auto added = loopback_.add_node(network_options);
    if (added) network_ = *added;
    return added.has_value();
  }));
  for (const NodeId& peer : peers) (void)network_->connect({peer, "", 0});
  engine_ = std::make_shared<RecordingEngine>(engine_disk);
  auto executor = runtime_->make_worker("wal " + id.str());
  auto wal = std::make_shared<FaultyWAL>(
      MemoryWALManager::create(id, options.group, *runtime_, executor, disk_), executor, faults);
  manager_ = WALReplicationManager::create(options,
                                           {runtime_, network_, std::move(wal), executor, engine_})
                 .value();
  event_log_ = std::make_shared<EventLog>();
  subscription_ = manager_->subscribe([log = event_log_](const ReplicationEvent& event) {
    const std::lock_guard lock(log->mutex);
    log->events.push_back(event);
  });
}

void ClusterNode::start() {
  create();
  const Error error = await(manager_->start());
  ASSERT_FALSE(error) << id.str() << ": " << error.message;
}

void ClusterNode::stop() {
  EXPECT_FALSE(await(manager_->stop()));
  crash();
}

void ClusterNode::crash() {
  manager_.reset();
  network_.reset();
}

void ClusterNode::empty_disk() {
  disk_ = MemoryWALManager::make_disk();
  if (engine_disk) engine_disk = std::make_shared<EngineDisk>();
}

FollowerStatus ClusterNode::follower(const std::string& name) const {
  for (const FollowerStatus& follower : status().followers) {
    if (follower.node == NodeId(name)) return follower;
  }
  return {};
}

std::vector<ReplicationEvent> ClusterNode::events() const {
  const std::lock_guard lock(event_log_->mutex);
  return event_log_->events;
}

Cluster::Cluster(std::size_t nodes, const std::function<void(ClusterNode&)>& set_up) {
  for (std::size_t i = 1; i <= nodes; ++i) {
    nodes_.push_back(std::make_unique<ClusterNode>(std::string("n").append(std::to_string(i)),
                                                   runtime_, network_));
  }
  for (auto& node : nodes_) {
    for (const NodeId& other : members()) {
      if (other != node->id) node->peers.push_back(other);
    }
    set_up(*node);
  }
}

Cluster::~Cluster() = default;

std::vector<NodeId> Cluster::members() const {
  std::vector<NodeId> all;
  for (const auto& node : nodes_) all.push_back(node->id);
  return all;
}

void Cluster::start_all() {
  for (auto& node : nodes_) node->start();
}

void Cluster::found() {
  start_all();
  const Error founded = await(nodes_[0]->manager().bootstrap(members()));
  ASSERT_FALSE(founded) << founded.message;
  const Error leads = nodes_[0]->lead();
  ASSERT_FALSE(leads) << leads.message;
}

void Cluster::restart(std::size_t number) {
  (*this)[number].stop();
  (*this)[number].start();
}

void Cluster::isolate(std::size_t number) {
  const NodeId& node = (*this)[number].id;
  for (const NodeId& other : members()) {
    if (other == node) continue;
    network_.cut(node, other);
    network_.cut(other, node);
  }
}

void Cluster::heal(std::size_t number) {
  const NodeId& node = (*this)[number].id;
  for (const NodeId& other : members()) {
    if (other == node) continue;
    network_.heal(node, other);
    network_.heal(other, node);
  }
}

void Cluster::expect_converged(std::size_t leader) {
  const auto is_level = [&](ClusterNode& node) {
    const ReplicationStatus status = node.status();
    const Index end = (*this)[leader].status().last_index;
    return status.last_index == end && status.commit_index == end && status.last_applied == end;
  };
  EXPECT_TRUE(eventually([&] {
    for (auto& node : nodes_) {
      if (node->is_up() && !is_level(*node)) return false;
    }
    return true;
  })) << "the nodes do not get level";
  const auto expected = (*this)[leader].engine().applied();
  for (auto& node : nodes_) {
    if (!node->is_up() || node->engine_disk) continue;
    EXPECT_EQ(node->engine().applied(), expected) << node->id.str();
  }
}

void Cluster::expect_acknowledged(std::size_t leader) {
  EXPECT_TRUE(eventually([&] {
    const ReplicationStatus status = (*this)[leader].status();
    return std::ranges::all_of(status.followers, [&](const FollowerStatus& follower) {
      return follower.match_index == status.last_index;
    });
  })) << "the leader has not heard of all";
}

bool Cluster::all_applied(std::size_t count) {
  for (auto& node : nodes_) {
    if (node->is_up() && node->engine().count() < count) return false;
  }
  return true;
}

Error error_of(const WriteOutcome& outcome) {
  if (const auto* rejected = std::get_if<WriteRejected>(&outcome)) return rejected->error;
  if (const auto* unknown = std::get_if<WriteUnknown>(&outcome)) return unknown->error;
  return {};
}

}  // namespace lockstep::test
