// Replicas whose logs are real files on disks that rot, fill up and fail, in virtual time: design
// rules 4, 6 and 7.
#include <gtest/gtest.h>

#include <algorithm>

#include "lockstep/file_wal_manager.hpp"
#include "lockstep/loopback_network.hpp"
#include "lockstep/replication_manager.hpp"
#include "lockstep/testing/simulated_disk.hpp"
#include "lockstep/testing/simulated_runtime.hpp"
#include "replication/recording_engine.hpp"

namespace lockstep::test {
namespace {

using namespace std::chrono_literals;
using testing::SimulatedDisk;

/// The runtime of a node that has a disk of its own.
class NodeRuntime final : public Runtime {
 public:
  NodeRuntime(std::shared_ptr<Runtime> shared, SimulatedDisk& disk)
      : shared_(std::move(shared)), disk_(disk) {}
  std::shared_ptr<IExecutor> make_strand() override { return shared_->make_strand(); }
  std::shared_ptr<IExecutor> make_worker(std::string name) override {
    return shared_->make_worker(std::move(name));
  }
  std::unique_ptr<Timer> schedule(std::shared_ptr<IExecutor> executor,
                                  std::chrono::nanoseconds delay,
                                  std::function<void()> task) override {
    return shared_->schedule(std::move(executor), delay, std::move(task));
  }
  MonotonicTime now() const override { return shared_->now(); }
  std::int64_t wall_clock_ms() const override { return shared_->wall_clock_ms(); }
  std::uint64_t random() override { return shared_->random(); }
  IFileSystem& file_system() override { return disk_; }

 private:
  const std::shared_ptr<Runtime> shared_;
  SimulatedDisk& disk_;
};

/// Three replicas, or as many as wanted, that may be stopped and started again on what their disks
/// hold.
class DiskGroup {
 public:
  explicit DiskGroup(std::uint64_t seed = 1, std::size_t nodes = 3)
      : DiskGroup(seed, nodes, nodes) {}
  /// Founded by the first ones; the others wait to be added.
  DiskGroup(std::uint64_t seed, std::size_t nodes, std::size_t founders)
      : simulated(seed), network(simulated.runtime()), nodes_(nodes) {
    for (std::size_t i = 1; i <= nodes; ++i) {
      members.emplace_back(std::string("n").append(std::to_string(i)));
    }
    for (std::size_t i = 1; i <= nodes; ++i) start(i);
    const auto behind = members.begin() + static_cast<std::ptrdiff_t>(founders);
    must([&](auto done) { manager(1).bootstrap({members.begin(), behind}, done); });
    lead(1);
  }
  ~DiskGroup() {
    for (std::size_t i = 1; i <= nodes_.size(); ++i) {
      if (nodes_[i - 1].manager) stop(i);
    }
  }

  void start(std::size_t number) {
    Node& node = nodes_[number - 1];
    const auto log = [](LogLevel, std::string_view) {};
    const NodeId& id = members[number - 1];
    node.runtime = std::make_shared<NodeRuntime>(simulated.runtime(), node.disk);
    LoopbackNodeOptions network_options;
    network_options.node = id;
    network_options.log = log;
    auto transport = network.add_node(network_options).value();
    for (const NodeId& peer : members) {
      if (peer == id) continue;
      EXPECT_TRUE(transport->connect({peer, "", 0}));
    }
    FileWALOptions wal_options = wal;
    wal_options.folder = "/log";
    wal_options.node = id;
    wal_options.group = GroupId(7);
    wal_options.log = log;
    const auto executor = node.runtime->make_worker("wal");
    auto opened = FileWALManager::create(wal_options, *node.runtime, executor,
                                         node.runtime->make_worker("wal reader"));
    ReplicaOptions options;
    options.leadership = Leadership::kAssigned;
    options.node = id;
    options.group = GroupId(7);
    options.tail_cache_bytes = 2000;
    options.log = log;
    node.engine = std::make_shared<RecordingEngine>();
    node.manager =
        WALReplicationManager::create(
            options, {node.runtime, transport, std::move(opened).value(), executor, node.engine})
            .value();
    node.events = node.manager->subscribe(
        [&node](const ReplicationEvent& event) { node.told.push_back(event); });
    must([&](auto done) { node.manager->start(done); });
  }
  /// In order; its log is closed.
  void stop(std::size_t number) {
    must([&](auto done) { manager(number).stop(done); });
    nodes_[number - 1].manager.reset();
    simulated.run_for(1s);
  }
  /// The power goes: what was not synced is lost, or torn as the seed says.
  void crash(std::size_t number, std::uint64_t seed) {
    nodes_[number - 1].disk.crash(seed);
    nodes_[number - 1].manager.reset();
    simulated.run_for(1s);
  }
  void lead(std::size_t number) {
    must([&](auto done) { manager(number).set_role(Role::kLeader, done); });
  }
  [[nodiscard]] Error try_to_lead(std::size_t number) {
    return outcome_of([&](auto done) { manager(number).set_role(Role::kLeader, done); });
  }

