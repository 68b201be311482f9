// What every log must do, asked of both that ship.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lockstep/file_wal_manager.hpp"
#include "lockstep/memory_wal_manager.hpp"
#include "wal/wal_harness.hpp"

namespace lockstep::testing {
namespace {

using ::testing::ElementsAre;

enum class Kind { kMemory, kFile };

class WALSuite : public ::testing::TestWithParam<Kind> {
 protected:
  void make() {
    wal_.reset();
    if (GetParam() == Kind::kMemory) {
      wal_ = MemoryWALManager::create(kNode, kGroup, runtime_, runtime_.executor, memory_);
    } else {
      FileWALOptions options;
      options.folder = "/log";
      options.node = kNode;
      options.group = kGroup;
      options.segment_bytes = 64 << 10;
      options.zero_fill_bytes = 4 << 10;
      options.cache_bytes = cache_bytes_;
      wal_ = *FileWALManager::create(options, runtime_, runtime_.executor);
    }
  }
  Caller call() { return {*wal_, *runtime_.executor}; }
  WALState open() {
    make();
    Result<WALState> state = call().open();
    EXPECT_TRUE(state) << state.error().message;
    return state ? *state : WALState{};
  }
  WALState reopen() {
    EXPECT_FALSE(call().close());
    return open();
  }
  void expect_entries(const std::vector<Entry>& wanted) {
    const auto found =
        call().read(wanted.front().header.index.value(), wanted.back().header.index.value());
    ASSERT_TRUE(found) << found.error().message;
    ASSERT_EQ(found->size(), wanted.size());
    for (std::size_t i = 0; i < wanted.size(); ++i) EXPECT_TRUE(same((*found)[i], wanted[i]));
  }

