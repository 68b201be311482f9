#include "replication/pending_writes.hpp"

#include <algorithm>
#include <utility>

namespace lockstep::replication {

void PendingWrites::added(EntryId id, std::shared_ptr<ProposedWrite> write) {
  Write pending;
  pending.id = id;
  if (write) {
    ++waiting_;
    pending.bytes = write->size_bytes();
    pending.async = write->options.mode.value_or(defaults_.mode) == ReplicationMode::kAsync;
    if (write->options.copies > 0) {
      pending.copies_met = false;
      ++waiting_for_copies_;
    }
    const auto timeout = write->options.timeout.value_or(defaults_.write_timeout);
    if (timeout.count() > 0) pending.deadline = write->called_at + timeout;
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

void PendingWrites::locally_durable(Index up_to) {
  for (Index i = first_after(durable_index_); i <= up_to; i = i.next()) {
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
  for (Index i = from; i <= up_to; i = i.next()) {
    Write* write = find(i);
    if (write == nullptr) break;
    released_bytes_ += std::exchange(write->bytes, 0);
    try_complete(*write);
  }
  drop_finished();
}

void PendingWrites::applied(std::vector<Applied> results) {
  for (Applied& applied : results) {
    Write* write = find(applied.index);
    if (write == nullptr) continue;
    write->is_applied = true;
    write->result = std::move(applied.result);
    try_complete(*write);
  }
  drop_finished();
}

void PendingWrites::copies_changed(const std::function<std::size_t(Index)>& copies_of) {
  if (waiting_for_copies_ == 0) return;
  for (Write& write : writes_) {
    if (!write.write || write.copies_met) continue;
    if (copies_of(write.id.index) >= write.write->options.copies) {
      write.copies_met = true;
      --waiting_for_copies_;
      try_complete(write);
    }
  }
  drop_finished();
}

void PendingWrites::expire(MonotonicTime now) {
  if (waiting_ == 0) return;
  for (Write& write : writes_) {
    if (!write.write || now < write.deadline) continue;
    const bool is_committed = write.id.index <= commit_index_;
    if (is_committed && write.write->options.wait == WaitFor::kCommitted) {
      complete(write, WriteCommitted{write.id, std::nullopt, write.copies_met});
    } else {
      complete(write, WriteUnknown{write.id, Error(Errc::kTimedOut,
                                                   is_committed ? "committed, not applied in time"
                                                                : "not committed in time")});
    }
  }
  drop_finished();
}

void PendingWrites::give_up(const Error& reason, bool all) {
  for (Write& write : writes_) {
    const bool is_committed = write.id.index <= commit_index_;
    if (is_committed && !all) continue;
    released_bytes_ += std::exchange(write.bytes, 0);
    if (!write.write) continue;
    if (is_committed && write.write->options.wait == WaitFor::kCommitted) {
      complete(write, WriteCommitted{write.id, std::nullopt, write.copies_met});
    } else {
      complete(write, WriteUnknown{write.id, reason});
    }
  }
  // What follows the commit index may be replaced, and the next leadership starts with other
  // entries.
  while (!writes_.empty() && (all || writes_.back().id.index > commit_index_)) writes_.pop_back();
  durable_index_ = std::min(durable_index_, commit_index_);
  drop_finished();
}

void PendingWrites::try_complete(Write& write) {
  if (!write.write || write.async || write.id.index > commit_index_ || !write.copies_met) return;
  const bool wants_result = write.write->options.wait == WaitFor::kApplied;
  if (wants_result && !write.is_applied) return;
  WriteCommitted outcome{write.id, std::nullopt, true};
  if (wants_result) outcome.result = std::move(write.result);
  complete(write, std::move(outcome));
}

void PendingWrites::complete(Write& write, WriteOutcome outcome) {
  completions_.push_back(
      {std::move(write.write->done), std::move(outcome), write.write->called_at});
  if (!write.copies_met) --waiting_for_copies_;
  write.write.reset();
  --waiting_;
}

/// A place is kept until its entry is committed and nobody waits for it.
void PendingWrites::drop_finished() {
  while (!writes_.empty() && writes_.front().id.index <= commit_index_ && !writes_.front().write) {
    writes_.pop_front();
  }
}

std::vector<PendingWrites::Completion> PendingWrites::take_completions() {
  return std::exchange(completions_, {});
}

std::size_t PendingWrites::take_released_bytes() { return std::exchange(released_bytes_, 0); }

}  // namespace lockstep::replication
