#include "replication/pending_writes.hpp"

#include <gtest/gtest.h>

#include "replication/deadline.hpp"

namespace lockstep::replication {
namespace {

using std::chrono::milliseconds;
constexpr MonotonicTime kStart{std::chrono::seconds(1000)};
constexpr std::size_t kOverhead = ProposedWrite::kOverheadBytes;

/// The ledger under test, and everything that it completed.
class PendingWritesTest : public ::testing::Test {
 protected:
  void add(std::uint64_t index, WriteOptions options = {}, std::uint64_t term = 1) {
    auto write = std::make_shared<ProposedWrite>();
    write->options = options;
    write->called_at = kStart;
    write->proposal.payload_bytes = 10;
    write->done = [this, index](WriteOutcome outcome) {
      EXPECT_FALSE(outcomes_.contains(index)) << "completed twice: " << index;
      outcomes_.emplace(index, std::move(outcome));
    };
    pending_.added({Index(index), Term(term)}, std::move(write));
  }
  void add_noop(std::uint64_t index) { pending_.added({Index(index), Term(1)}, nullptr); }

  /// Runs what is completed; the indexes.
  std::vector<std::uint64_t> completed() {
    std::vector<std::uint64_t> now;
    for (auto& completion : pending_.take_completions()) {
      EXPECT_EQ(completion.called_at, kStart);
      std::visit(
          [&](const auto& outcome) {
            if constexpr (requires { outcome.id; }) now.push_back(outcome.id.index.value());
          },
          completion.outcome);
      completion.done(completion.outcome);
    }
    return now;
  }
  template <class Outcome>
  const Outcome& outcome(std::uint64_t index) {
    return std::get<Outcome>(outcomes_.at(index));
  }
  static CommandResult result(std::string value) { return {{}, std::move(value)}; }

