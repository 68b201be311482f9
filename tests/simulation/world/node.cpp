#include "simulation/world/node.hpp"

#include <utility>

#include "simulation/observe/observed_network.hpp"
#include "simulation/observe/observed_wal.hpp"

namespace lockstep::sim {
namespace {

constexpr GroupId kGroup{7};

void no_log(LogLevel, std::string_view) {}

}  // namespace

Node::Node(NodeId id, const Settings& settings, testing::SimulatedRuntime& simulated,
           LoopbackNetwork& network, Hooks hooks)
    : id_(std::move(id)),
      settings_(settings),
      simulated_(simulated),
      network_(network),
      hooks_(std::move(hooks)) {}

Node::~Node() {
  if (machine_) machine_->power_off();
  let_go();
}

void Node::start(const std::vector<NodeId>& peers) {
  ++life_;
  trouble_.reset();
  may_fail = is_full;
  stopped_ = false;
  engine_disk_->flush_one_in = settings_.engine_flushes_one_in;
  hooks_.on_life(*this);
  machine_ = simulated_.make_machine(disk_);
  machine_->slow_workers("wal", std::chrono::microseconds(20), settings_.slowest_sync);
  make_network(peers);
  make_replica();
  state_ = State::kStarting;
  manager_->start([this](Error error) {
    if (state_ == State::kStarting) state_ = State::kUp;
    if (error) trouble_ = std::move(error);
  });
}

void Node::make_network(const std::vector<NodeId>& peers) {
  LoopbackNodeOptions options;
  options.node = id_;
  options.runtime = machine_;
  options.ping_interval = std::chrono::milliseconds(1000);
  // Not as often as by default: tries in vain cost more than all the rest.
  options.redial_min = std::chrono::milliseconds(20);
  options.redial_max = std::chrono::milliseconds(1000);
  options.log = no_log;
  transport_ = network_.add_node(options).value();
  for (const NodeId& peer : peers) {
    if (peer != id_) (void)transport_->connect({peer, "", 0});
  }
}

void Node::make_replica() {
  FileWALOptions wal_options = settings_.wal;
  wal_options.folder = "/log";
  wal_options.node = id_;
  wal_options.group = kGroup;
  wal_options.log = no_log;
  const auto wal_executor = machine_->make_worker("wal");
  auto wal = FileWALManager::create(wal_options, *machine_, wal_executor,
                                    machine_->make_worker("wal reader"));
  engine_ = std::make_shared<KvEngine>(
      engine_disk_,
      [this](const CommittedCommand& command, const KvState& after) {
        hooks_.observer.on_apply(id_, command, after);
      },
      [this](const SnapshotMetadata& metadata, const KvState& state) {
        hooks_.observer.on_install(id_, metadata, state);
      });
  ReplicaOptions options = settings_.replica;
  options.node = id_;
  options.group = kGroup;
  options.log = no_log;
  options.on_invariant_broken = [this](const std::string& what) {
    hooks_.on_invariant_broken(*this, what);
  };
  manager_ =
      WALReplicationManager::create(
          options, {machine_, observe(transport_, hooks_.observer),
                    observe(std::move(wal).value(), id_, hooks_.observer), wal_executor, engine_})
          .value();
  events_ =
      manager_->subscribe([this](const ReplicationEvent& event) { hooks_.on_event(*this, event); });
}

void Node::let_go() {
  events_ = {};
  manager_.reset();
  transport_.reset();
  engine_.reset();
  machine_.reset();
  power_cut_at.reset();
  state_ = State::kDown;
}

void Node::crash(std::uint64_t seed, bool keeps_page_cache) {
  machine_->power_off();
  keeps_page_cache ? disk_->drop_process() : disk_->crash(seed);
  let_go();
}

void Node::stop() {
  state_ = State::kStopping;
  manager_->stop([this](Error error) {
    if (error) trouble_ = std::move(error);
    engine_->flush();
    stopped_ = true;
  });
}

void Node::settle() {
  if (state_ != State::kStopping || !stopped_) return;
  machine_->power_off();
  // A process that ends leaves its page cache, and no file open.
  disk_->drop_process();
  let_go();
}

void Node::take_data_away() {
  *disk_ = testing::SimulatedDisk();
  *engine_disk_ = EngineDisk();
  lost_data = is_stranger = true;
}

}  // namespace lockstep::sim
