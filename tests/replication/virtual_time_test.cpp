// A group of replicas in virtual time: real managers, core and codec, on the loopback network and
// logs in memory, driven by one seed.
#include <gtest/gtest.h>

#include "lockstep/loopback_network.hpp"
#include "lockstep/memory_wal_manager.hpp"
#include "lockstep/replication_manager.hpp"
#include "lockstep/testing/simulated_runtime.hpp"
#include "replication/recording_engine.hpp"

namespace lockstep::test {
namespace {

using namespace std::chrono_literals;

class VirtualGroup {
 public:
  explicit VirtualGroup(std::uint64_t seed) : simulated(seed), network(simulated.runtime()) {
    for (const NodeId& node : members) add(node);
    for (const NodeId& from : members) {
      for (const NodeId& to : members) {
        if (from == to) continue;
        EXPECT_TRUE(network.set_faults(from, to, {.delay = 1ms, .jitter = 3ms}));
      }
    }
  }

  void found() {
    for (Replica& replica : replicas)
      must_succeed([&](auto done) { replica.manager->start(done); });
    must_succeed([&](auto done) { replicas[0].manager->bootstrap(members, done); });
    must_succeed([&](auto done) { replicas[0].manager->set_role(Role::kLeader, done); });
  }

  void write(const std::string& text) {
    replicas[0].manager->replicate(Payload(text), [this](const WriteOutcome& outcome) {
      if (std::holds_alternative<WriteCommitted>(outcome)) ++committed;
    });
  }

  void must_succeed(const std::function<void(std::function<void(Error)>)>& call) {
    std::optional<Error> outcome;
    call([&](Error error) { outcome = std::move(error); });
    ASSERT_TRUE(simulated.run_until([&] { return outcome.has_value(); }, 1h));
    ASSERT_FALSE(*outcome) << outcome->message;
  }

  struct Replica {
    std::shared_ptr<RecordingEngine> engine;
    std::unique_ptr<WALReplicationManager> manager;
  };

  const std::vector<NodeId> members{NodeId("n1"), NodeId("n2"), NodeId("n3")};
  testing::SimulatedRuntime simulated;
  LoopbackNetwork network;
  std::vector<Replica> replicas;
  int committed = 0;

 private:
  void add(const NodeId& node) {
    const auto runtime = simulated.runtime();
    const auto log = [](LogLevel, std::string_view) {};
    LoopbackNodeOptions network_options;
    network_options.node = node;
    network_options.log = log;
    const auto transport = network.add_node(network_options).value();
    for (const NodeId& peer : members) {
      if (peer == node) continue;
      EXPECT_TRUE(transport->connect({peer, "", 0}));
    }
    ReplicaOptions options;
    options.node = node;
    options.group = GroupId(7);
    options.leadership = Leadership::kAssigned;
    options.log = log;
    auto executor = runtime->make_worker("wal");
    auto engine = std::make_shared<RecordingEngine>();
    auto wal = MemoryWALManager::create(node, options.group, *runtime, executor);
    auto manager = WALReplicationManager::create(
        options, {runtime, transport, std::move(wal), executor, engine});
    replicas.push_back({std::move(engine), std::move(manager).value()});
  }
};

std::uint64_t run(std::uint64_t seed) {
  VirtualGroup group(seed);
  group.found();
  for (int i = 0; i < 100; ++i) {
    group.write("w" + std::to_string(i));
    group.simulated.run_for(10ms);
    if (i % 20 == 0) group.network.drop_connection(group.members[0], group.members[1]);
  }
  // Follower n3 is away for twelve minutes, and catches up.
  group.network.cut(group.members[0], group.members[2]);
  for (int i = 0; i < 24; ++i) {
    group.write("later " + std::to_string(i));
    group.simulated.run_for(30s);
  }
  EXPECT_EQ(group.committed, 124) << "a majority is left";
  EXPECT_LT(group.replicas[2].engine->count(), 124U);
  group.network.heal_all();
  group.simulated.run_for(1min);
  for (const VirtualGroup::Replica& replica : group.replicas) {
    EXPECT_EQ(replica.engine->texts(), group.replicas[0].engine->texts());
    EXPECT_EQ(replica.engine->count(), 124U);
  }
  return group.simulated.trace_hash();
}

TEST(VirtualTime, GroupReplicatesAndTheSeedDecidesHow) {
  const std::uint64_t trace = run(1);
  EXPECT_EQ(trace, run(1));
  EXPECT_NE(trace, run(2));
}

}  // namespace
}  // namespace lockstep::test
