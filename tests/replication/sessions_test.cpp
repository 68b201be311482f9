// Writes that are applied at most once, through a whole group (design rule 14, Raft thesis §6.3).
#include <gtest/gtest.h>

#include "replication/cluster.hpp"

namespace lockstep::test {
namespace {

void keep_engines(ClusterNode& node) { node.engine_disk = std::make_shared<EngineDisk>(); }

WriteOptions in_session(SessionId session, std::uint64_t sequence, std::uint64_t lowest = 1) {
  WriteOptions options;
  options.session = SessionWrite{session, sequence, lowest};
  return options;
}

class SessionWrites : public ::testing::Test {
 protected:
  SessionWrites() { cluster_.found(); }
  SessionId open(std::size_t node = 1) {
    const auto session = await(cluster_[node].manager().open_session());
    EXPECT_TRUE(session) << session.error().message;
    return session ? *session : SessionId{};
  }
  Cluster cluster_{3, keep_engines};
};

TEST_F(SessionWrites, TheSameCommandAgainIsNotAppliedAndGetsTheFirstResult) {
  const SessionId session = open();
  const auto first = cluster_[1].write("a", in_session(session, 1));
  ASSERT_NE(committed(first), nullptr) << to_string(first);
  EXPECT_EQ(committed(first)->result->value, "did a");
  const auto again = cluster_[1].write("a", in_session(session, 1));
  ASSERT_NE(committed(again), nullptr) << to_string(again);
  EXPECT_EQ(committed(again)->result->value, "did a");
  EXPECT_NE(committed(again)->id, committed(first)->id) << "it is in the log, twice";
  cluster_.expect_converged();
  EXPECT_EQ(cluster_[2].engine().texts(), std::vector<std::string>{"a"});
}

TEST_F(SessionWrites, BothOfTwoInOneBatchGetTheResultOfOne) {
  const SessionId session = open();
  cluster_[1].engine().gate.close();
  auto plain = cluster_[1].begin_write("plain", kAppliedWrite);
  auto first = cluster_[1].begin_write("a", in_session(session, 1));
  auto again = cluster_[1].begin_write("a", in_session(session, 1));
  auto other = cluster_[1].begin_write("b", in_session(session, 2));
  cluster_[1].engine().gate.open();
  EXPECT_EQ(committed(await(std::move(first)))->result->value, "did a");
  EXPECT_EQ(committed(await(std::move(again)))->result->value, "did a");
  EXPECT_EQ(committed(await(std::move(other)))->result->value, "did b");
  EXPECT_EQ(committed(await(std::move(plain)))->result->value, "did plain");
  EXPECT_EQ(cluster_[1].engine().texts(), (std::vector<std::string>{"plain", "a", "b"}));
}

TEST_F(SessionWrites, AreKnownToTheNextLeaderAndAfterARestart) {
  const SessionId session = open();
  ASSERT_NE(committed(cluster_[1].write("a", in_session(session, 1))), nullptr);
  cluster_.expect_converged();
  cluster_.restart(2);
  ASSERT_TRUE(eventually([&] { return !cluster_[2].lead(); }));
  const auto again = cluster_[2].write("a", in_session(session, 1));
  ASSERT_NE(committed(again), nullptr) << to_string(again);
  EXPECT_EQ(committed(again)->result->value, "did a");
  cluster_.expect_converged(2);
  EXPECT_EQ(cluster_[3].engine().texts(), std::vector<std::string>{"a"});
}

TEST_F(SessionWrites, WhatMustNotBeAppliedIsRejected) {
  const auto unknown = cluster_[1].write("a", in_session(SessionId(999), 1));
  EXPECT_EQ(error_of(unknown), Errc::kSessionExpired);
  EXPECT_TRUE(std::holds_alternative<WriteRejected>(unknown));
  const SessionId session = open();
  ASSERT_NE(committed(cluster_[1].write("b", in_session(session, 2, 2))), nullptr);
  EXPECT_EQ(error_of(cluster_[1].write("c", in_session(session, 1, 1))), Errc::kSuperseded);
  EXPECT_EQ(error_of(cluster_[1].write("d", in_session(session, 258, 2))), Errc::kOverloaded);
  EXPECT_EQ(cluster_[1].engine().texts(), std::vector<std::string>{"b"});
}

TEST_F(SessionWrites, BadCallsAreTold) {
  const SessionId session = open();
  EXPECT_EQ(error_of(cluster_[1].write("a", in_session(session, 0))), Errc::kInvalidArgument);
  EXPECT_EQ(error_of(cluster_[1].write("a", in_session(session, 1, 0))), Errc::kInvalidArgument);
  EXPECT_EQ(error_of(cluster_[1].write("a", in_session(session, 1, 2))), Errc::kInvalidArgument);
  WriteOptions async = in_session(session, 1);
  async.mode = ReplicationMode::kAsync;
  EXPECT_EQ(error_of(cluster_[1].write("a", async)), Errc::kInvalidArgument);
  EXPECT_EQ(await(cluster_[2].manager().open_session()).error(), Errc::kNotLeader);
}

TEST_F(SessionWrites, ARejectedCommandIsAppliedOnceToo) {
  const SessionId session = open();
  for (int attempt = 0; attempt < 2; ++attempt) {
    const auto outcome = cluster_[1].write("reject this", in_session(session, 1));
    ASSERT_NE(committed(outcome), nullptr) << to_string(outcome);
    EXPECT_EQ(committed(outcome)->result->status, std::errc::permission_denied);
  }
  EXPECT_EQ(cluster_[1].engine().count(), 1u);
}

}  // namespace
}  // namespace lockstep::test