  [[nodiscard]] WriteOutcome write(const std::string& text, std::size_t leader = 1) {
    std::optional<WriteOutcome> outcome;
    manager(leader).replicate(Payload(text), [&](const WriteOutcome& o) { outcome = o; });
    EXPECT_TRUE(simulated.run_until([&] { return outcome.has_value(); }, 1h));
    return outcome.value_or(WriteRejected{Errc::kTimedOut});
  }
  /// "0", "1", ...: each with a text that is found on the disk.
  void write_many(std::size_t count, std::size_t leader = 1) {
    for (std::size_t i = 0; i < count; ++i) {
      const std::string text = "entry " + std::to_string(written++) + " " + std::string(100, '.');
      ASSERT_TRUE(std::holds_alternative<WriteCommitted>(write(text, leader)));
    }
    simulated.run_for(2s);
  }

  /// A bit of the entry that `write_many` wrote as the n-th.
  void rot(std::size_t number, std::size_t entry) {
    SimulatedDisk& disk = nodes_[number - 1].disk;
    const std::string wanted = "entry " + std::to_string(entry) + " ";
    for (const std::string& path : disk.paths()) {
      const auto bytes = disk.contents(path);
      const auto found = std::search(bytes.begin(), bytes.end(), wanted.begin(), wanted.end());
      if (found == bytes.end()) continue;
      disk.flip_bit(path, static_cast<std::uint64_t>(found - bytes.begin()) + 30, 3);
      return;
    }
    FAIL() << "entry " << entry << " is nowhere on the disk";
  }

  void must(const std::function<void(std::function<void(Error)>)>& call) {
    const Error error = outcome_of(call);
    ASSERT_FALSE(error) << error.message;
  }
  void expect_level() {
    simulated.run_for(5s);
    const auto expected = engine(1).texts();
    for (std::size_t i = 1; i <= nodes_.size(); ++i) {
      EXPECT_TRUE(status(i).damaged.empty()) << "n" << i;
      EXPECT_EQ(status(i).last_index, status(1).last_index) << "n" << i;
      EXPECT_EQ(engine(i).texts(), expected) << "n" << i;
    }
  }

  [[nodiscard]] WALReplicationManager& manager(std::size_t number) {
    return *nodes_[number - 1].manager;
  }
  [[nodiscard]] ReplicationStatus status(std::size_t number) { return manager(number).status(); }
  [[nodiscard]] RecordingEngine& engine(std::size_t number) { return *nodes_[number - 1].engine; }
  [[nodiscard]] SimulatedDisk& disk(std::size_t number) { return nodes_[number - 1].disk; }
  template <class Event>
  [[nodiscard]] std::size_t count_of(std::size_t number) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        nodes_[number - 1].told,
        [](const ReplicationEvent& event) { return std::holds_alternative<Event>(event); }));
  }

  testing::SimulatedRuntime simulated;
  LoopbackNetwork network;
  std::vector<NodeId> members;
  std::size_t written = 0;
  /// For nodes started from now on.
  FileWALOptions wal{.segment_bytes = 64 << 10,
                     .zero_fill_bytes = 16 << 10,
                     .cache_bytes = 1000,
                     .low_space_bytes = 40 << 10,
                     .ballast_bytes = 16 << 10,
                     .scrub_bytes_per_second = 0};

 private:
  struct Node {
    SimulatedDisk disk;
    std::shared_ptr<NodeRuntime> runtime;
    std::shared_ptr<RecordingEngine> engine;
    std::unique_ptr<WALReplicationManager> manager;
    std::vector<ReplicationEvent> told;
    Subscription events;
  };

  Error outcome_of(const std::function<void(std::function<void(Error)>)>& call) {
    std::optional<Error> outcome;
    call([&](Error error) { outcome = std::move(error); });
    EXPECT_TRUE(simulated.run_until([&] { return outcome.has_value(); }, 1h));
    return outcome.value_or(Errc::kTimedOut);
  }

  std::vector<Node> nodes_;
};

