// Design rule 14: which command of which session was applied, alike on every node.
#include "replication/session_table.hpp"

#include <gtest/gtest.h>

#include <array>

#include "lockstep/split_mix.hpp"

namespace lockstep::replication {
namespace {

constexpr std::int64_t kNoon = 1'000'000;
constexpr SessionLimits kSmall{.max_sessions = 3,
                               .window = 4,
                               .max_result_bytes = 20,
                               .max_total_bytes = 600,
                               .max_clock_step_ms = 1000};

SessionCommand command(std::uint64_t session, std::uint64_t sequence, std::uint64_t lowest = 1,
                       std::int64_t time_ms = kNoon) {
  return {time_ms, {SessionId(session), sequence, lowest}, {}};
}
CommandResult result(std::string text, std::error_code status = {}) {
  return {status, std::move(text)};
}
bool applies(const SessionTable::Verdict& verdict) {
  return std::holds_alternative<SessionTable::Apply>(verdict);
}
const CommandResult* known(const SessionTable::Verdict& verdict) {
  const auto* found = std::get_if<SessionTable::Known>(&verdict);
  return found == nullptr ? nullptr : &found->result;
}
Error refusal(const SessionTable::Verdict& verdict) {
  const auto* found = std::get_if<SessionTable::Refused>(&verdict);
  return found == nullptr ? Error() : found->error;
}
void store(std::map<std::string, std::string>& pairs, const std::vector<SealedPair>& changes) {
  for (const SealedPair& change : changes) {
    if (change.value) {
      pairs[change.key] = *change.value;
    } else {
      pairs.erase(change.key);
    }
  }
}

class Sessions : public ::testing::Test {
 protected:
  Sessions() { table_.open(Index(7), {kNoon, 5000}); }
  void apply(const SessionCommand& entry, const CommandResult& outcome) {
    ASSERT_TRUE(applies(table_.admit(entry)));
    table_.record(entry.write.session, entry.write.sequence, outcome);
  }
  SessionTable table_{kSmall};
};

TEST_F(Sessions, TheSameCommandAgainGetsTheFirstResult) {
  apply(command(7, 1), result("one", std::make_error_code(std::errc::permission_denied)));
  const auto again = table_.admit(command(7, 1));
  ASSERT_NE(known(again), nullptr);
  EXPECT_EQ(known(again)->value, "one");
  EXPECT_EQ(known(again)->status, std::errc::permission_denied);
}

TEST_F(Sessions, CommandsMayOvertakeEachOther) {
  apply(command(7, 3), result("three"));
  apply(command(7, 1), result("one"));
  EXPECT_EQ(known(table_.admit(command(7, 3)))->value, "three");
}

TEST_F(Sessions, AnUnknownOneIsRefused) {
  EXPECT_EQ(refusal(table_.admit(command(8, 1))), Errc::kSessionExpired);
}

TEST_F(Sessions, EndsAfterItsTimeOutByTheTimeOfTheEntries) {
  for (int step = 1; step <= 5; ++step) {
    table_.open(Index(100), {kNoon + step * 1000, 100});
    EXPECT_NE(table_.size(), 0u);
  }
  EXPECT_TRUE(applies(table_.admit(command(7, 1, 1, kNoon + 5000)))) << "silent for just so long";
  table_.record(SessionId(7), 1, result("one"));
  for (int step = 6; step <= 11; ++step) table_.open(Index(101), {kNoon + step * 1000, 100});
  EXPECT_EQ(refusal(table_.admit(command(7, 2, 1, kNoon + 10'001))), Errc::kSessionExpired);
}

TEST_F(Sessions, AClockThatJumpsEndsNone) {
  EXPECT_TRUE(applies(table_.admit(command(7, 1, 1, kNoon * 1000))));
  table_.record(SessionId(7), 1, result("one"));
  EXPECT_NE(known(table_.admit(command(7, 1, 1, 0))), nullptr) << "nor one that goes back";
}

TEST_F(Sessions, ResultsAreForgottenOnceTheClientHasThem) {
  apply(command(7, 1), result("one"));
  apply(command(7, 2), result("two"));
  const std::size_t before = table_.result_bytes();
  apply(command(7, 3, 3), result("three"));
  EXPECT_LT(table_.result_bytes(), before);
  EXPECT_EQ(refusal(table_.admit(command(7, 2, 1))), Errc::kSuperseded);
}

TEST_F(Sessions, TheWindowIsBounded) {
  EXPECT_EQ(refusal(table_.admit(command(7, 5))), Errc::kOverloaded);
  apply(command(7, 4), result("four"));
  apply(command(7, 5, 2), result("five"));
}

TEST_F(Sessions, ALargeResultIsNotKeptButItsCommandIsKnown) {
  apply(command(7, 1), result(std::string(21, 'x')));
  ASSERT_NE(known(table_.admit(command(7, 1))), nullptr);
  EXPECT_EQ(known(table_.admit(command(7, 1)))->status, make_error_code(Errc::kTooLarge));
}

TEST_F(Sessions, TheMostSilentEndsWhenThereAreTooMany) {
  table_.open(Index(8), {kNoon + 10, 5000});
  table_.open(Index(9), {kNoon + 20, 5000});
  apply(command(7, 1, 1, kNoon + 30), result("one"));
  table_.open(Index(10), {kNoon + 40, 5000});
  EXPECT_EQ(table_.size(), 3u);
  EXPECT_EQ(refusal(table_.admit(command(8, 1, 1, kNoon + 50))), Errc::kSessionExpired);
  EXPECT_NE(known(table_.admit(command(7, 1, 1, kNoon + 50))), nullptr);
}

TEST_F(Sessions, AllResultsTogetherAreBounded) {
  table_.open(Index(8), {kNoon + 10, 5000});
  for (std::uint64_t i = 1; i <= 4; ++i) apply(command(8, i, 1, kNoon + 20), result("0123456789"));
  for (std::uint64_t i = 1; i <= 4; ++i) apply(command(7, i, 1, kNoon + 30), result("0123456789"));
  EXPECT_LE(table_.result_bytes(), kSmall.max_total_bytes);
  apply(command(7, 5, 2, kNoon + 40), result("0123456789"));
  table_.open(Index(9), {kNoon + 50, 5000});
  apply(command(9, 1, 1, kNoon + 60), result("0123456789"));
  EXPECT_LE(table_.result_bytes(), kSmall.max_total_bytes);
  EXPECT_EQ(refusal(table_.admit(command(8, 1, 1, kNoon + 70))), Errc::kSessionExpired);
}

TEST_F(Sessions, WhatIsInTheSameBatchTwiceHasToWait) {
  ASSERT_TRUE(applies(table_.admit(command(7, 1))));
  EXPECT_TRUE(table_.must_wait(command(7, 1)));
  EXPECT_FALSE(table_.must_wait(command(7, 2)));
  table_.record(SessionId(7), 1, result("one"));
  EXPECT_FALSE(table_.must_wait(command(7, 1)));
}

/// One by one, the result pushes session 7 out before session 8 expires; were the opening not to
/// wait, session 8 would have made room.
TEST_F(Sessions, AnOpeningWaitsForAResultThatMayPushASessionOut) {
  table_.open(Index(8), {kNoon + 10, 100});
  table_.open(Index(9), {kNoon + 20, 5000});
  for (std::uint64_t i = 1; i <= 4; ++i) apply(command(7, i, 1, kNoon + 30), result("0123456789"));
  for (std::uint64_t i = 1; i <= 3; ++i) apply(command(8, i, 1, kNoon + 40), result("0123456789"));
  EXPECT_FALSE(table_.must_wait_to_open());
  ASSERT_TRUE(applies(table_.admit(command(9, 1, 1, kNoon + 50))));
  ASSERT_TRUE(table_.must_wait_to_open());
  table_.record(SessionId(9), 1, result(std::string(20, 'x')));
  EXPECT_EQ(table_.size(), 2u) << "7 is gone";
  table_.open(Index(10), {kNoon + 500, 5000});
  EXPECT_EQ(table_.size(), 2u) << "8 has expired";
}

TEST_F(Sessions, ACodeOfTheEnginesOwnCategoryIsKeptAsARejection) {
  struct Own final : std::error_category {
    const char* name() const noexcept override { return "own"; }
    std::string message(int) const override { return "own"; }
  };
  static const Own own;
  apply(command(7, 1), result("text", {3, own}));
  EXPECT_EQ(known(table_.admit(command(7, 1)))->status, make_error_code(Errc::kCommandRejected));
  EXPECT_EQ(known(table_.admit(command(7, 1)))->value, "text");
}

/// Random entries, given to three tables: one after another; in batches that end where they must
/// or where chance wants; and with a restart from the stored pairs after each batch. All three
/// decide alike and store the same.
TEST(SessionsAreAFunctionOfTheLog, WhereverBatchesEndAndNodesRestart) {
  for (std::uint64_t seed = 1; seed <= 1000; ++seed) {
    SplitMix64 rng(seed);
    SessionTable single(kSmall);
    SessionTable batched(kSmall);
    SessionTable restarted(kSmall);
    std::map<std::string, std::string> single_pairs;
    std::map<std::string, std::string> batched_pairs;
    std::map<std::string, std::string> restarted_pairs;
    std::vector<SessionCommand> owed;
    const auto outcome_of = [](const SessionCommand& entry) {
      return result(std::string(entry.write.sequence % 25, 'r'));
    };
    const auto end_batch = [&] {
      for (const SessionCommand& entry : std::exchange(owed, {})) {
        batched.record(entry.write.session, entry.write.sequence, outcome_of(entry));
      }
      store(batched_pairs, batched.take_changes());
    };
    std::int64_t time_ms = kNoon;
    std::array<std::uint64_t, 4> opened{};
    for (std::uint64_t index = 1; index <= 120; ++index) {
      time_ms += static_cast<std::int64_t>(rng.below(400));
      if (rng.below(6) == 0) {
        opened[rng.below(4)] = index;
        const OpenSession entry{time_ms, static_cast<std::int64_t>(500 + rng.below(3000))};
        if (batched.must_wait_to_open()) end_batch();
        for (SessionTable* table : {&single, &batched, &restarted})
          table->open(Index(index), entry);
      } else {
        const std::uint64_t lowest = 1 + (rng.one_in(8) ? rng.below(6) : 0);
        const std::uint64_t session = rng.one_in(8) ? rng.below(index) : opened[rng.below(4)];
        const auto entry = command(session, lowest + rng.below(6), lowest, time_ms);
        const auto expected = single.admit(entry);
        if (applies(expected)) {
          single.record(entry.write.session, entry.write.sequence, outcome_of(entry));
        }
        if (batched.must_wait(entry)) end_batch();
        const auto in_batch = batched.admit(entry);
        if (applies(in_batch)) owed.push_back(entry);
        const auto after_restart = restarted.admit(entry);
        if (applies(after_restart)) {
          restarted.record(entry.write.session, entry.write.sequence, outcome_of(entry));
        }
        for (const auto* verdict : {&in_batch, &after_restart}) {
          ASSERT_EQ(verdict->index(), expected.index()) << "seed " << seed << " index " << index;
          ASSERT_EQ(refusal(*verdict).code, refusal(expected).code);
          if (known(expected) != nullptr) {
            ASSERT_EQ(known(*verdict)->value, known(expected)->value);
          }
        }
      }
      store(single_pairs, single.take_changes());
      store(restarted_pairs, restarted.take_changes());
      restarted.restore(restarted_pairs);
      if (rng.below(5) == 0) {
        end_batch();
        ASSERT_EQ(batched_pairs, single_pairs) << "seed " << seed << " index " << index;
      }
      ASSERT_EQ(restarted_pairs, single_pairs);
    }
  }
}

}  // namespace
}  // namespace lockstep::replication
