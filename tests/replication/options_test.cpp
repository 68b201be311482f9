#include <gtest/gtest.h>

#include "lockstep/replication_manager.hpp"

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

TEST(ReplicaOptions, AllProblemsAreToldAtOnce) {
  ReplicaOptions options;
  options.retry_interval = milliseconds(0);
  EXPECT_EQ(check(options).size(), 2u);
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
