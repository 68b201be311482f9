#pragma once

// What a log tells without being asked: rot that came to light, once; never inside a call, and
// nothing any more once it is closed. A log may leave it to the reads to say so.

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <variant>
#include <vector>

#include "lockstep/testing/wal_conformance/fixture.hpp"

namespace lockstep::testing {

class WALEvents : public WALConformance {
 protected:
  static constexpr std::uint64_t kLast = 9;

  static Entry written(std::uint64_t index) { return wal_entry(index, 3, 1000); }

  /// Opens a fresh instance and notes what it tells.
  WALState listen(const std::function<void(IWALSource&)>& when_told = {}) {
    told_ = {};
    closed_ = std::make_shared<std::atomic<bool>>(false);
    log_.make();
    log_.together([&](IWALSource& log) {
      log.on_event(log_.event_handler([told = told_, closed = closed_, when_told,
                                       source = &log](const WALEvent& event) mutable {
        EXPECT_FALSE(*closed) << "told after it was closed";
        told.add(event);
        if (when_told) when_told(*source);
      }));
    });
    const auto state = log_.open_once();
    EXPECT_TRUE(state) << state.error().message;
    return state ? *state : WALState{};
  }
  /// Entries 1 to 9 of term 3, each written by itself; then one of them rots. The log was opened
  /// once more in between, so one that looks only at its newest file when it opens does not see it.
  void write_and_damage(std::uint64_t index) {
    open();
    for (std::uint64_t each = 1; each <= kLast; ++each) {
      ASSERT_FALSE(log_.write(append({written(each)})));
    }
    reopen();
    ASSERT_FALSE(log_.close());
    log_.drop();
    testbed_->damage(written(index));
  }
  /// What to hand to `close`.
  IWALSource::DoneHandler note_closed(Answers<Error> answers) {
    return log_.handler<Error>([answers, closed = closed_](Error error) mutable {
      *closed = true;
      answers.add(std::move(error));
    });
  }
  /// Closes the log. What it told of damage until then; nothing may follow.
  std::vector<IndexRange> close_and_sum_up() {
    Answers<Error> closed;
    log_.together([&](IWALSource& log) { log.close(note_closed(closed)); });
    EXPECT_FALSE(log_.wait(closed, 1).at(0));
    return sum_up();
  }
  /// Of a log that is closed.
  std::vector<IndexRange> sum_up() {
    testbed_->let_time_pass();
    log_.drop();
    std::vector<IndexRange> damaged;
    for (const WALEvent& event : told_.get()) {
      if (const auto* failed = std::get_if<WALFailed>(&event)) {
        ADD_FAILURE() << "it has not failed: " << failed->error.message;
      } else {
        damaged.push_back(std::get<WALDamaged>(event).range);
      }
    }
    return damaged;
  }

 private:
  Answers<WALEvent> told_;
  std::shared_ptr<std::atomic<bool>> closed_;
};
LOCKSTEP_CONFORMANCE_GROUP(WALEvents);

TEST_P(WALEvents, NothingIsToldOfALogWithoutTrouble) {
  for (std::uint64_t life = 0; life < 3; ++life) {
    listen();
    const std::uint64_t first = 10 * life + 1;
    EXPECT_FALSE(log_.write(append(first, first + 11, 1, 2000)));
    EXPECT_FALSE(log_.write(truncate(first + 10)));
    EXPECT_FALSE(log_.release(make_boundary(first, 1)));
    EXPECT_EQ(log_.read(first, first).error(), Errc::kReleased);
    EXPECT_EQ(log_.read(first + 10, first + 10).error(), Errc::kOutOfRange);
    EXPECT_EQ(log_.write(append(first + 20, first + 20, 1)), Errc::kInvalidArgument);
    testbed_->let_time_pass();
    EXPECT_EQ(log_.entries(first + 1, first + 9).size(), 9U);
    EXPECT_TRUE(close_and_sum_up().empty());
  }
}

TEST_P(WALEvents, RotThatAReadMeetsIsToldOnceOrByTheReadAlone) {
  LOCKSTEP_CONFORMANCE_NEEDS(kDamage);
  write_and_damage(5);
  const WALState state = listen();
  std::vector<bool> refused(kLast + 1);
  for (int round = 0; round < 3; ++round) {
    for (std::uint64_t index = 1; index <= kLast; ++index) {
      const auto read = log_.read(index, index);
      if (read) {
        EXPECT_TRUE(same(read->front(), written(index))) << index;
        EXPECT_FALSE(refused[index]) << index;
        continue;
      }
      EXPECT_EQ(read.error(), Errc::kCorruption) << index;
      refused[index] = true;
    }
    testbed_->let_time_pass();
  }
  EXPECT_TRUE(refused[5]) << "the read says so in any case";

  const std::vector<IndexRange> told = close_and_sum_up();
  std::vector<int> named(kLast + 1);  // at opening, and since
  const auto count = [&](const IndexRange& damaged) {
    EXPECT_FALSE(damaged.empty());
    ASSERT_TRUE(damaged.first >= Index(1) && damaged.last <= Index(kLast))
        << "beyond the log: " << ::testing::PrintToString(damaged);
    for (Index at = damaged.first; at <= damaged.last; at = at.next()) ++named[at.value()];
  };
  for (const IndexRange& damaged : state.damaged) count(damaged);
  for (const IndexRange& damaged : told) count(damaged);
  for (std::uint64_t index = 1; index <= kLast; ++index) {
    EXPECT_LE(named[index], 1) << index << " was told more than once";
    EXPECT_TRUE(named[index] == 0 || refused[index]) << index << " is damaged, and was read";
  }
  if (!told.empty()) {
    EXPECT_EQ(named[5], 1) << "of all entries, the one that rots";
  }
}

TEST_P(WALEvents, NothingIsToldOnceCloseHasCompleted) {
  LOCKSTEP_CONFORMANCE_NEEDS(kDamage);
  write_and_damage(5);
  listen();
  Answers<Result<std::vector<Entry>>> reads;
  Answers<Error> closed;
  log_.together([&](IWALSource& log) {
    log.read(range(5, 5), 100, log_.handler(reads));
    log.close(note_closed(closed));
  });
  EXPECT_FALSE(log_.wait(closed, 1).at(0));
  EXPECT_TRUE(log_.wait(reads, 1).at(0).has_error());
  EXPECT_LE(sum_up().size(), 1U);
}

TEST_P(WALEvents, AHandlerMayCallTheLog) {
  LOCKSTEP_CONFORMANCE_NEEDS(kDamage);
  write_and_damage(5);
  Answers<Result<std::vector<Entry>>> reads;
  listen([&](IWALSource& log) { log.read(range(6, 6), 100, log_.handler(reads)); });
  EXPECT_EQ(log_.read(5, 5).error(), Errc::kCorruption);
  testbed_->let_time_pass();
  EXPECT_TRUE(log_.read(6, 6));
  const std::size_t told = close_and_sum_up().size();
  if (told == 0) GTEST_SKIP() << "it leaves it to the reads, which is allowed";
  const auto answers = log_.wait(reads, told);
  for (const auto& read : answers) {
    if (read) {
      EXPECT_TRUE(same(read->front(), written(6)));
    } else {
      EXPECT_EQ(read.error(), Errc::kStopped) << read.error().message;  // it was told at the end
    }
  }
}

}  // namespace lockstep::testing
