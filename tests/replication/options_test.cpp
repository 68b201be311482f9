#include <gtest/gtest.h>

#include "lockstep/asio_runtime.hpp"
#include "lockstep/loopback_network.hpp"
#include "lockstep/memory_wal_manager.hpp"
#include "lockstep/replication_manager.hpp"
#include "replication/recording_engine.hpp"

namespace lockstep {
namespace {

using std::chrono::milliseconds;

ReplicaOptions good() {
  ReplicaOptions options;
  options.node = NodeId("n1");
  return options;
}

TEST(ReplicaOptions, DefaultsAreGood) { EXPECT_TRUE(check(good()).empty()); }

struct BadField {
  const char* field;
  std::function<void(ReplicaOptions&)> spoil;
};

TEST(ReplicaOptions, EachBadFieldIsNamedWithWhatWouldBeRight) {
  const std::vector<BadField> all{
      {"node", [](auto& o) { o.node = NodeId("a b"); }},
      {"node", [](auto& o) { o.node = NodeId(); }},
      {"heartbeat_interval", [](auto& o) { o.heartbeat_interval = milliseconds(0); }},
      {"heartbeat_interval", [](auto& o) { o.heartbeat_interval = milliseconds::max(); }},
      {"election_timeout_min", [](auto& o) { o.election_timeout_min = o.heartbeat_interval; }},
      {"election_timeout_max", [](auto& o) { o.election_timeout_max = o.election_timeout_min; }},
      {"vote_timeout", [](auto& o) { o.vote_timeout = milliseconds(-1); }},
      {"bootstrap_timeout", [](auto& o) { o.bootstrap_timeout = milliseconds(0); }},
      {"write_timeout", [](auto& o) { o.write_timeout = milliseconds(-1); }},
      {"retry_interval", [](auto& o) { o.retry_interval = milliseconds(0); }},
      {"max_entry_bytes", [](auto& o) { o.max_entry_bytes = 0; }},
      {"max_uncommitted_bytes", [](auto& o) { o.max_uncommitted_bytes = 100; }},
      {"max_in_flight_bytes", [](auto& o) { o.max_in_flight_bytes = 0; }},
      {"max_in_flight_messages", [](auto& o) { o.max_in_flight_messages = 0; }},
      {"max_batch_bytes", [](auto& o) { o.max_batch_bytes = 0; }},
      {"max_batch_bytes", [](auto& o) { o.max_batch_bytes = 200'000; }},
      {"max_apply_batch_bytes", [](auto& o) { o.max_apply_batch_bytes = 0; }},
  };
  for (const BadField& bad : all) {
    ReplicaOptions options = good();
    bad.spoil(options);
    const auto problems = check(options);
    ASSERT_EQ(problems.size(), 1u) << bad.field;
    EXPECT_EQ(problems[0].field, bad.field);
    EXPECT_NE(problems[0].problem.find("must"), std::string::npos) << problems[0].problem;
  }
}

TEST(ReplicaOptions, ElectionTimeoutsAreOfNoEffectWhereLeadershipIsAssigned) {
  ReplicaOptions options = good();
  options.leadership = Leadership::kAssigned;
  options.heartbeat_interval = std::chrono::seconds(5);
  EXPECT_TRUE(check(options).empty());
}

TEST(ReplicaOptions, AllProblemsAreToldAtOnce) {
  ReplicaOptions options;
  options.retry_interval = milliseconds(0);
  EXPECT_EQ(check(options).size(), 2u);
}

/// What the network cannot carry must not get into the log: nothing behind it would ever commit.
TEST(ReplicaOptions, EntriesThatTheNetworkCannotCarryAreRefusedAtOnce) {
  const auto runtime = AsioRuntime::create();
  LoopbackNetwork loopback(runtime);
  const auto network = loopback.add_node({.node = NodeId("n1"), .max_entry_bytes = 1000});
  ASSERT_TRUE(network);
  const auto wal_executor = runtime->make_worker("wal");
  const auto make = [&](std::size_t max_entry_bytes) {
    ReplicaOptions options = good();
    options.max_entry_bytes = max_entry_bytes;
    return WALReplicationManager::create(
        options, {runtime, *network,
                  MemoryWALManager::create(NodeId("n1"), GroupId(), *runtime, wal_executor),
                  wal_executor, std::make_shared<test::RecordingEngine>()});
  };
  EXPECT_TRUE(make(1000));
  const auto refused = make(1001);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), Errc::kInvalidArgument);
  EXPECT_NE(refused.error().message.find("1000"), std::string::npos) << refused.error().message;
}

TEST(ReplicaOptions, OutcomesReadWell) {
  EXPECT_EQ(to_string(WriteOutcome(WriteCommitted{{Index(7), Term(1)}, {}, true})),
            "committed at 7");
  EXPECT_EQ(to_string(WriteOutcome(WriteCommitted{{Index(7), Term(1)}, {}, false})),
            "committed at 7, copies unmet");
  EXPECT_EQ(to_string(WriteOutcome(WriteLocallyDurable{{Index(7), Term(1)}})),
            "locally durable at 7");
  EXPECT_EQ(to_string(WriteOutcome(WriteRejected{Error(Errc::kStopped, "why")})), "rejected: why");
  EXPECT_EQ(to_string(WriteOutcome(WriteUnknown{{}, Error(Errc::kTimedOut, "why")})),
            "unknown: why");
  EXPECT_EQ(to_string(ReplicationMode::kSync), "SYNC");
  EXPECT_EQ(to_string(ReplicationMode::kAsync), "ASYNC");
  EXPECT_EQ(to_string(Role::kLeader), "leader");
}

}  // namespace
}  // namespace lockstep
