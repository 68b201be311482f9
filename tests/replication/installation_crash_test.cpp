// A follower with its log in files is switched off at each step of a snapshot's way into it: what
// it finds at its start is finished or taken back, and the group agrees in the end.
#include <gtest/gtest.h>

#include "lockstep/file_wal_manager.hpp"
#include "lockstep/loopback_network.hpp"
#include "lockstep/testing/simulated_disk.hpp"
#include "lockstep/testing/simulated_machine.hpp"
#include "replication/cluster.hpp"

namespace lockstep::test {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kSeed = 7;
constexpr std::size_t kFewSteps = 100;

/// Three members in virtual time, led by n1, with logs in files and engines that are durable.
class World {
 public:
  World() {
    for (const char* name : {"n1", "n2", "n3"}) nodes_.push_back({NodeId(name)});
    for (Node& node : nodes_) start(node);
    must_succeed([&](auto done) {
      nodes_[0].manager->bootstrap({NodeId("n1"), NodeId("n2"), NodeId("n3")}, done);
    });
    must_succeed([&](auto done) { nodes_[0].manager->set_role(Role::kLeader, done); });
    write(5);
    simulated_.run_for(1s);
    separate(true);
    write(20);
    simulated_.run_for(1s);
    for (const std::size_t i : {0u, 1u}) {
      must_succeed([&](auto done) { nodes_[i].manager->trigger_snapshot(done); });
    }
    separate(false);
    // On its way, but for the first piece.
    const auto is_on_its_way = [&] {
      for (const FollowerStatus& follower : nodes_[0].manager->status().followers) {
        if (follower.snapshot_bytes > 0) return true;
      }
      return false;
    };
    EXPECT_TRUE(simulated_.run_until(is_on_its_way, 1min));
  }

  /// How many tasks it takes until n3 has the snapshot.
  std::uint64_t steps_to_the_end() {
    const std::uint64_t before = simulated_.tasks_run();
    EXPECT_TRUE(simulated_.run_until(
        [&] { return nodes_[2].manager->metrics().snapshots_installed == 1; }, 1min));
    return simulated_.tasks_run() - before;
  }

  void run_steps(std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) simulated_.run_one();
  }

  void crash(std::uint64_t seed) {
    Node& node = nodes_[2];
    node.machine->power_off();
    node.manager.reset();
    node.engine.reset();
    node.disk->crash(seed);
  }
  void restart() { start(nodes_[2]); }
  /// n3 hears of nobody, or does again.
  void separate(bool apart) {
    for (const char* other : {"n1", "n2"}) {
      for (const auto& [from, to] :
           {std::pair{NodeId(other), NodeId("n3")}, std::pair{NodeId("n3"), NodeId(other)}}) {
        apart ? network_.cut(from, to) : network_.heal(from, to);
      }
    }
  }
  [[nodiscard]] std::vector<std::string> files_of_the_transfer() const {
    std::vector<std::string> files = nodes_[2].disk->paths();
    std::erase_if(files, [](const auto& path) { return path.find("spool") == std::string::npos; });
    return files;
  }
  /// As the end of a process leaves them, without a word.
  void leave(const std::vector<std::string>& files) {
    for (const std::string& path : files) {
      if (*nodes_[2].disk->exists(path)) continue;
      EXPECT_TRUE(nodes_[2].disk->create(path));
    }
  }

  void expect_agreement() {
    write(3);
    simulated_.run_for(30s);
    for (Node& node : nodes_) {
      const ReplicationStatus status = node.manager->status();
      EXPECT_FALSE(status.failure) << node.id.str() << ": " << status.failure->message;
      EXPECT_TRUE(node.engine->state() == nodes_[0].engine->state()) << node.id.str();
      EXPECT_EQ(node.engine->state().size(), 28u);
      EXPECT_EQ(status.last_applied, nodes_[0].manager->status().last_index) << node.id.str();
    }
  }

  /// As the engine and the start saw it.
  [[nodiscard]] const ReplicationStatus& state_at_start() const { return at_start_; }

