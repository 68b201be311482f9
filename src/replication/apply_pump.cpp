#include "replication/apply_pump.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include "replication/applied_seal.hpp"

namespace lockstep::replication {
namespace {

Error engine_error(const Error& error) {
  return Error(Errc::kStateMachineFailed, "the engine failed to apply: " + error.message);
}

/// On the apply worker. The engine must not throw; if it does, it has failed.
Result<ApplyPump::Batch> apply_to(IStateMachine& engine, const std::vector<Entry>& entries) {
  std::vector<CommittedCommand> commands;
  commands.reserve(entries.size());
  for (const Entry& entry : entries) {
    if (entry.header.kind == EntryKind::kCommand) commands.push_back({entry.id(), entry.payload()});
  }
  ApplyPump::Batch batch;
  batch.last = entries.back().header.index;
  batch.entries = entries.size();

  std::size_t seals = 0;
  bool complete = false;
  const Seal seal = [&](std::vector<CommandResult> results) {
    ++seals;
    complete = results.size() == commands.size();
    for (std::size_t i = 0; complete && i < results.size(); ++i) {
      batch.results.push_back({commands[i].id.index, std::move(results[i])});
    }
    return std::vector<SealedPair>{seal_of(entries.back().id())};
  };
  try {
    const Result<Index> durable = engine.apply(commands, seal);
    if (!durable) return engine_error(durable.error());
    if (*durable > batch.last) {
      return engine_error(
          Error(Errc::kStateMachineFailed, "it reports index " + to_string(*durable) +
                                               " as durable, beyond the batch, which ends at " +
                                               to_string(batch.last)));
    }
    batch.durable_applied = *durable;
  } catch (const std::exception& exception) {
    return engine_error(Error(Errc::kStateMachineFailed, exception.what()));
  } catch (...) {
    return engine_error(Error(Errc::kStateMachineFailed, "an unknown exception"));
  }
  if (seals != 1 || !complete) {
    return engine_error(Error(Errc::kStateMachineFailed,
                              "apply must call seal once, with one result for each of its " +
                                  std::to_string(commands.size()) + " commands"));
  }
  return batch;
}

}  // namespace

ApplyPump::ApplyPump(std::shared_ptr<IStateMachine> engine, std::shared_ptr<IExecutor> worker,
                     std::shared_ptr<IExecutor> strand, std::shared_ptr<WALDriver> wal,
                     std::size_t max_batch_bytes)
    : engine_(std::move(engine)),
      worker_(std::move(worker)),
      strand_(std::move(strand)),
      wal_(std::move(wal)),
      max_batch_bytes_(max_batch_bytes) {}

void ApplyPump::recover(std::function<void(Result<RecoveredEngine>)> done) {
  worker_->post([engine = engine_, strand = strand_, done = std::move(done)] {
    Result<RecoveredEngine> recovered = Error(Errc::kStateMachineFailed);
    try {
      recovered = engine->recover();
    } catch (const std::exception& exception) {
      recovered = Error(Errc::kStateMachineFailed,
                        std::string("the engine failed to recover: ") + exception.what());
    } catch (...) {
      recovered = Error(Errc::kStateMachineFailed, "the engine failed to recover");
    }
    strand->post([done, recovered = std::move(recovered)] { done(recovered); });
  });
}

void ApplyPump::start(Index applied, AppliedHandler on_applied, FailureHandler on_failure) {
  applied_ = applied;
  commit_index_ = applied;
  on_applied_ = std::move(on_applied);
  on_failure_ = std::move(on_failure);
}

void ApplyPump::committed(Index index, const consensus::Log& log) {
  commit_index_ = std::max(commit_index_, index);
  resume(log);
}

void ApplyPump::resume(const consensus::Log& log) {
  if (busy_ || waits_for_repair_ || stopped_ || applied_ >= commit_index_) return;
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
             [self = shared_from_this()](const Result<std::vector<Entry>>& entries) {
               if (self->stopped_) return;
               if (!entries && entries.error() == Errc::kCorruption) {
                 self->busy_ = false;
                 self->waits_for_repair_ = true;
                 return;
               }
               if (!entries) return self->fail(entries.error());
               self->apply(*entries);
             });
}

void ApplyPump::repaired(const consensus::Log& log) {
  waits_for_repair_ = false;
  resume(log);
}

void ApplyPump::apply(std::vector<Entry> entries) {
  worker_->post([self = shared_from_this(), engine = engine_, entries = std::move(entries)] {
    auto batch = apply_to(*engine, entries);
    self->strand_->post([self, batch = std::move(batch)] { self->finished(batch); });
  });
}

void ApplyPump::finished(Result<Batch> batch) {
  if (stopped_) return;
  if (!batch) return fail(batch.error());
  busy_ = false;
  applied_ = batch->last;
  on_applied_(std::move(*batch));
}

/// `busy_` stays set: nothing is applied after a failure, and nothing is skipped.
void ApplyPump::fail(Error error) { on_failure_(std::move(error)); }

void ApplyPump::stop(std::function<void()> done) {
  stopped_ = true;
  on_applied_ = {};
  on_failure_ = {};
  // Behind the batch that the worker may be busy with.
  worker_->post(
      [strand = strand_, engine = std::exchange(engine_, {}), done = std::move(done)]() mutable {
        engine.reset();
        strand->post(done);
      });
}

}  // namespace lockstep::replication
