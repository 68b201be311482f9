#pragma once

#include <atomic>
#include <memory>
#include <utility>

#include "lockstep/executor.hpp"
#include "lockstep/wal_source.hpp"
#include "replication/waiting.hpp"

namespace lockstep::test {

/// Faults on demand, shared by test and WAL.
struct WALFaults {
  /// A disk that hangs: every write stands before it.
  Gate gate;
  /// Opening takes as long as this is closed.
  Gate open_gate;
  /// From this write on, counted from 1 in each life, all fail; 0: none.
  std::atomic<int> fail_from{0};
  std::atomic<int> writes{0};
  std::atomic<int> reads{0};
  std::atomic<int> closes{0};
  /// Durable intents to install a snapshot, already told.
  std::atomic<int> intents{0};
  /// Reading this entry fails until it is repaired, if `repairs`; 0: none.
  std::atomic<std::uint64_t> unreadable{0};
  std::atomic<bool> repairs{false};
  std::atomic<int> alive{0};
};

/// A log that does what another one does, with faults.
class FaultyWAL final : public IWALSource {
 public:
  FaultyWAL(std::unique_ptr<IWALSource> wal, std::shared_ptr<IExecutor> executor,
            std::shared_ptr<WALFaults> faults)
      : wal_(std::move(wal)), executor_(std::move(executor)), faults_(std::move(faults)) {
    faults_->writes = 0;
    ++faults_->alive;
  }
  ~FaultyWAL() override { --faults_->alive; }

  void on_event(EventHandler handler) override { wal_->on_event(std::move(handler)); }
  void open(OpenHandler done) override {
    faults_->open_gate.pass();
    wal_->open(std::move(done));
  }
  void write(WALWrite write, DoneHandler done) override {
    faults_->gate.pass();
    const int number = ++faults_->writes;
    const int fail_from = faults_->fail_from;
    if (fail_from > 0 && number >= fail_from) {
      executor_->post([done = std::move(done)] { done(Error(Errc::kSyncFailed, "bad disk")); });
      return;
    }
    const bool intends = write.install_intent && !write.install_intent->snapshot_id.empty();
    wal_->write(std::move(write),
                [done = std::move(done), intends, faults = faults_](const Error& error) {
                  done(error);
                  if (intends && !error) ++faults->intents;
                });
  }
  void release_prefix(Boundary boundary, DoneHandler done) override {
    wal_->release_prefix(std::move(boundary), std::move(done));
  }
  void repair(IndexRange range, std::vector<Entry> entries, DoneHandler done) override {
    if (!faults_->repairs) return wal_->repair(range, std::move(entries), std::move(done));
    if (range.contains(Index(faults_->unreadable)) && entries.size() == range.size()) {
      faults_->unreadable = 0;
    }
    executor_->post([done = std::move(done)] { done({}); });
  }
  void read(IndexRange range, std::size_t byte_budget, ReadHandler done) override {
    ++faults_->reads;
    const Index unreadable(faults_->unreadable);
    if (range.first == unreadable) {
      executor_->post([done = std::move(done)] { done(Error(Errc::kCorruption, "rotten")); });
      return;
    }
    if (range.contains(unreadable)) range.last = unreadable.previous();
    wal_->read(range, byte_budget, std::move(done));
  }
  void close(DoneHandler done) override {
    ++faults_->closes;
    wal_->close(std::move(done));
  }

 private:
  const std::unique_ptr<IWALSource> wal_;
  const std::shared_ptr<IExecutor> executor_;
  const std::shared_ptr<WALFaults> faults_;
};

}  // namespace lockstep::test