  PendingWrites pending_{ReplicationMode::kSync, milliseconds(100)};
  std::map<std::uint64_t, WriteOutcome> outcomes_;
};
using Indexes = std::vector<std::uint64_t>;

constexpr WriteOptions kAsyncWrite{.mode = ReplicationMode::kAsync};
constexpr WriteOptions kApplied{.wait = WaitFor::kApplied};

TEST_F(PendingWritesTest, SyncCompletesAtTheCommitAndNotBefore) {
  add_noop(1);
  add(2);
  add(3);
  pending_.locally_durable(Index(3));
  EXPECT_EQ(completed(), Indexes{});
  pending_.committed(Index(2));
  EXPECT_EQ(completed(), Indexes{2});
  EXPECT_EQ(pending_.size(), 1u);
  pending_.committed(Index(3));
  EXPECT_EQ(completed(), Indexes{3});
  EXPECT_EQ(outcome<WriteCommitted>(3).id, (EntryId{Index(3), Term(1)}));
  EXPECT_TRUE(outcome<WriteCommitted>(3).copies_met);
  EXPECT_FALSE(outcome<WriteCommitted>(3).result);
  EXPECT_EQ(pending_.size(), 0u);
}

TEST_F(PendingWritesTest, AsyncCompletesOnceDurableHereAndHoldsItsBudgetUntilCommitted) {
  add(1, kAsyncWrite);
  pending_.committed(Index());
  EXPECT_EQ(completed(), Indexes{});
  pending_.locally_durable(Index(1));
  EXPECT_EQ(completed(), Indexes{1});
  EXPECT_EQ(outcome<WriteLocallyDurable>(1).id.index, Index(1));
  EXPECT_EQ(pending_.take_released_bytes(), 0u);
  pending_.committed(Index(1));
  EXPECT_EQ(completed(), Indexes{});
  EXPECT_EQ(pending_.take_released_bytes(), 10 + kOverhead);
  EXPECT_EQ(pending_.take_released_bytes(), 0u);
}

TEST_F(PendingWritesTest, AsyncIsNotLocallyDurableByACommitElsewhere) {
  add(1, kAsyncWrite);
  add(2);
  pending_.committed(Index(2));
  EXPECT_EQ(completed(), Indexes{2});
  pending_.locally_durable(Index(2));
  EXPECT_EQ(completed(), Indexes{1});
  EXPECT_TRUE(std::holds_alternative<WriteLocallyDurable>(outcomes_.at(1)));
}

TEST_F(PendingWritesTest, BudgetIsReleasedOncePerWrite) {
  add(1);
  add(2);
  pending_.committed(Index(1));
  EXPECT_EQ(pending_.take_released_bytes(), 10 + kOverhead);
  pending_.give_up(Errc::kLeadershipLost, false);
  EXPECT_EQ(pending_.take_released_bytes(), 10 + kOverhead);
  pending_.give_up(Errc::kStopped, true);
  EXPECT_EQ(pending_.take_released_bytes(), 0u);
}

TEST_F(PendingWritesTest, AppliedReturnsTheEnginesResult) {
  add(1, kApplied);
  add(2, kApplied);
  pending_.committed(Index(2));
  EXPECT_EQ(completed(), Indexes{});
  pending_.applied({{Index(1), result("one")}});
  EXPECT_EQ(completed(), Indexes{1});
  EXPECT_EQ(outcome<WriteCommitted>(1).result->value, "one");
  pending_.applied({{Index(2), {std::make_error_code(std::errc::file_exists), "no"}}});
  EXPECT_EQ(completed(), Indexes{2});
  EXPECT_EQ(outcome<WriteCommitted>(2).result->status, std::errc::file_exists);
}

TEST_F(PendingWritesTest, CopiesDelayTheCompletion) {
  add(1, {.copies = 3});
  add(2);
  pending_.committed(Index(2));
  EXPECT_EQ(completed(), Indexes{2});
  std::size_t copies = 2;
  pending_.copies_changed([&](Index) { return copies; });
  EXPECT_EQ(completed(), Indexes{});
  copies = 3;
  pending_.copies_changed([&](Index) { return copies; });
  EXPECT_EQ(completed(), Indexes{1});
  EXPECT_TRUE(outcome<WriteCommitted>(1).copies_met);
}

TEST_F(PendingWritesTest, CopiesDoNotReplaceTheMajority) {
  add(1, {.copies = 1});
  pending_.copies_changed([](Index) { return std::size_t{3}; });
  EXPECT_EQ(completed(), Indexes{});
  pending_.committed(Index(1));
  EXPECT_EQ(completed(), Indexes{1});
}

TEST_F(PendingWritesTest, CopiesUnmetInTimeIsCommitted) {
  add(1, {.copies = 3});
  add(2, {.wait = WaitFor::kApplied, .copies = 3});
  pending_.committed(Index(2));
  pending_.applied({{Index(2), result("two")}});
  pending_.expire(kStart + milliseconds(99));
  EXPECT_EQ(completed(), Indexes{});
  pending_.expire(kStart + milliseconds(100));
  EXPECT_EQ(completed(), (Indexes{1, 2}));
  EXPECT_FALSE(outcome<WriteCommitted>(1).copies_met);
  EXPECT_FALSE(outcome<WriteCommitted>(2).copies_met);
  EXPECT_EQ(outcome<WriteCommitted>(2).result->value, "two");
}

TEST_F(PendingWritesTest, TimeOutLeavesTheFateUnknownAndTheBudgetHeld) {
  add(1);
  add(2, {.timeout = milliseconds(200)});
  add(3, {.timeout = milliseconds(0)});
  pending_.expire(kStart + milliseconds(150));
  EXPECT_EQ(completed(), Indexes{1});
  EXPECT_EQ(outcome<WriteUnknown>(1).error, Errc::kTimedOut);
  pending_.expire(kStart + milliseconds(250));
  EXPECT_EQ(completed(), Indexes{2});
  pending_.expire(kStart + std::chrono::hours(1000));
  EXPECT_EQ(completed(), Indexes{}) << "0 is never";
  EXPECT_EQ(pending_.take_released_bytes(), 0u);
  pending_.committed(Index(3));
  EXPECT_EQ(completed(), Indexes{3}) << "the others were completed before";
  EXPECT_EQ(pending_.take_released_bytes(), 3 * (10 + kOverhead));
}

TEST_F(PendingWritesTest, CommittedButNotAppliedInTimeIsUnknown) {
  add(1, kApplied);
  pending_.committed(Index(1));
  pending_.expire(kStart + milliseconds(100));
  EXPECT_EQ(completed(), Indexes{1});
  EXPECT_EQ(outcome<WriteUnknown>(1).error.message, "committed, not applied in time");
}

TEST_F(PendingWritesTest, LostLeadershipMakesTheUncommittedUnknown) {
  add(1, kApplied);
  add(2);
  add(3, kAsyncWrite);
  pending_.committed(Index(1));
  pending_.give_up(Errc::kLeadershipLost, false);
  EXPECT_EQ(completed(), (Indexes{2, 3}));
  EXPECT_EQ(outcome<WriteUnknown>(2).error, Errc::kLeadershipLost);
  EXPECT_EQ(outcome<WriteUnknown>(3).error, Errc::kLeadershipLost);
  pending_.applied({{Index(1), result("still")}});
  EXPECT_EQ(completed(), Indexes{1});
  EXPECT_EQ(outcome<WriteCommitted>(1).result->value, "still");
}

TEST_F(PendingWritesTest, LostLeadershipEndsTheWaitForCopies) {
  add(1, {.timeout = milliseconds(0), .copies = 3});
  add(2, {.wait = WaitFor::kApplied, .timeout = milliseconds(0), .copies = 3});
  pending_.committed(Index(2));
  pending_.give_up(Errc::kLeadershipLost, false);
  EXPECT_EQ(completed(), Indexes{1});
  EXPECT_FALSE(outcome<WriteCommitted>(1).copies_met);
  pending_.applied({{Index(2), result("two")}});
  EXPECT_EQ(completed(), Indexes{2});
  EXPECT_FALSE(outcome<WriteCommitted>(2).copies_met);
}

TEST_F(PendingWritesTest, LostLeadershipCompletesACommittedAsyncWrite) {
  add(1, kAsyncWrite);
  pending_.committed(Index(1));
  pending_.give_up(Errc::kLeadershipLost, false);
  EXPECT_EQ(completed(), Indexes{1});
  EXPECT_TRUE(std::holds_alternative<WriteCommitted>(outcomes_.at(1)));
}

TEST_F(PendingWritesTest, StopGivesUpTheAppliedToo) {
  add(1, kApplied);
  add(2, {.copies = 9});
  add(3);
  pending_.committed(Index(2));
  pending_.give_up(Errc::kStopped, true);
  EXPECT_EQ(completed(), (Indexes{1, 2, 3}));
  EXPECT_EQ(outcome<WriteUnknown>(1).error, Errc::kStopped);
  EXPECT_FALSE(outcome<WriteCommitted>(2).copies_met);
  EXPECT_EQ(outcome<WriteUnknown>(3).error, Errc::kStopped);
  EXPECT_EQ(pending_.size(), 0u);
}

TEST_F(PendingWritesTest, ANewLeadershipOnTheSameIndexesIsTold) {
  add(1);
  add(2, kAsyncWrite);
  pending_.locally_durable(Index(2));
  pending_.give_up(Errc::kLeadershipLost, false);
  EXPECT_EQ(completed(), (Indexes{2, 1}));
  outcomes_.clear();
  add(1, kAsyncWrite, 3);
  add(2, {}, 3);
  pending_.locally_durable(Index(1));
  EXPECT_EQ(completed(), Indexes{1}) << "durable by its own write, not by the old one";
  pending_.committed(Index(2));
  EXPECT_EQ(completed(), Indexes{2});
  EXPECT_EQ(outcome<WriteCommitted>(2).id.term, Term(3));
}

TEST_F(PendingWritesTest, KeepsPlacesApartAcrossAnotherLeadersEntries) {
  add(1, kApplied);
  pending_.committed(Index(1));
  pending_.give_up(Errc::kLeadershipLost, false);
  pending_.committed(Index(5));  // 2 to 5 are the other leader's
  add(7, {}, 3);                 // and 6
  add(8, kApplied, 3);
  pending_.committed(Index(7));
  EXPECT_EQ(completed(), Indexes{7});
  pending_.applied({{Index(1), result("one")}, {Index(3), result("foreign")}});
  EXPECT_EQ(completed(), Indexes{1});
  EXPECT_EQ(outcome<WriteCommitted>(1).result->value, "one");
  pending_.committed(Index(8));
  pending_.applied({{Index(8), result("eight")}});
  EXPECT_EQ(completed(), Indexes{8});
  EXPECT_EQ(outcome<WriteCommitted>(8).result->value, "eight");
}

TEST(DeadlineAfter, NeverForZeroAndForWhatTheClockCannotTell) {
  EXPECT_EQ(deadline_after(kStart, milliseconds(5)), kStart + milliseconds(5));
  EXPECT_EQ(deadline_after(kStart, milliseconds(0)), MonotonicTime::max());
  EXPECT_EQ(deadline_after(kStart, milliseconds::max()), MonotonicTime::max());
}

}  // namespace
}  // namespace lockstep::replication