 private:
  struct Node {
    NodeId id;
    std::shared_ptr<testing::SimulatedDisk> disk = std::make_shared<testing::SimulatedDisk>();
    std::shared_ptr<EngineDisk> engine_disk = std::make_shared<EngineDisk>();
    std::shared_ptr<testing::SimulatedMachine> machine{};
    std::shared_ptr<RecordingEngine> engine{};
    std::unique_ptr<WALReplicationManager> manager{};
  };

  void start(Node& node) {
    const auto log = [](LogLevel, std::string_view) {};
    node.machine = simulated_.make_machine(node.disk);
    const auto transport =
        network_.add_node({.node = node.id, .runtime = node.machine, .log = log}).value();
    for (const Node& other : nodes_) {
      if (other.id == node.id) continue;
      EXPECT_TRUE(transport->connect({other.id, "", 0}));
    }
    const auto executor = node.machine->make_worker("wal");
    FileWALOptions files;
    files.folder = "wal";
    files.node = node.id;
    files.group = GroupId(7);
    files.zero_fill_bytes = 64 << 10;
    files.ballast_bytes = 0;
    ReplicaOptions options;
    options.leadership = Leadership::kAssigned;
    options.node = node.id;
    options.group = GroupId(7);
    options.log = log;
    options.snapshot_folder = "spool";
    node.engine = std::make_shared<RecordingEngine>(node.engine_disk);
    node.manager = WALReplicationManager::create(
                       options, {node.machine, transport,
                                 FileWALManager::create(files, *node.machine, executor).value(),
                                 executor, node.engine})
                       .value();
    must_succeed([&](auto done) { node.manager->start(done); });
    at_start_ = node.manager->status();
  }

  void write(int count) {
    for (int i = 0; i < count; ++i) {
      std::optional<WriteOutcome> outcome;
      nodes_[0].manager->replicate(Payload(std::string(20'000, 'w')),
                                   [&](WriteOutcome done) { outcome = std::move(done); });
      ASSERT_TRUE(simulated_.run_until([&] { return outcome.has_value(); }, 1h));
      ASSERT_TRUE(committed(*outcome));
    }
  }

  void must_succeed(const std::function<void(std::function<void(Error)>)>& call) {
    std::optional<Error> outcome;
    call([&](Error error) { outcome = std::move(error); });
    ASSERT_TRUE(simulated_.run_until([&] { return outcome.has_value(); }, 1h));
    ASSERT_FALSE(*outcome) << outcome->message;
  }

  testing::SimulatedRuntime simulated_{kSeed};
  LoopbackNetwork network_{simulated_.runtime()};
  std::vector<Node> nodes_;
  ReplicationStatus at_start_;
};

TEST(InstallationCrash, IsHealedAtEveryStep) {
  std::uint64_t steps = 0;
  {
    World world;
    steps = world.steps_to_the_end();
    world.expect_agreement();
  }
  ASSERT_GT(steps, 20u);
  int before = 0;
  int after = 0;
  const std::uint64_t stride = steps / kFewSteps + 1;
  for (std::uint64_t step = 0; step <= steps + stride; step += stride) {
    SCOPED_TRACE("switched off after " + std::to_string(step) + " of " + std::to_string(steps));
    World world;
    world.run_steps(step);
    world.crash(step);
    world.restart();
    ++(world.state_at_start().first_index == Index(1) ? before : after);
    world.expect_agreement();
    if (::testing::Test::HasFailure()) break;
  }
  EXPECT_GT(before, 0);
  EXPECT_GT(after, 0);
}

TEST(InstallationCrash, LeavesNothingBehindThoughNobodySendsItAgain) {
  World world;
  world.run_steps(20);
  const auto files = world.files_of_the_transfer();
  ASSERT_EQ(files.size(), 1u);
  world.crash(1);
  world.leave(files);
  world.separate(true);
  world.restart();
  EXPECT_TRUE(world.files_of_the_transfer().empty());
}

}  // namespace
}  // namespace lockstep::test
