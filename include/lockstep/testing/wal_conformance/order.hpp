#pragma once

// Calls complete in the order in which they were made, and a read sees what was submitted before.

#include "lockstep/testing/wal_conformance/fixture.hpp"

namespace lockstep::testing {

class WALOrder : public WALConformance {};
LOCKSTEP_CONFORMANCE_GROUP(WALOrder);

TEST_P(WALOrder, OfCompletionIsThatOfSubmission) {
  open();
  Answers<int> order;
  const auto note = [&](int number) {
    return log_.handler<Error>([order, number](const Error&) mutable { order.add(number); });
  };
  Answers<Result<std::vector<Entry>>> reads;
  log_.together([&](IWALSource& log) {
    log.write(append(1, 2, 1), note(1));
    log.write(append(9, 9, 1), note(2));  // refused, in its turn
    log.write(append(3, 3, 1), note(3));
    log.release_prefix(make_boundary(1, 1), note(4));
    log.repair(range(2, 2), {}, note(5));  // refused too
    log.read(range(2, 3), 1 << 20, log_.handler(reads));
    log.write(append(4, 4, 1), note(6));
    log.write({}, note(7));
  });
  EXPECT_THAT(log_.wait(order, 7), ::testing::ElementsAre(1, 2, 3, 4, 5, 6, 7));
  const auto read = log_.wait(reads, 1);
  ASSERT_TRUE(read.at(0)) << read.at(0).error().message;
  EXPECT_EQ(read.at(0)->size(), 2U);
}

TEST_P(WALOrder, HoldsForManyFromManyCallbacks) {
  open();
  Answers<std::uint64_t> order;
  constexpr std::uint64_t kCount = 200;
  std::uint64_t next = 1;
  std::function<void(IWALSource&)> submit_some;
  IWALSource* log_itself = nullptr;
  const auto submit_one = [&](IWALSource& log) {
    if (next > kCount) return;
    const std::uint64_t index = next++;
    log.write(append(index, index, 1), log_.handler<Error>([&, index](const Error& error) {
      EXPECT_FALSE(error) << error.message;
      order.add(index);
      submit_some(*log_itself);
    }));
  };
  submit_some = [&](IWALSource& log) {
    submit_one(log);
    submit_one(log);
  };
  log_.together([&](IWALSource& log) {
    log_itself = &log;
    submit_some(log);
  });
  const auto came = log_.wait(order, kCount);
  ASSERT_EQ(came.size(), kCount);
  EXPECT_TRUE(std::is_sorted(came.begin(), came.end()));
  expect_entries(wal_entries(1, kCount, 1));
}

TEST_P(WALOrder, AReadSeesEveryWriteSubmittedBefore) {
  open();
  EXPECT_FALSE(log_.write(append(1, 4, 1)));
  Answers<Error> answers;
  Answers<Result<std::vector<Entry>>> both, replaced, gone;  // reads may overtake each other
  log_.together([&](IWALSource& log) {
    log.write(append(5, 5, 1), log_.handler(answers));
    log.read(range(4, 9), 1 << 20, log_.handler(both));
    WALWrite replace = append(4, 4, 2);
    replace.truncate_from = Index(4);
    log.write(std::move(replace), log_.handler(answers));
    log.read(range(4, 4), 1 << 20, log_.handler(replaced));
    log.read(range(5, 5), 1 << 20, log_.handler(gone));
  });
  for (const Error& error : log_.wait(answers, 2)) EXPECT_FALSE(error) << error.message;
  const auto first = log_.wait(both, 1).at(0);
  ASSERT_TRUE(first) << first.error().message;
  // It may find done what came behind it, too.
  EXPECT_TRUE(first->size() == 2 || same(first->front(), wal_entry(4, 2)));
  const auto second = log_.wait(replaced, 1).at(0);
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_TRUE(same(second->front(), wal_entry(4, 2)));
  EXPECT_EQ(log_.wait(gone, 1).at(0).error(), Errc::kOutOfRange);
}

TEST_P(WALOrder, AReadSeesAReleaseSubmittedBefore) {
  open();
  EXPECT_FALSE(log_.write(append(1, 4, 1)));
  Answers<Error> answers;
  Answers<Result<std::vector<Entry>>> released, left;
  log_.together([&](IWALSource& log) {
    log.release_prefix(make_boundary(2, 1), log_.handler(answers));
    log.read(range(2, 4), 1 << 20, log_.handler(released));
    log.read(range(3, 4), 1 << 20, log_.handler(left));
  });
  EXPECT_EQ(log_.wait(released, 1).at(0).error(), Errc::kReleased);
  const auto read = log_.wait(left, 1).at(0);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->size(), 2U);
}

}  // namespace lockstep::testing
