#include "replication/sync_waiters.hpp"

#include <gtest/gtest.h>

namespace lockstep::replication {
namespace {

using std::chrono::milliseconds;
constexpr MonotonicTime kStart{std::chrono::seconds(1000)};
constexpr MonotonicTime kEnd = kStart + milliseconds(500);

const NodeId kLeader("n2");

/// A follower of n2, or, once it has changed its mind, of n3.
class SyncWaitersTest : public ::testing::Test {
 protected:
  SyncWaitersTest() {
    Configuration configuration;
    for (const char* node : {"n1", "n2", "n3"}) configuration.voters.push_back({NodeId(node), {}});
    consensus::Recovered recovered;
    recovered.wal.identity.node = NodeId("n1");
    recovered.wal.bounds = {Index(1), Index(1)};
    recovered.wal.term_runs = {{Term(1), Index(1)}};
    recovered.wal.hard_state.current_term = Term(1);
    recovered.wal.identity.cluster = ClusterId(ClusterId::Bytes{1});
    recovered.configurations.add(Index(1), std::move(configuration));
    core_.emplace(consensus::CoreOptions{}, std::move(recovered), kStart);
    follow("n2", 2);
  }
  void follow(const char* leader, std::uint64_t term) {
    core_->receive({NodeId(leader), {}, {}, consensus::Heartbeat{Term(term), Index()}});
    (void)core_->take_effects();
  }
  std::uint64_t ask() {
    return waiters_.add_for_follower(kLeader, kStart, kEnd, [](const Error&) {});
  }
  /// What one look finds.
  std::vector<Error> finished(Index applied = {}, MonotonicTime now = kStart) {
    std::vector<Error> errors;
    for (auto& completion : waiters_.take_finished(*core_, applied, now)) {
      EXPECT_TRUE(completion.done);
      errors.push_back(completion.error);
    }
    return errors;
  }

  std::optional<consensus::Core> core_;
  SyncWaiters waiters_{milliseconds(100), 0};
};

TEST_F(SyncWaitersTest, AFollowerWaitsForTheAnswerAndThenForTheEngine) {
  const auto request = ask();
  EXPECT_TRUE(finished(Index(9)).empty());
  waiters_.answered({request + 1, true, Index(5)});
  EXPECT_TRUE(finished(Index(9)).empty()) << "another's answer";
  waiters_.answered({request, true, Index(5)});
  EXPECT_TRUE(finished(Index(4)).empty());
  waiters_.answered({request, true, Index(7)});
  const auto errors = finished(Index(5));
  ASSERT_EQ(errors.size(), 1u) << "what the first answer named";
  EXPECT_FALSE(errors[0]) << errors[0].message;
  EXPECT_TRUE(finished(Index(9)).empty()) << "once";
}

TEST_F(SyncWaitersTest, TheNodeAskedDoesNotLead) {
  waiters_.answered({ask(), false, Index()});
  const auto errors = finished();
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_EQ(errors[0], Errc::kNotLeader);
}

TEST_F(SyncWaitersTest, AskedAgainUntilAnswered) {
  const auto request = ask();
  EXPECT_TRUE(waiters_.take_overdue(kStart + milliseconds(99)).empty());
  EXPECT_EQ(waiters_.take_overdue(kStart + milliseconds(100)), std::vector<std::uint64_t>{request});
  EXPECT_TRUE(waiters_.take_overdue(kStart + milliseconds(150)).empty());
  waiters_.answered({request, true, Index(5)});
  EXPECT_TRUE(waiters_.take_overdue(kStart + milliseconds(400)).empty());
}

TEST_F(SyncWaitersTest, TimesOut) {
  waiters_.answered({ask(), true, Index(5)});
  EXPECT_TRUE(finished(Index(), kEnd - milliseconds(1)).empty());
  const auto errors = finished(Index(), kEnd);
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_EQ(errors[0], Errc::kTimedOut);
}

TEST_F(SyncWaitersTest, AnotherLeaderEndsTheWait) {
  (void)ask();
  follow("n3", 3);
  const auto errors = finished();
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_EQ(errors[0], Errc::kLeadershipLost);
}

TEST_F(SyncWaitersTest, OnALeaderThatNoLongerLeads) {
  waiters_.add_for_leader(NodeId("n2"), Index(3), kEnd, [](const Error&) {});
  EXPECT_TRUE(waiters_.take_overdue(kEnd).empty()) << "nothing to ask";
  const auto errors = finished();
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_EQ(errors[0], Errc::kLeadershipLost);
}

TEST_F(SyncWaitersTest, GiveUpCompletesAll) {
  (void)ask();
  waiters_.add_for_leader(NodeId("n2"), Index(3), kEnd, [](const Error&) {});
  const auto completions = waiters_.give_up(Errc::kStopped);
  ASSERT_EQ(completions.size(), 2u);
  EXPECT_EQ(completions[1].error, Errc::kStopped);
  EXPECT_TRUE(waiters_.give_up(Errc::kStopped).empty());
}

}  // namespace
}  // namespace lockstep::replication
