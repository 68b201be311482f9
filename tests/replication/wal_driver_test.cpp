#include "replication/wal_driver.hpp"

#include <gtest/gtest.h>

#include "replication/entries.hpp"
#include "replication/manual_executor.hpp"

namespace lockstep::replication {
namespace {

using consensus::WriteNumber;
using lockstep::test::make_entry;
using lockstep::test::ManualExecutor;
using lockstep::test::run_all;

/// Keeps what it was asked, for the test to answer.
class ScriptedWAL final : public IWALSource {
 public:
  explicit ScriptedWAL(bool* alive) : alive_(alive) { *alive_ = true; }
  ~ScriptedWAL() override { *alive_ = false; }
  void on_event(EventHandler handler) override { on_wal_event = std::move(handler); }
  void open(OpenHandler done) override { opens.push_back(std::move(done)); }
  void write(WALWrite, DoneHandler done) override { writes.push_back(std::move(done)); }
  void release_prefix(Boundary, DoneHandler) override {}
  void repair(IndexRange, std::vector<Entry>, DoneHandler) override {}
  void read(IndexRange, std::size_t, ReadHandler done) override {
    reads.push_back(std::move(done));
  }
  void close(DoneHandler done) override { closes.push_back(std::move(done)); }

  EventHandler on_wal_event;
  std::vector<OpenHandler> opens;
  std::vector<DoneHandler> writes;
  std::vector<ReadHandler> reads;
  std::vector<DoneHandler> closes;

 private:
  bool* alive_;
};

class WALDriverTest : public ::testing::Test {
 protected:
  WALDriverTest() {
    auto wal = std::make_shared<ScriptedWAL>(&alive_);
    wal_ = wal.get();
    driver_ = std::make_shared<WALDriver>(std::move(wal), disk_, strand_);
    driver_->on_durable([this](WriteNumber number) { durable_.push_back(number.value()); });
    driver_->on_failure([this](const Error& error) { failures_.push_back(error); });
  }
  ~WALDriverTest() override {
    run();
    if (!alive_) return;
    // A log that answers nothing holds its questions, and they hold the driver, which holds the
    // log.
    wal_->opens.clear();
    wal_->writes.clear();
    wal_->reads.clear();
    wal_->closes.clear();
  }
  void run() { run_all(*disk_, *strand_); }
  void open() {
    driver_->open([](const Result<WALState>&) {});
    run();
    wal_->opens.at(0)(WALState{});
    run();
  }
  void write(std::uint64_t number) {
    (void)driver_->write(WriteNumber(number), {});
    while (disk_->run_one()) {
    }
  }
  void close() {
    driver_->close([this] { ++closed_; });
    run();
  }