TEST(Rot, FoundAtTheStartIsRefetchedFromTheOthers) {
  DiskGroup group;
  group.write_many(300);
  group.stop(3);
  group.rot(3, 10);
  group.rot(3, 11);
  group.rot(3, 250);
  group.start(3);
  group.expect_level();
  EXPECT_GE(group.manager(3).metrics().entries_damaged, 1u);
  EXPECT_EQ(group.manager(3).metrics().entries_repaired,
            group.manager(3).metrics().entries_damaged);
  EXPECT_GE(group.count_of<EntriesDamaged>(3), 1u);
  EXPECT_GE(group.count_of<EntriesRepaired>(3), 1u);
  EXPECT_GE(group.manager(1).metrics().repairs_served + group.manager(2).metrics().repairs_served,
            1u);
  // It is whole on the disk: the next life reads all of it.
  group.stop(3);
  group.start(3);
  EXPECT_TRUE(group.status(3).damaged.empty());
  group.expect_level();
}

TEST(Rot, NeedsNoLeaderToBeRepaired) {
  DiskGroup group;
  group.write_many(50);
  group.stop(3);
  group.rot(3, 49);
  group.stop(1);
  group.start(3);
  EXPECT_EQ(group.try_to_lead(3), Errc::kCorruption) << "it says so, until it is repaired";
  EXPECT_TRUE(group.simulated.run_until([&] { return group.status(3).damaged.empty(); }, 1min));
  EXPECT_FALSE(group.status(3).leader);
  EXPECT_FALSE(group.try_to_lead(3));
  group.start(1);
  group.expect_level();
}

TEST(Rot, OfTheEntryThatNamesTheMembersIsRepaired) {
  DiskGroup group;
  group.write_many(5);
  group.stop(2);
  // The founding entry names all of them, early in the file; heads of segments name only this one.
  SimulatedDisk& disk = group.disk(2);
  bool rotten = false;
  for (const std::string& path : disk.paths()) {
    const auto bytes = disk.contents(path);
    const std::string other = "\x02n3";
    const auto found = std::search(bytes.begin(), bytes.end(), other.begin(), other.end());
    if (found == bytes.end()) continue;
    disk.flip_bit(path, static_cast<std::uint64_t>(found - bytes.begin()) + 1);
    rotten = true;
  }
  ASSERT_TRUE(rotten);
  group.start(2);
  EXPECT_TRUE(group.status(2).bootstrapped);
  group.expect_level();
  EXPECT_EQ(group.status(2).configuration, group.status(1).configuration);
  EXPECT_FALSE(group.try_to_lead(2));
}

TEST(Rot, OfTheEntriesThatNameTheOthersMakesNobodyASoleVoter) {
  DiskGroup group(1, 3, 1);
  for (const std::size_t number : {2u, 3u}) {
    const NodeId& node = group.members[number - 1];
    group.must([&](auto done) { group.manager(1).add_learner(node, {}, done); });
    group.simulated.run_for(1s);
    group.must([&](auto done) { group.manager(1).promote(node, {}, done); });
  }
  group.write_many(20);
  for (const std::size_t number : {3u, 2u, 1u}) group.stop(number);
  SimulatedDisk& disk = group.disk(1);
  const std::string other = "\x02n2";
  for (const std::string& path : disk.paths()) {
    const auto bytes = disk.contents(path);
    for (auto at = bytes.begin();; ++at) {
      at = std::search(at, bytes.end(), other.begin(), other.end());
      if (at == bytes.end()) break;
      disk.flip_bit(path, static_cast<std::uint64_t>(at - bytes.begin()) + 1);
    }
  }
  group.start(1);
  EXPECT_EQ(group.status(1).configuration.voters.size(), 1u) << "all that it can read";
  EXPECT_EQ(group.try_to_lead(1), Errc::kCorruption);
  group.start(2);
  group.start(3);
  EXPECT_TRUE(group.simulated.run_until([&] { return group.status(1).damaged.empty(); }, 1min));
  EXPECT_EQ(group.status(1).configuration.voters.size(), 3u);
  group.lead(1);
  group.expect_level();
}

TEST(Rot, FoundByTheScrubberIsRepairedWhileAllGoesOn) {
  DiskGroup group;
  group.write_many(600);  // several segments
  group.wal.scrub_bytes_per_second = 1 << 20;
  // On a follower, and on the leader, where opening the log does not look.
  for (const std::size_t node : {2u, 1u}) {
    group.stop(node);
    group.rot(node, 3);
    group.start(node);
    EXPECT_TRUE(group.status(node).damaged.empty());
    if (node == 1) group.lead(1);
    EXPECT_TRUE(group.simulated.run_until(
        [&] { return group.manager(node).metrics().entries_repaired > 0; }, 1min));
    EXPECT_EQ(group.count_of<EntriesDamaged>(node), 1u);
  }
  EXPECT_EQ(group.status(1).role, Role::kLeader);
  group.write_many(5);
  group.expect_level();
}

