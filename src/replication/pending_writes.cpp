#include "replication/pending_writes.hpp"

#include <algorithm>
#include <utility>

#include "replication/deadline.hpp"

namespace lockstep::replication {
namespace {

bool wants_result(const WriteOptions& options) { return options.wait == WaitFor::kApplied; }

}  // namespace

void PendingWrites::added(EntryId id, std::shared_ptr<ProposedWrite> write) {
  Write pending;
  pending.id = id;
  if (write) {
    ++waiting_;
    pending.bytes = write->size_bytes();
    pending.async = write->options.mode.value_or(default_mode_) == ReplicationMode::kAsync;
    if (pending.async) ++waiting_async_;
    if (wants_result(write->options))
      results_wanted_up_to_ = std::max(results_wanted_up_to_, id.index);
    if (write->options.copies > 0) {
      pending.copies = Copies::kAwaited;
      ++waiting_for_copies_;
    }
    pending.deadline =
        deadline_after(write->called_at, write->options.timeout.value_or(default_timeout_));
    pending.write = std::move(write);
  }
  // What another leader appended meanwhile, while a committed write here still waited to be
  // applied.
  while (!writes_.empty() && writes_.back().id.index.next() < id.index) {
    Write foreign;
    foreign.id.index = writes_.back().id.index.next();
    writes_.push_back(std::move(foreign));
  }
  writes_.push_back(std::move(pending));
}

PendingWrites::Write* PendingWrites::find(Index index) {
  if (writes_.empty() || index < writes_.front().id.index || index > writes_.back().id.index) {
    return nullptr;
  }
  return &writes_[static_cast<std::size_t>(index.value() - writes_.front().id.index.value())];
}

/// The first index after `index` that can have a place here.
Index PendingWrites::first_after(Index index) const {
  return writes_.empty() ? index.next() : std::max(index.next(), writes_.front().id.index);
}

bool PendingWrites::is_committed(const Write& write) const {
  return write.id.index <= commit_index_;
}

void PendingWrites::locally_durable(Index up_to) {
  for (Index i = first_after(durable_index_); waiting_async_ > 0 && i <= up_to; i = i.next()) {
    Write* write = find(i);
    if (write == nullptr) break;
    if (write->write && write->async) complete(*write, WriteLocallyDurable{write->id});
  }
  durable_index_ = std::max(durable_index_, up_to);
  drop_finished();
}

void PendingWrites::committed(Index up_to) {
  const Index from = first_after(commit_index_);
  commit_index_ = std::max(commit_index_, up_to);
  completions_.reserve(waiting_);
  for (Index i = from; i <= up_to; i = i.next()) {
    Write* write = find(i);
    if (write == nullptr) break;
    try_complete(*write);
    release_if_done(*write);
  }
  drop_finished();
}

void PendingWrites::applied(std::vector<Applied> results) {
  for (Applied& applied : results) {
    Write* write = find(applied.index);
    if (write == nullptr) continue;
    write->applied = std::move(applied);
    try_complete(*write);
  }
  drop_finished();
}

void PendingWrites::copies_changed(const std::function<std::size_t(Index)>& copies_of) {
  if (waiting_for_copies_ == 0) return;
  for (std::size_t i = 0; i < writes_.size(); ++i) {
    Write& write = writes_[i];
    if (!write.write || write.copies != Copies::kAwaited) continue;
    if (copies_of(write.id.index) >= write.write->options.copies) {
      write.copies = Copies::kMet;
      --waiting_for_copies_;
      try_complete(write);
    }
  }
  drop_finished();
}

void PendingWrites::expire(MonotonicTime now) {
  if (waiting_ == 0) return;
  for (std::size_t i = 0; i < writes_.size(); ++i) {
    Write& write = writes_[i];
    if (!write.write || now < write.deadline) continue;
    complete_in_doubt(write,
                      Error(Errc::kTimedOut, is_committed(write) ? "committed, not applied in time"
                                                                 : "not committed in time"));
  }
  drop_finished();
}

void PendingWrites::give_up(const Error& reason, bool all) {
  for (std::size_t i = 0; i < writes_.size(); ++i) {
    Write& write = writes_[i];
    if (!write.write) {
      released_bytes_ += std::exchange(write.bytes, 0);
      continue;
    }
    const bool will_be_applied =
        !all && is_committed(write) && !write.async && wants_result(write.write->options);
    if (will_be_applied && !write.applied) {
      if (write.copies == Copies::kAwaited) --waiting_for_copies_;
      if (write.copies == Copies::kAwaited) write.copies = Copies::kUnmet;
    } else {
      complete_in_doubt(write, reason);
      released_bytes_ += std::exchange(write.bytes, 0);
    }
  }
  // What follows the commit index may be replaced, and the next leadership starts with other
  // entries.
  while (!writes_.empty() && (all || !is_committed(writes_.back()))) writes_.pop_back();
  durable_index_ = std::min(durable_index_, commit_index_);
  drop_finished();
}

void PendingWrites::give_up_unapplied_after(Index index, const Error& reason) {
  for (std::size_t i = 0; i < writes_.size(); ++i) {
    Write& write = writes_[i];
    if (write.id.index > index && write.write) complete_in_doubt(write, reason);
  }
  drop_finished();
}

void PendingWrites::try_complete(Write& write) {
  if (!write.write || write.async || !is_committed(write)) return;
  if (write.copies == Copies::kAwaited) return;
  if (wants_result(write.write->options) && !write.applied) return;
  complete_committed(write);
}

void PendingWrites::complete_committed(Write& write) {
  if (write.applied && write.applied->refused) {
    return complete(write, WriteRejected{std::move(write.applied->refused)});
  }
  WriteCommitted outcome{write.id, std::nullopt, write.copies == Copies::kMet};
  if (wants_result(write.write->options)) outcome.result = std::move(write.applied->result);
  complete(write, std::move(outcome));
}

/// The wait is over, for whatever reason: says as much as is known.
void PendingWrites::complete_in_doubt(Write& write, const Error& reason) {
  const bool has_all_but_copies =
      is_committed(write) && (write.async || write.applied || !wants_result(write.write->options));
  if (has_all_but_copies) {
    complete_committed(write);
  } else {
    complete(write, WriteUnknown{write.id, reason});
  }
}

void PendingWrites::complete(Write& write, WriteOutcome outcome) {
  completions_.push_back(
      {std::move(write.write->done), std::move(outcome), write.write->called_at});
  if (write.copies == Copies::kAwaited) --waiting_for_copies_;
  if (write.async) --waiting_async_;
  write.copies = Copies::kMet;
  write.write.reset();
  --waiting_;
  release_if_done(write);
}

/// A write holds its part of the budget until it is committed and its caller has been answered.
void PendingWrites::release_if_done(Write& write) {
  if (is_committed(write) && !write.write) released_bytes_ += std::exchange(write.bytes, 0);
}

/// A place is kept until its entry is committed and nobody waits for it.
void PendingWrites::drop_finished() {
  while (!writes_.empty() && is_committed(writes_.front()) && !writes_.front().write) {
    writes_.pop_front();
  }
}

std::vector<PendingWrites::Completion> PendingWrites::take_completions() {
  return std::exchange(completions_, {});
}

std::size_t PendingWrites::take_released_bytes() { return std::exchange(released_bytes_, 0); }

}  // namespace lockstep::replication
