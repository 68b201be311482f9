#include "guard/workload.hpp"

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "guard/payload_mark.hpp"
#include "lockstep/loopback_network.hpp"
#include "lockstep/memory_wal_manager.hpp"
#include "lockstep/replication_manager.hpp"
#include "lockstep/testing/simulated_runtime.hpp"

namespace lockstep::guard {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kSeed = 1;
constexpr std::chrono::nanoseconds kLimit = 1h;

void must(bool held, const std::string& what) {
  if (held) return;
  std::fprintf(stderr, "guard: %s\n", what.c_str());
  std::exit(1);
}

void must(const Error& error, const char* what) {
  must(!error, std::string(what) + ": " + error.message);
}

/// Keeps nothing, so that all that is counted is the library's.
class CountingEngine final : public IStateMachine {
 public:
  Result<RecoveredEngine> recover() override { return RecoveredEngine{}; }
  Result<Index> apply(std::span<const CommittedCommand> batch, const Seal& seal) override {
    (void)seal(std::vector<CommandResult>(batch.size()));
    commands += batch.size();
    if (!batch.empty()) applied_ = batch.back().id.index;
    return applied_;
  }
  Result<std::shared_ptr<ISnapshot>> begin_snapshot(const SnapshotMetadata&) override {
    return Error(Errc::kNotSupported);
  }
  Result<> install_snapshot(const SnapshotMetadata&, ISnapshot&) override {
    return Error(Errc::kNotSupported);
  }

  std::uint64_t commands = 0;

 private:
  Index applied_;
};

void discard(LogLevel, std::string_view) {}

}  // namespace

class Workload::Group {
 public:
  explicit Group(std::size_t in_flight) : in_flight_(in_flight), network_(simulated_.runtime()) {
    for (Node& node : nodes_) node.id = NodeId("n" + std::to_string(&node - nodes_.data() + 1));
    for (Node& node : nodes_) start(node);
    await("bootstrap", [&](auto done) {
      leader().bootstrap({nodes_[0].id, nodes_[1].id, nodes_[2].id}, done);
    });
    await("set_role", [&](auto done) { leader().set_role(Role::kLeader, done); });
  }

  void write(std::uint64_t entries) {
    to_begin_ = entries;
    const std::uint64_t wanted = begun_ + entries;
    for (std::size_t i = 0; i < in_flight_; ++i) begin();
    const auto applied_by_all = [&] {
      for (const Node& node : nodes_) {
        if (node.engine->commands < wanted) return false;
      }
      return true;
    };
    must(simulated_.run_until(applied_by_all, kLimit), "the entries were not committed");
  }

  [[nodiscard]] double entries_per_message() const {
    std::uint64_t received = 0;
    for (const Node& node : nodes_) received += node.manager->metrics().entries_received;
    return static_cast<double>(received) /
           static_cast<double>(nodes_[0].manager->metrics().appends_sent);
  }

 private:
  struct Node {
    NodeId id;
    std::shared_ptr<CountingEngine> engine{};
    std::unique_ptr<WALReplicationManager> manager{};
  };

  [[nodiscard]] WALReplicationManager& leader() { return *nodes_[0].manager; }

  void start(Node& node) {
    const auto runtime = simulated_.runtime();
    const auto transport = network_.add_node({.node = node.id, .log = discard}).value();
    for (const Node& peer : nodes_) {
      if (peer.id == node.id) continue;
      must(transport->connect({peer.id, "", 0}).has_value(), "cannot connect");
    }
    ReplicaOptions options;
    options.node = node.id;
    options.group = GroupId(7);
    options.leadership = Leadership::kAssigned;
    options.log = discard;
    const auto executor = runtime->make_worker("wal");
    auto wal = MemoryWALManager::create(node.id, options.group, *runtime, executor);
    node.engine = std::make_shared<CountingEngine>();
    auto manager = WALReplicationManager::create(
        options, {runtime, transport, std::move(wal), executor, node.engine});
    must(manager.has_value(), "the options are wrong");
    node.manager = std::move(manager).value();
    await("start", [&](auto done) { node.manager->start(done); });
  }

  void await(const char* what, const std::function<void(std::function<void(Error)>)>& call) {
    std::optional<Error> outcome;
    call([&](Error error) { outcome = std::move(error); });
    must(simulated_.run_until([&] { return outcome.has_value(); }, kLimit), what);
    must(*outcome, what);
  }

  /// What the handler holds fits into a std::function without allocation; the payload's own memory
  /// is the host's one allocation an entry.
  void begin() {
    if (to_begin_ == 0) return;
    --to_begin_;
    Payload payload(kPayloadBytes);
    mark_payload(payload.bytes(), static_cast<std::uint32_t>(++begun_));
    leader().replicate(std::move(payload), [this](const WriteOutcome& outcome) {
      must(std::holds_alternative<WriteCommitted>(outcome), "not committed");
      begin();
    });
  }

  const std::size_t in_flight_;
  testing::SimulatedRuntime simulated_{kSeed};
  LoopbackNetwork network_;
  std::array<Node, 3> nodes_;
  std::uint64_t to_begin_ = 0;
  std::uint64_t begun_ = 0;
};

Workload::Workload(std::size_t in_flight) : group_(std::make_unique<Group>(in_flight)) {}
Workload::~Workload() = default;

void Workload::warm_up(std::uint64_t entries) { group_->write(entries); }

[[gnu::noinline]] void Workload::write_measured(std::uint64_t entries) { group_->write(entries); }

double Workload::entries_per_message() const { return group_->entries_per_message(); }

}  // namespace lockstep::guard
