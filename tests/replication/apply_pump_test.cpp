#include "replication/apply_pump.hpp"

#include <gtest/gtest.h>

#include "lockstep/asio_runtime.hpp"
#include "lockstep/memory_wal_manager.hpp"
#include "replication/entries.hpp"
#include "replication/manual_executor.hpp"
#include "replication/recording_engine.hpp"

namespace lockstep::replication {
namespace {

using lockstep::test::make_entry;
using lockstep::test::ManualExecutor;
using lockstep::test::RecordingEngine;
using lockstep::test::run_all;

/// A pump between a log in memory, a WAL that holds the same, and an engine.
class ApplyPumpTest : public ::testing::Test {
 protected:
  ApplyPumpTest() {
    wal_->open([](const Result<WALState>&) {});
    run();
  }
  void add(std::string_view text, EntryKind kind = EntryKind::kCommand) {
    const Entry entry = make_entry(log_.last_index().value() + 1, 1, text, kind);
    log_.append(entry);
    log_.set_durable(entry.header.index);
    WALWrite write;
    write.entries.push_back(entry);
    wal_->write(consensus::WriteNumber(entry.header.index.value()), std::move(write));
    run();
  }
  void start(Index applied = {}, std::size_t max_batch_bytes = 1 << 20) {
    pump_ = std::make_shared<ApplyPump>(engine_, worker_, strand_, wal_, max_batch_bytes);
    pump_->start(
        applied,
        [this](const ApplyPump::Batch& batch) {
          batches_.push_back(batch);
          pump_->resume(log_);
        },
        [this](Error error) { failures_.push_back(std::move(error)); });
  }
  void commit(std::uint64_t index) { pump_->committed(Index(index), log_); }
  void run() { run_all(*disk_, *strand_, *worker_); }
  [[nodiscard]] std::vector<std::uint64_t> batch_ends() const {
    std::vector<std::uint64_t> ends;
    for (const auto& batch : batches_) ends.push_back(batch.last.value());
    return ends;
  }

