#include "replication/apply_pump.hpp"

#include <algorithm>
#include <utility>

namespace lockstep::replication {
ApplyPump::ApplyPump(std::shared_ptr<IStateMachine> engine, std::shared_ptr<IExecutor> worker,
                     std::shared_ptr<IExecutor> strand, std::shared_ptr<WALDriver> wal,
                     std::size_t max_batch_bytes)
    : engine_(std::make_shared<EngineHost>(std::move(engine))),
      worker_(std::move(worker)),
      strand_(std::move(strand)),
      wal_(std::move(wal)),
      max_batch_bytes_(max_batch_bytes) {}

void ApplyPump::recover(std::function<void(Result<RecoveredEngine>)> done) {
  worker_->post([engine = engine_, strand = strand_, done = std::move(done)] {
    Result<RecoveredEngine> recovered = engine->recover();
    strand->post([done, recovered = std::move(recovered)] { done(recovered); });
  });
}

void ApplyPump::set_chain(std::optional<CheckpointChain> chain) {
  worker_->post([engine = engine_, chain = std::move(chain)] { engine->set_chain(chain); });
}

void ApplyPump::start(Index applied, AppliedHandler on_applied, FailureHandler on_failure) {
  applied_ = applied;
  given_to_engine_ = applied.value();
  commit_index_ = applied;
  on_applied_ = std::move(on_applied);
  on_failure_ = std::move(on_failure);
}

void ApplyPump::committed(Index index, const consensus::Log& log) {
  commit_index_ = std::max(commit_index_, index);
  resume(log);
}

void ApplyPump::resume(const consensus::Log& log) {
  const bool waits = busy_ || in_task_ || !tasks_.empty() || waits_for_repair_ || stopped_;
  if (waits || applied_ >= commit_index_) return;
  busy_ = true;
  const Index first = applied_.next();
  if (first >= log.tail_first_index()) {
    const Index last = std::min(commit_index_, log.last_within(first, max_batch_bytes_));
    std::vector<Entry> entries;
    entries.reserve(last.value() - applied_.value());
    for (Index i = first; i <= last; i = i.next()) entries.push_back(log.tail_at(i));
    return apply(std::move(entries));
  }
  wal_->read({first, commit_index_}, max_batch_bytes_,
             [self = shared_from_this()](Result<std::vector<Entry>> entries) {
               if (self->stopped_) return;
               if (!entries && entries.error() == Errc::kCorruption) {
                 self->busy_ = false;
                 self->waits_for_repair_ = true;
                 return self->run_task();
               }
               if (!entries) return self->fail(entries.error());
               self->apply(std::move(*entries));
             });
}

void ApplyPump::repaired(const consensus::Log& log) {
  waits_for_repair_ = false;
  resume(log);
}

void ApplyPump::apply(std::vector<Entry> entries) {
  const bool wants_results = entries.front().header.index <= results_wanted_up_to_;
  given_to_engine_ = entries.back().header.index.value();
  worker_->post(
      [self = shared_from_this(), engine = engine_, entries = std::move(entries), wants_results] {
        auto batch = engine->apply(entries, wants_results);
        self->strand_->post(
            [self, batch = std::move(batch)]() mutable { self->finished(std::move(batch)); });
      });
}

void ApplyPump::finished(Result<AppliedBatch> batch) {
  if (stopped_) return;
  if (!batch) return fail(batch.error());
  busy_ = false;
  applied_ = batch->last;
  on_applied_(std::move(*batch));
  run_task();
}

void ApplyPump::between_batches(std::function<void()> task) {
  if (stopped_) return;
  tasks_.push_back(std::move(task));
  run_task();
}

void ApplyPump::run_task() {
  if (busy_ || in_task_ || tasks_.empty()) return;
  in_task_ = true;
  const std::function<void()> task = std::move(tasks_.front());
  tasks_.pop_front();
  task();
}

void ApplyPump::go_on(const consensus::Log& log) {
  in_task_ = false;
  run_task();
  resume(log);
}

void ApplyPump::begin_snapshot(SnapshotMetadata metadata, ImageHandler done) {
  worker_->post([engine = engine_, strand = strand_, metadata = std::move(metadata),
                 done = std::move(done)]() mutable {
    Result<SnapshotImage> image = engine->begin_snapshot(std::move(metadata));
    strand->post([done, image = std::move(image)] { done(image); });
  });
}

void ApplyPump::install(SnapshotImage image, std::function<void(Result<>)> done) {
  worker_->post([engine = engine_, strand = strand_, image = std::move(image),
                 done = std::move(done)]() mutable {
    const Result<> installed = engine->install(std::exchange(image, {}));
    strand->post([done, installed] { done(installed); });
  });
}

void ApplyPump::reset(Index applied) {
  applied_ = applied;
  given_to_engine_ = applied.value();
  commit_index_ = std::max(commit_index_, applied);
  waits_for_repair_ = false;
}

/// `busy_` stays set: nothing is applied after a failure, and nothing is skipped.
void ApplyPump::fail(Error error) { on_failure_(std::move(error)); }

void ApplyPump::stop(std::function<void()> done) {
  stopped_ = true;
  on_applied_ = {};
  on_failure_ = {};
  tasks_.clear();
  // Behind the batch that the worker may be busy with.
  worker_->post(
      [strand = strand_, engine = std::exchange(engine_, {}), done = std::move(done)]() mutable {
        engine.reset();
        strand->post(done);
      });
}

}  // namespace lockstep::replication
