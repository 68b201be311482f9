#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lockstep/runtime.hpp"
#include "lockstep/wal_source.hpp"
#include "rocksdb_store.hpp"

namespace rocksdb_wal {

struct RocksDBWALOptions {
  /// Made when it is not there. One log, one folder, one process at a time.
  std::string folder{};
  NodeId node{};
  GroupId group{};
  /// When given, a log of another cluster or epoch is refused.
  std::optional<ClusterId> cluster{};
  std::optional<Epoch> epoch{};
  /// The file system that RocksDB uses; must outlive the log.
  rocksdb::Env* env = rocksdb::Env::Default();
};

/// A log that a RocksDB database holds. Calls are queued; one task takes over all that wait, and
/// makes of their changes one batch, with one sync.
class RocksDBWAL final : public IWALSource {
 public:
  /// `runtime` must outlive the log.
  RocksDBWAL(RocksDBWALOptions options, Runtime& runtime, std::shared_ptr<IExecutor> executor);
  ~RocksDBWAL() override;

  void on_event(EventHandler handler) override { on_event_ = std::move(handler); }
  void open(OpenHandler done) override;
  void write(WALWrite write, DoneHandler done) override;
  void release_prefix(Boundary boundary, DoneHandler done) override;
  void repair(IndexRange range, std::vector<Entry> entries, DoneHandler done) override;
  void read(IndexRange range, std::size_t byte_budget, ReadHandler done) override;
  void close(DoneHandler done) override;

 private:
  enum class Phase { kNew, kOpen, kClosing, kClosed };
  /// The log as it will be, and what makes it so.
  struct Draft {
    WALStateTracker tracker;
    RocksDBStore::Batch batch;
    bool has_room = true;
  };
  /// Puts the changes of a call into the draft, or says what is wrong with it.
  using Change = std::function<Result<>(Draft&)>;
  struct Mutation {
    Change change;
    DoneHandler done;
  };
  struct Read {
    IndexRange range;
    std::size_t byte_budget = 0;
    ReadHandler done;
  };

  [[nodiscard]] Error refusal() const;
  [[nodiscard]] Result<WALState> open_now();
  [[nodiscard]] Result<> check_identity() const;
  void submit(Change change, DoneHandler done);
  void run_soon();
  void run_queue();
  [[nodiscard]] std::vector<Error> commit(const std::vector<Mutation>& mutations);
  /// The outcome of each, while none has failed for good.
  [[nodiscard]] std::vector<Error> try_commit(const std::vector<Mutation>& mutations,
                                              bool has_room);
  [[nodiscard]] Result<std::vector<Entry>> read_now(IndexRange range, std::size_t byte_budget);
  void report_damage(IndexRange within);
  void fail(const Error& error);
  /// As a task of its own, which does not need this log any more.
  template <class Handler, class Outcome>
  void answer(Handler done, Outcome outcome) {
    executor_->post([done = std::move(done), outcome = std::move(outcome)]() mutable {
      done(std::move(outcome));
    });
  }

  const RocksDBWALOptions options_;
  Runtime& runtime_;
  const std::shared_ptr<IExecutor> executor_;
  EventHandler on_event_;
  Phase phase_ = Phase::kNew;
  Error failure_;  // final, once there is one
  std::unique_ptr<IFileSystem::Lock> lock_;
  std::unique_ptr<RocksDBStore> store_;
  std::optional<WALStateTracker> tracker_;

  std::vector<Mutation> mutations_;
  std::vector<Read> reads_;
  DoneHandler closing_;
  bool run_posted_ = false;
  /// Gone with this log: tasks that need it look here first.
  const std::shared_ptr<void> alive_ = std::make_shared<char>();
};

}  // namespace rocksdb_wal
