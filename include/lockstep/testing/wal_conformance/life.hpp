#pragma once

// Open, close, drop: every call is answered once, whatever becomes of the log.

#include "lockstep/testing/wal_conformance/fixture.hpp"

namespace lockstep::testing {

class WALLife : public WALConformance {};
LOCKSTEP_CONFORMANCE_GROUP(WALLife);

TEST_P(WALLife, CallsOutsideItAreRefused) {
  log_.make();
  EXPECT_EQ(log_.write(append(1, 1, 1)), Errc::kWrongState);
  EXPECT_EQ(log_.read(1, 1).error(), Errc::kWrongState);
  EXPECT_EQ(log_.release(make_boundary(1, 1)), Errc::kWrongState);
  EXPECT_EQ(log_.repair(range(1, 1), wal_entries(1, 1, 1)), Errc::kWrongState);
  ASSERT_TRUE(log_.open_once());
  EXPECT_EQ(log_.open_once().error(), Errc::kWrongState);
  EXPECT_FALSE(log_.write(append(1, 1, 1)));
  EXPECT_FALSE(log_.close());
  EXPECT_EQ(log_.write(append(2, 2, 1)), Errc::kStopped);
  EXPECT_EQ(log_.read(1, 1).error(), Errc::kStopped);
  EXPECT_EQ(log_.release(make_boundary(1, 1)), Errc::kStopped);
  EXPECT_EQ(log_.repair(range(1, 1), wal_entries(1, 1, 1)), Errc::kStopped);
  EXPECT_EQ(log_.close(), Errc::kStopped);
  EXPECT_EQ(open().bounds, range(1, 1));
}

TEST_P(WALLife, CloseCompletesWhatIsWaiting) {
  open();
  Answers<int> order;
  const auto note = [&](int number) {
    return log_.handler<Error>([order, number](const Error& error) mutable {
      EXPECT_FALSE(error) << error.message;
      order.add(number);
    });
  };
  Answers<Error> refused;
  log_.together([&](IWALSource& log) {
    log.write(append(1, 1, 1), note(1));
    log.write(append(2, 2, 1), note(2));
    log.close(note(3));
    log.write(append(3, 3, 1), log_.handler(refused));
  });
  EXPECT_THAT(log_.wait(order, 3), ::testing::ElementsAre(1, 2, 3));
  EXPECT_EQ(log_.wait(refused, 1).at(0), Errc::kStopped);
  EXPECT_EQ(open().bounds, range(1, 2));
  expect_entries(wal_entries(1, 2, 1));
}

TEST_P(WALLife, DroppedWithoutCloseItAnswersEveryCall) {
  open();
  EXPECT_FALSE(log_.write(append(1, 1, 1)));
  Answers<Error> writes;
  Answers<Result<std::vector<Entry>>> reads;
  log_.together([&](IWALSource& log) {
    log.write(append(2, 2, 1), log_.handler(writes));
    log.read(range(1, 1), 10, log_.handler(reads));
    log.read(range(2, 2), 10, log_.handler(reads));
    log_.drop_here();
  });
  const Error written = log_.wait(writes, 1).at(0);
  EXPECT_TRUE(!written || written == Errc::kStopped) << written.message;
  EXPECT_EQ(log_.wait(reads, 2).size(), 2U);
  const WALState state = open();
  EXPECT_TRUE(state.bounds == range(1, 1) || state.bounds == range(1, 2));
  expect_entries(wal_entries(1, state.bounds.last.value(), 1));
}

TEST_P(WALLife, DroppedBeforeItWasOpened) {
  log_.make();
  log_.drop();
  Answers<Result<WALState>> answers;
  log_.make();
  log_.together([&](IWALSource& log) {
    log.open(log_.handler(answers));
    log_.drop_here();
  });
  EXPECT_EQ(log_.wait(answers, 1).size(), 1U);
  open();
}

TEST_P(WALLife, ACallbackMayDropTheLog) {
  open();
  Answers<Error> answers;
  log_.together([&](IWALSource& log) {
    log.write(append(1, 1, 1), log_.handler<Error>([&](Error error) {
      log_.drop_here();
      answers.add(std::move(error));
    }));
    log.write(append(2, 2, 1), log_.handler(answers));
  });
  EXPECT_FALSE(log_.wait(answers, 2).at(0));
  EXPECT_EQ(open().bounds.first, Index(1));
  EXPECT_TRUE(same(log_.entries(1, 1).at(0), wal_entry(1, 1)));
}

TEST_P(WALLife, ACallbackMayCallAgain) {
  open();
  Answers<Error> closed;
  log_.together([&](IWALSource& log) {
    IWALSource* const same_log = &log;
    log.write(append(1, 1, 1), log_.handler<Error>([&, same_log](const Error& written) {
      EXPECT_FALSE(written) << written.message;
      same_log->read(range(1, 1), 100,
                     log_.handler<Result<std::vector<Entry>>>(
                         [&, same_log](const Result<std::vector<Entry>>& read) {
                           EXPECT_TRUE(read) << read.error().message;
                           same_log->close(log_.handler(closed));
                         }));
    }));
  });
  EXPECT_FALSE(log_.wait(closed, 1).at(0));
  EXPECT_EQ(open().bounds, range(1, 1));
}

TEST_P(WALLife, ManyLivesOneAfterAnother) {
  for (std::uint64_t round = 1; round <= 12; ++round) {
    const WALState state = open();
    ASSERT_EQ(state.bounds, range(1, 3 * (round - 1)));
    ASSERT_FALSE(log_.write(append(3 * round - 2, 3 * round, round, 700)));
    if (round % 3 == 0) testbed_->let_time_pass();
    if (round % 2 == 0) {
      ASSERT_FALSE(log_.close());
    }
  }
  const WALState state = open();
  EXPECT_EQ(state.term_runs.size(), 12U);
  for (std::uint64_t round = 1; round <= 12; ++round) {
    expect_entries(wal_entries(3 * round - 2, 3 * round, round, 700));
  }
}

TEST_P(WALLife, IdlenessDoesNoHarm) {
  open();
  for (std::uint64_t index = 1; index <= 10; ++index) {
    ASSERT_FALSE(log_.write(append(index, index, 1)));
    testbed_->let_time_pass();
  }
  expect_entries(wal_entries(1, 10, 1));
  EXPECT_EQ(reopen().bounds, range(1, 10));
  expect_entries(wal_entries(1, 10, 1));
}

}  // namespace lockstep::testing