TEST(Rot, OfASoleVoterIsReportedAndItLeadsAllTheSame) {
  DiskGroup group(1, 1);
  group.write_many(20);
  group.stop(1);
  group.rot(1, 7);
  group.start(1);
  EXPECT_FALSE(group.status(1).damaged.empty());
  group.lead(1);
  EXPECT_TRUE(std::holds_alternative<WriteCommitted>(group.write("more")));
  EXPECT_FALSE(group.status(1).damaged.empty()) << "there is nobody to fetch it from";
  EXPECT_LE(group.engine(1).count(), 7u) << "nothing is skipped";
}

TEST(FullDisk, OfAFollowerHoldsUpNobodyAndItGoesOnByItself) {
  DiskGroup group;
  group.write_many(50);
  group.disk(3).set_capacity(group.disk(3).used_bytes() + 1000);
  group.write_many(200);
  EXPECT_EQ(group.status(3).disk, DiskState::kFull);
  EXPECT_LT(group.engine(3).count(), 250u);
  EXPECT_FALSE(group.status(3).failure);
  group.disk(3).set_capacity(std::nullopt);
  group.simulated.run_for(20s);
  EXPECT_EQ(group.status(3).disk, DiskState::kHealthy);
  EXPECT_EQ(group.count_of<DiskStateChanged>(3), 2u);
  group.expect_level();
}

TEST(FullDisk, OfTheLeaderTakesNoWritesUntilThereIsRoom) {
  DiskGroup group;
  group.write_many(50);
  group.disk(1).set_capacity(group.disk(1).used_bytes() + 1000);
  // The write that meets it, and perhaps some before it, commit by the others' disks.
  bool refused = false;
  std::size_t taken = 0;
  for (int i = 0; i < 200 && !refused; ++i) {
    const WriteOutcome outcome = group.write("full " + std::to_string(i));
    if (const auto* rejected = std::get_if<WriteRejected>(&outcome)) {
      refused = true;
      EXPECT_EQ(rejected->error, Errc::kNoSpace) << rejected->error.message;
    } else {
      EXPECT_TRUE(std::holds_alternative<WriteCommitted>(outcome)) << to_string(outcome);
      ++taken;
    }
  }
  EXPECT_TRUE(refused);
  EXPECT_EQ(group.status(1).disk, DiskState::kFull);
  EXPECT_EQ(group.status(1).role, Role::kLeader);
  group.disk(1).set_capacity(std::nullopt);
  group.simulated.run_for(5s);
  EXPECT_EQ(group.status(1).disk, DiskState::kHealthy);
  group.write_many(5);
  group.expect_level();
  EXPECT_EQ(group.engine(1).count(), 55u + taken);
}

TEST(FullDisk, StopsInOrderAndIsFoundAgain) {
  DiskGroup group;
  group.write_many(50);
  group.disk(3).set_capacity(group.disk(3).used_bytes() + 100);
  group.write_many(100);
  ASSERT_EQ(group.status(3).disk, DiskState::kFull);
  group.stop(3);
  group.disk(3).set_capacity(std::nullopt);
  group.start(3);
  group.expect_level();
}

TEST(DiskFaults, RandomRotCrashesAndFullDisksLoseNothing) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    DiskGroup group(seed);
    std::uint64_t random = seed;
    const auto below = [&](std::uint64_t limit) {
      random = random * 6364136223846793005 + 1442695040888963407;
      return (random >> 33) % limit;
    };
    group.write_many(40);
    for (int round = 0; round < 6; ++round) {
      const std::size_t node = 1 + below(3);
      below(2) == 0 ? group.stop(node) : group.crash(node, below(1000));
      if (node == 1) group.lead(2);  // it has all that is committed: every node was level
      for (std::uint64_t flips = below(4); flips > 0; --flips)
        group.rot(node, below(group.written));
      const std::size_t leader = node == 1 ? 2 : 1;
      group.write_many(1 + below(30), leader);
      group.start(node);
      if (below(2) == 0)
        group.disk(node).set_capacity(group.disk(node).used_bytes() + below(30000));
      group.write_many(below(60), leader);
      group.disk(node).set_capacity(std::nullopt);
      EXPECT_TRUE(group.simulated.run_until(
          [&] {
            for (const std::size_t follower : {1u, 2u, 3u}) {
              const ReplicationStatus status = group.status(follower);
              const bool level = status.last_applied == group.status(leader).last_index;
              if (!status.damaged.empty() || !level) return false;
            }
            return true;
          },
          10min));
      if (leader != 1) group.lead(1);
      group.simulated.run_for(1s);
      if (::testing::Test::HasFailure()) return;
    }
    group.expect_level();
  }
}

}  // namespace
}  // namespace lockstep::test