  std::shared_ptr<ManualExecutor> disk_ = std::make_shared<ManualExecutor>();
  std::shared_ptr<ManualExecutor> strand_ = std::make_shared<ManualExecutor>();
  bool alive_ = false;
  ScriptedWAL* wal_ = nullptr;
  std::shared_ptr<WALDriver> driver_;
  std::vector<std::uint64_t> durable_;
  std::vector<Error> failures_;
  int closed_ = 0;
};

TEST_F(WALDriverTest, ManyCompletionsAreOneHandOver) {
  open();
  for (std::uint64_t number : {1u, 2u, 3u}) write(number);
  EXPECT_TRUE(durable_.empty()) << "not before the WAL says so";
  for (auto& done : wal_->writes) done({});
  EXPECT_EQ(strand_->queued(), 1u);
  run();
  EXPECT_EQ(durable_, std::vector<std::uint64_t>{3});
  write(4);
  wal_->writes[3]({});
  run();
  EXPECT_EQ(durable_, (std::vector<std::uint64_t>{3, 4}));
  close();
}

TEST_F(WALDriverTest, AFailureIsToldOnceAndNothingIsDurableBehindIt) {
  open();
  for (std::uint64_t number : {1u, 2u, 3u, 4u}) write(number);
  wal_->writes[0]({});
  wal_->writes[1](Errc::kSyncFailed);
  run();
  wal_->writes[2](Errc::kSyncFailed);
  wal_->writes[3]({});
  run();
  EXPECT_EQ(durable_, std::vector<std::uint64_t>{1});
  ASSERT_EQ(failures_.size(), 1u);
  EXPECT_EQ(failures_[0], Errc::kSyncFailed);
}

TEST_F(WALDriverTest, ClosedInMidFlightItTellsNothingMoreAndKeepsTheLogUntilItIsClosed) {
  open();
  write(1);
  write(2);
  wal_->writes[0]({});
  close();
  ASSERT_EQ(wal_->closes.size(), 1u);
  EXPECT_EQ(closed_, 0);
  wal_->writes[1]({});
  run();
  EXPECT_TRUE(durable_.empty());
  EXPECT_TRUE(alive_) << "destroyed while it was closing";
  const auto done = std::move(wal_->closes[0]);
  done({});
  EXPECT_TRUE(alive_) << "destroyed inside its own callback";
  run();
  EXPECT_FALSE(alive_);
  EXPECT_EQ(closed_, 1);
}

TEST_F(WALDriverTest, ANeverOpenedLogIsLetGoAsItIs) {
  close();
  EXPECT_FALSE(alive_);
  EXPECT_EQ(closed_, 1);
}

TEST_F(WALDriverTest, CloseWaitsForTheEndOfOpen) {
  std::vector<bool> opened;
  driver_->open([&](const Result<WALState>& state) { opened.push_back(state.has_value()); });
  close();
  EXPECT_EQ(closed_, 0);
  EXPECT_TRUE(wal_->closes.empty()) << "it would answer kWrongState and stay open";
  wal_->opens[0](WALState{});
  run();
  EXPECT_EQ(opened, std::vector<bool>{true});
  ASSERT_EQ(wal_->closes.size(), 1u);
  const auto done = std::move(wal_->closes[0]);
  done({});
  run();
  EXPECT_EQ(closed_, 1);
}

TEST_F(WALDriverTest, ALogThatCouldNotBeOpenedIsNotClosed) {
  Error told;
  driver_->open([&](const Result<WALState>& state) { told = state.error(); });
  run();
  wal_->opens[0](Error(Errc::kLocked));
  run();
  EXPECT_EQ(told, Errc::kLocked);
  close();
  EXPECT_EQ(closed_, 1);
  EXPECT_FALSE(alive_);
}

TEST_F(WALDriverTest, EntriesThatWereNotAskedForAreCorruption) {
  open();
  const std::vector<std::vector<Entry>> wrong{
      {},
      {make_entry(4, 1, "x")},
      {make_entry(5, 1, "x"), make_entry(7, 1, "x")},
      {make_entry(5, 1, "x"), make_entry(6, 1, "x"), make_entry(7, 1, "x")}};
  for (const auto& entries : wrong) {
    Error told;
    driver_->read({Index(5), Index(6)}, 100,
                  [&](const Result<std::vector<Entry>>& read) { told = read.error(); });
    run();
    wal_->reads.back()(entries);
    run();
    EXPECT_EQ(told, Errc::kCorruption);
  }
  std::size_t count = 0;
  driver_->read({Index(5), Index(6)}, 100,
                [&](const Result<std::vector<Entry>>& read) { count = read->size(); });
  run();
  wal_->reads.back()(std::vector<Entry>{make_entry(5, 1, "x")});
  run();
  EXPECT_EQ(count, 1u);
}

TEST_F(WALDriverTest, WantOfSpaceIsToldOnceAndNothingBehindItCounts) {
  int told = 0;
  driver_->on_no_space([&] { ++told; });
  open();
  for (std::uint64_t number = 1; number <= 4; ++number)
    (void)driver_->write(WriteNumber(number), {});
  run();
  ASSERT_EQ(wal_->writes.size(), 4u);
  wal_->writes[0]({});
  wal_->writes[1](Errc::kNoSpace);
  wal_->writes[2](Errc::kInvalidArgument);  // it built on the one before
  wal_->writes[3]({});                      // it did not, but nobody may count on that
  run();
  EXPECT_EQ(told, 1);
  EXPECT_EQ(durable_, std::vector<std::uint64_t>{1});
  EXPECT_FALSE(driver_->write(WriteNumber(5), {}));
  run();
  EXPECT_EQ(wal_->writes.size(), 4u) << "not even tried";
  EXPECT_TRUE(failures_.empty());

  driver_->begin_again();
  (void)driver_->write(WriteNumber(6), {});
  run();
  wal_->writes.at(4)(Errc::kNoSpace);
  run();
  EXPECT_EQ(told, 2);
  driver_->begin_again();
  (void)driver_->write(WriteNumber(7), {});
  run();
  wal_->writes.at(5)({});
  run();
  EXPECT_EQ(durable_, (std::vector<std::uint64_t>{1, 7}));
}

TEST_F(WALDriverTest, WhatComesBehindACutWaitsForItsEnd) {
  open();
  WALWrite cut;
  cut.truncate_from = Index(8);
  (void)driver_->write(WriteNumber(1), {});
  (void)driver_->write(WriteNumber(2), std::move(cut));
  (void)driver_->write(WriteNumber(3), {});
  run();
  ASSERT_EQ(wal_->writes.size(), 2u);
  wal_->writes[0]({});
  run();
  EXPECT_EQ(wal_->writes.size(), 2u);
  wal_->writes[1]({});
  run();
  ASSERT_EQ(wal_->writes.size(), 3u);
  wal_->writes[2]({});
  run();
  EXPECT_EQ(durable_.back(), 3u);
}

TEST_F(WALDriverTest, WhatWaitsForACutThatIsRefusedIsNotWritten) {
  open();
  WALWrite cut;
  cut.truncate_from = Index(8);
  (void)driver_->write(WriteNumber(1), std::move(cut));
  (void)driver_->write(WriteNumber(2), {});
  run();
  wal_->writes.at(0)(Errc::kNoSpace);
  run();
  driver_->begin_again();
  (void)driver_->write(WriteNumber(3), {});
  run();
  EXPECT_EQ(wal_->writes.size(), 2u) << "the new one, and not the one that waited";
}

TEST_F(WALDriverTest, AFailureBehindWantOfSpaceIsStillOne) {
  open();
  (void)driver_->write(WriteNumber(1), {});
  (void)driver_->write(WriteNumber(2), {});
  run();
  wal_->writes[0](Errc::kNoSpace);
  wal_->writes[1](Errc::kSyncFailed);
  run();
  ASSERT_EQ(failures_.size(), 1u);
  EXPECT_EQ(failures_[0], Errc::kSyncFailed);
}

TEST_F(WALDriverTest, WhatTheLogTellsUnaskedArrives) {
  std::vector<IndexRange> damaged;
  open();
  wal_->on_wal_event(WALDamaged{{Index(2), Index(3)}});
  run();
  driver_->on_damage([&](IndexRange range) { damaged.push_back(range); });
  EXPECT_EQ(damaged.size(), 1u) << "what came before the handler is kept for it";
  driver_->read({Index(7), Index(9)}, 10, [](const Result<std::vector<Entry>>&) {});
  run();
  wal_->reads.at(0)(Error(Errc::kCorruption));
  run();
  EXPECT_EQ(damaged, (std::vector<IndexRange>{{Index(2), Index(3)}, {Index(7), Index(7)}}));
  wal_->on_wal_event(WALFailed{Errc::kSyncFailed});
  run();
  ASSERT_EQ(failures_.size(), 1u);
}

}  // namespace
}  // namespace lockstep::replication