  std::size_t cache_bytes_ = 1 << 20;
  SimulatedDisk disk_;
  ManualRuntime runtime_{disk_};
  std::shared_ptr<MemoryWALManager::Disk> memory_ = MemoryWALManager::make_disk();
  std::unique_ptr<IWALSource> wal_;
};

TEST_P(WALSuite, NewLogIsEmptyAndHasAnIncarnation) {
  const WALState state = open();
  EXPECT_TRUE(state.bounds.empty());
  EXPECT_EQ(state.bounds.first, Index(1));
  EXPECT_EQ(state.last_promised, EntryId{});
  EXPECT_EQ(state.identity.node, kNode);
  EXPECT_EQ(state.identity.group, kGroup);
  EXPECT_FALSE(state.identity.incarnation.is_none());
  EXPECT_TRUE(state.identity.cluster.is_none());
  EXPECT_EQ(state.hard_state, HardState{});
}

TEST_P(WALSuite, EntriesReadBackAndSurviveReopening) {
  const WALState fresh = open();
  EXPECT_FALSE(call().write(append(1, 3, 1)));
  EXPECT_FALSE(call().write(append(4, 4, 2, 9000)));
  auto wanted = make_entries(1, 3, 1);
  wanted.push_back(make_entry(4, 2, 9000));
  expect_entries(wanted);
  for (int round = 0; round < 3; ++round) {
    const WALState state = reopen();
    EXPECT_EQ(state.bounds, (IndexRange{Index(1), Index(4)}));
    EXPECT_EQ(state.last_promised, (EntryId{Index(4), Term(2)}));
    EXPECT_THAT(state.term_runs,
                ElementsAre(TermRun{Term(1), Index(1)}, TermRun{Term(2), Index(4)}));
    EXPECT_EQ(state.identity, fresh.identity);
    EXPECT_TRUE(state.damaged.empty());
    expect_entries(wanted);
  }
}

TEST_P(WALSuite, TruncationDropsASuffixForGood) {
  open();
  EXPECT_FALSE(call().write(append(1, 6, 1)));
  WALWrite replace = append(4, 5, 2);
  replace.truncate_from = Index(4);
  EXPECT_FALSE(call().write(std::move(replace)));
  WALWrite cut;
  cut.truncate_from = Index(5);
  EXPECT_FALSE(call().write(std::move(cut)));
  auto wanted = make_entries(1, 3, 1);
  wanted.push_back(make_entry(4, 2));
  expect_entries(wanted);
  WALState state = reopen();
  EXPECT_EQ(state.last_promised, (EntryId{Index(4), Term(2)}));
  expect_entries(wanted);
  EXPECT_FALSE(call().write(append(5, 7, 3)));
  for (const Entry& entry : make_entries(5, 7, 3)) wanted.push_back(entry);
  expect_entries(wanted);
  state = reopen();
  EXPECT_THAT(state.term_runs, ElementsAre(TermRun{Term(1), Index(1)}, TermRun{Term(2), Index(4)},
                                           TermRun{Term(3), Index(5)}));
  expect_entries(wanted);
}

TEST_P(WALSuite, TruncationBeyondTheEndChangesNothing) {
  open();
  EXPECT_FALSE(call().write(append(1, 2, 1)));
  WALWrite write = append(3, 3, 1);
  write.truncate_from = Index(9);
  EXPECT_FALSE(call().write(std::move(write)));
  EXPECT_EQ(reopen().bounds.last, Index(3));
  expect_entries(make_entries(1, 3, 1));
}

TEST_P(WALSuite, HardStateIdentityAndIntentSurvive) {
  const WALState fresh = open();
  WALWrite write = append(1, 1, 1);
  write.hard_state = HardState{Term(5), NodeId("b")};
  write.identity = fresh.identity;
  write.identity->cluster = ClusterId({1, 2, 3});
  write.identity->epoch = Epoch({4, 5, 6});
  write.install_intent = InstallIntent{"snap", {Index(9), Term(2)}};
  const WALWrite kept = write;
  EXPECT_FALSE(call().write(std::move(write)));
  WALState state = reopen();
  EXPECT_EQ(state.hard_state, *kept.hard_state);
  EXPECT_EQ(state.identity, *kept.identity);
  EXPECT_EQ(state.install_intent, kept.install_intent);
  WALWrite take_back;
  take_back.install_intent = InstallIntent{};
  take_back.hard_state = HardState{Term(6), NodeId()};
  EXPECT_FALSE(call().write(std::move(take_back)));
  state = reopen();
  EXPECT_EQ(state.hard_state, (HardState{Term(6), NodeId()}));
  EXPECT_FALSE(state.install_intent);
}

TEST_P(WALSuite, ConfigurationIndexesAreReported) {
  open();
  EXPECT_FALSE(
      call().write(append({make_entry(1, 1, 9, EntryKind::kConfiguration), make_entry(2, 1),
                           make_entry(3, 1, 9, EntryKind::kConfiguration),
                           make_entry(4, 1, 9, EntryKind::kConfiguration)})));
  WALWrite cut;
  cut.truncate_from = Index(4);
  EXPECT_FALSE(call().write(std::move(cut)));
  EXPECT_THAT(reopen().configuration_indexes, ElementsAre(Index(1), Index(3)));
}

TEST_P(WALSuite, ReleaseDropsAPrefixAndKeepsItsBoundary) {
  open();
  EXPECT_FALSE(call().write(append(1, 6, 2)));
  EXPECT_FALSE(call().release(make_boundary(4, 2)));
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(call().read(4, 6).error(), Errc::kReleased);
    expect_entries(make_entries(5, 6, 2));
    const WALState state = reopen();
    EXPECT_EQ(state.bounds, (IndexRange{Index(5), Index(6)}));
    EXPECT_EQ(state.boundary, make_boundary(4, 2));
    EXPECT_THAT(state.term_runs, ElementsAre(TermRun{Term(2), Index(5)}));
  }
  EXPECT_FALSE(call().release(make_boundary(2, 2))) << "released before: nothing to do";
  EXPECT_EQ(call().release(make_boundary(9, 2)), Errc::kInvalidArgument);
  EXPECT_EQ(call().release(make_boundary(5, 1)), Errc::kInvalidArgument);
  EXPECT_FALSE(call().release(make_boundary(6, 2)));
  WALState state = reopen();
  EXPECT_TRUE(state.bounds.empty());
  EXPECT_EQ(state.last_promised, (EntryId{Index(6), Term(2)}));
  EXPECT_FALSE(call().write(append(7, 7, 2)));
  expect_entries(make_entries(7, 7, 2));
}

TEST_P(WALSuite, BoundaryReplacesEverything) {
  open();
  WALWrite write = append(1, 3, 1);
  write.install_intent = InstallIntent{"snap", {Index(10), Term(4)}};
  EXPECT_FALSE(call().write(std::move(write)));
  WALWrite install;
  install.boundary = make_boundary(10, 4);
  EXPECT_FALSE(call().write(std::move(install)));
  EXPECT_EQ(call().read(1, 3).error(), Errc::kReleased);
  EXPECT_FALSE(call().write(append(11, 12, 4)));
  for (int round = 0; round < 2; ++round) {
    expect_entries(make_entries(11, 12, 4));
    const WALState state = reopen();
    EXPECT_EQ(state.bounds, (IndexRange{Index(11), Index(12)}));
    EXPECT_EQ(state.boundary, make_boundary(10, 4));
    EXPECT_FALSE(state.install_intent) << "the install is finished";
  }
}

TEST_P(WALSuite, RefusesWhatWouldBreakTheLogAndThatCallOnly) {
  const WALState fresh = open();
  EXPECT_FALSE(call().write(append(1, 3, 2)));
  EXPECT_EQ(call().write(append(5, 5, 2)), Errc::kInvalidArgument) << "gap";
  EXPECT_EQ(call().write(append(3, 3, 2)), Errc::kInvalidArgument) << "there already";
  EXPECT_EQ(call().write(append({make_entry(4, 2), make_entry(6, 2)})), Errc::kInvalidArgument);
  EXPECT_EQ(call().write(append({make_entry(4, 2, 5, EntryKind::kCommand, GroupId(8))})),
            Errc::kInvalidArgument);
  EXPECT_EQ(call().write(append(4, 4, 1)), Errc::kInvalidArgument) << "the term falls";
  WALWrite foreign;
  foreign.identity = fresh.identity;
  foreign.identity->incarnation = Incarnation({9});
  EXPECT_EQ(call().write(std::move(foreign)), Errc::kInvalidArgument);
  EXPECT_FALSE(call().release(make_boundary(2, 2)));
  WALWrite below;
  below.truncate_from = Index(2);
  EXPECT_EQ(call().write(std::move(below)), Errc::kInvalidArgument) << "released";
  EXPECT_FALSE(call().write(append(4, 4, 2)));
  EXPECT_EQ(reopen().bounds, (IndexRange{Index(3), Index(4)}));
  expect_entries(make_entries(3, 4, 2));
}

TEST_P(WALSuite, ReadsKeepToTheirBudgetAndBounds) {
  for (const std::size_t cache : {std::size_t{0}, std::size_t{300}, std::size_t{1} << 20}) {
    cache_bytes_ = cache;
    if (wal_) {
      reopen();
    } else {
      open();
      EXPECT_FALSE(call().write(append(1, 10, 1, 60)));  // 100 bytes each, encoded
    }
    EXPECT_EQ(call().entries(1, 10, 0).size(), 1U) << "at least one";
    EXPECT_EQ(call().entries(1, 10, 99).size(), 1U);
    EXPECT_EQ(call().entries(1, 10, 399).size(), 3U);
    EXPECT_EQ(call().entries(1, 10, 400).size(), 4U);
    EXPECT_EQ(call().entries(2, 4).size(), 3U);
    EXPECT_EQ(call().entries(8, 99).size(), 3U) << "stops at the end";
    EXPECT_EQ(call().read(11, 12).error(), Errc::kOutOfRange);
    EXPECT_EQ(call().read(0, 12).error(), Errc::kInvalidArgument);
    EXPECT_EQ(call().read(3, 2).error(), Errc::kInvalidArgument);
  }
}

TEST_P(WALSuite, CompletesInOrderAndAReadSeesWhatWasSubmittedBefore) {
  open();
  std::vector<int> order;
  const auto note = [&](int number) {
    return [&order, number](const Error&) { order.push_back(number); };
  };
  std::size_t seen = 0;
  wal_->write(append(1, 2, 1), note(1));
  wal_->write(append(9, 9, 1), note(2));  // refused, in its turn
  wal_->write(append(3, 3, 1), note(3));
  wal_->release_prefix(make_boundary(1, 1), note(4));
  wal_->repair({Index(2), Index(2)}, {}, note(5));
  wal_->read({Index(2), Index(3)}, 1 << 20,
             [&](Result<std::vector<Entry>> read) { seen = read ? read->size() : 0; });
  wal_->write(append(4, 4, 1), note(6));
  EXPECT_TRUE(order.empty());
  runtime_.executor->run();
  EXPECT_THAT(order, ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_EQ(seen, 2U);
}

TEST_P(WALSuite, WhatIsNotDamagedIsNotRepaired) {
  open();
  Error answer;
  wal_->repair({Index(1), Index(1)}, make_entries(1, 1, 1), [&](const Error& e) { answer = e; });
  runtime_.executor->run();
  EXPECT_TRUE(answer == Errc::kNotSupported || answer == Errc::kInvalidArgument) << answer.message;
}

TEST_P(WALSuite, AnswersOutsideItsLife) {
  make();
  EXPECT_EQ(call().write(append(1, 1, 1)), Errc::kWrongState);
  EXPECT_EQ(call().read(1, 1).error(), Errc::kWrongState);
  EXPECT_TRUE(call().open());
  EXPECT_EQ(call().open().error(), Errc::kWrongState);
  Error waiting(Errc::kTimedOut);
  wal_->write(append(1, 1, 1), [&](const Error& error) { waiting = error; });
  EXPECT_FALSE(call().close());
  EXPECT_FALSE(waiting) << "close completes what is waiting";
  EXPECT_EQ(call().write(append(2, 2, 1)), Errc::kStopped);
  EXPECT_EQ(call().read(1, 1).error(), Errc::kStopped);
  EXPECT_EQ(call().release(make_boundary(1, 1)), Errc::kStopped);
  EXPECT_EQ(call().close(), Errc::kStopped);
  open();
  expect_entries(make_entries(1, 1, 1));
}

TEST_P(WALSuite, DroppedWithoutCloseAnswersEveryCallOnce) {
  open();
  int answers = 0;
  wal_->write(append(1, 1, 1), [&](const Error&) { ++answers; });
  wal_->read({Index(1), Index(1)}, 10, [&](const Result<std::vector<Entry>>&) { ++answers; });
  wal_.reset();
  runtime_.executor->run();
  EXPECT_EQ(answers, 2);
  open();  // the lock is free again
}

TEST_P(WALSuite, ACallbackMayDropTheLog) {
  open();
  int answers = 0;
  wal_->write(append(1, 1, 1), [&](const Error&) { wal_.reset(), ++answers; });
  wal_->write(append(2, 2, 1), [&](const Error&) { ++answers; });
  runtime_.executor->run();
  EXPECT_EQ(answers, 2);
  open();
  EXPECT_EQ(call().entries(1, 2).size(), 2U);
}

TEST_P(WALSuite, OneAtATime) {
  open();
  const auto first = std::move(wal_);
  make();
  EXPECT_EQ(call().open().error(), Errc::kLocked);
}

INSTANTIATE_TEST_SUITE_P(, WALSuite, ::testing::Values(Kind::kMemory, Kind::kFile),
                         [](const auto& kind) {
                           return kind.param == Kind::kMemory ? "Memory" : "File";
                         });

}  // namespace
}  // namespace lockstep::testing