  std::shared_ptr<AsioRuntime> runtime_ = AsioRuntime::create();
  std::shared_ptr<ManualExecutor> disk_ = std::make_shared<ManualExecutor>();
  std::shared_ptr<ManualExecutor> strand_ = std::make_shared<ManualExecutor>();
  std::shared_ptr<ManualExecutor> worker_ = std::make_shared<ManualExecutor>();
  std::shared_ptr<WALDriver> wal_ = std::make_shared<WALDriver>(
      MemoryWALManager::create(NodeId("n1"), GroupId(), *runtime_, disk_), disk_, strand_);
  std::shared_ptr<RecordingEngine> engine_ = std::make_shared<RecordingEngine>();
  consensus::Log log_{WALState{}, 1 << 20};
  std::shared_ptr<ApplyPump> pump_;
  std::vector<ApplyPump::Batch> batches_;
  std::vector<Error> failures_;
};

TEST_F(ApplyPumpTest, AppliesInOrderUpToTheCommitAndNoFurther) {
  for (const char* text : {"a", "b", "c"}) add(text);
  start();
  commit(2);
  EXPECT_EQ(engine_->count(), 0u) << "only on the worker";
  run();
  EXPECT_EQ(engine_->texts(), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(pump_->applied(), Index(2));
  commit(3);
  commit(1);
  run();
  EXPECT_EQ(engine_->texts(), (std::vector<std::string>{"a", "b", "c"}));
}

TEST_F(ApplyPumpTest, OneBatchAtATime) {
  for (const char* text : {"a", "b", "c"}) add(text);
  start();
  for (std::uint64_t index : {1u, 2u, 3u}) commit(index);
  EXPECT_EQ(worker_->queued(), 1u);
  run();
  EXPECT_EQ(batch_ends(), (std::vector<std::uint64_t>{1, 3}));
}

TEST_F(ApplyPumpTest, BatchesByBytes) {
  for (int i = 0; i < 6; ++i) add(std::string(1000, 'x'));
  start({}, 2500);
  commit(6);
  run();
  EXPECT_EQ(batch_ends(), (std::vector<std::uint64_t>{2, 4, 6}));
}

TEST_F(ApplyPumpTest, ReadsFromTheWALWhatIsNotInMemory) {
  log_ = consensus::Log(WALState{}, 0);
  for (const char* text : {"a", "b", "c"}) add(text);
  log_.trim_tail(Index{});
  ASSERT_EQ(log_.tail_first_index(), Index(4));
  add("d");
  start();
  commit(4);
  run();
  EXPECT_EQ(engine_->texts(), (std::vector<std::string>{"a", "b", "c", "d"}));
}

TEST_F(ApplyPumpTest, StartsBehindWhatIsApplied) {
  for (const char* text : {"a", "b", "c"}) add(text);
  start(Index(2));
  commit(3);
  run();
  EXPECT_EQ(engine_->applied(), (std::vector<RecordingEngine::Applied>{{3, "c"}}));
}

TEST_F(ApplyPumpTest, EntriesOfTheLibrarysOwnAreSealedAndNotShown) {
  add("record", EntryKind::kConfiguration);
  add("", EntryKind::kNoop);
  start();
  commit(2);
  run();
  EXPECT_EQ(engine_->count(), 0u);
  EXPECT_EQ(engine_->batches, 1);
  EXPECT_EQ(pump_->applied(), Index(2));
}

TEST_F(ApplyPumpTest, ResultsBelongToTheirEntries) {
  add("", EntryKind::kNoop);
  add("a");
  add("reject b");
  start();
  pump_->want_results_up_to(Index(2));
  commit(3);
  run();
  ASSERT_EQ(batches_.size(), 1u);
  const auto& results = batches_[0].results;
  ASSERT_EQ(results.size(), 2u);
  EXPECT_EQ(results[0].index, Index(2));
  EXPECT_EQ(results[0].result.value, "did a");
  EXPECT_EQ(results[1].index, Index(3));
  EXPECT_TRUE(results[1].result.status);
  EXPECT_EQ(batches_[0].entries, 3u);
}

TEST_F(ApplyPumpTest, ResultsThatNobodyWantsAreNotCarriedBack) {
  add("a");
  add("b");
  start();
  pump_->want_results_up_to(Index(1));
  commit(1);
  run();
  commit(2);
  run();
  ASSERT_EQ(batches_.size(), 2u);
  EXPECT_EQ(batches_[0].results.size(), 1u);
  EXPECT_TRUE(batches_[1].results.empty());
  EXPECT_EQ(engine_->texts(), (std::vector<std::string>{"a", "b"}));
}

class ApplyPumpFailure : public ApplyPumpTest, public ::testing::WithParamInterface<const char*> {};

TEST_P(ApplyPumpFailure, StopsAndSkipsNothing) {
  add("a");
  add(GetParam());
  add("c");
  start();
  commit(1);
  run();
  commit(2);
  run();
  commit(3);
  run();
  ASSERT_EQ(failures_.size(), 1u);
  EXPECT_EQ(failures_[0], Errc::kStateMachineFailed);
  EXPECT_EQ(pump_->applied(), Index(1));
  for (const std::string& text : engine_->texts()) EXPECT_NE(text, "c");
}

INSTANTIATE_TEST_SUITE_P(Engines, ApplyPumpFailure,
                         ::testing::Values("fail", "throw", "no seal", "two seals", "few results"));

TEST_F(ApplyPumpTest, AReadThatFailsStopsIt) {
  log_ = consensus::Log(WALState{}, 0);
  add("a");
  log_.trim_tail(Index{});
  start();
  wal_->close([] {});
  run();
  // A fresh driver on a log that was never written.
  wal_ = std::make_shared<WALDriver>(
      MemoryWALManager::create(NodeId("n1"), GroupId(), *runtime_, disk_), disk_, strand_);
  wal_->open([](const Result<WALState>&) {});
  run();
  start();
  commit(1);
  run();
  ASSERT_EQ(failures_.size(), 1u);
  EXPECT_EQ(failures_[0], Errc::kOutOfRange);
  EXPECT_EQ(pump_->applied(), Index());
}

TEST_F(ApplyPumpTest, StopWaitsForTheBatchAndLetsTheEngineGo) {
  add("a");
  add("b");
  start();
  commit(1);
  bool stopped = false;
  pump_->stop([&] { stopped = true; });
  EXPECT_FALSE(stopped);
  const std::weak_ptr<RecordingEngine> engine = engine_;
  engine_.reset();
  run();
  EXPECT_TRUE(stopped);
  EXPECT_TRUE(engine.expired());
  EXPECT_TRUE(batches_.empty()) << "a handler ran after stop";
}

}  // namespace
}  // namespace lockstep::replication
