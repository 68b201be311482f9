#include "replication/wal_driver.hpp"

#include <utility>

namespace lockstep::replication {
namespace {

/// A log of the host's may be wrong, and what is read is applied and sent.
bool are_from(const IndexRange& range, const std::vector<Entry>& entries) {
  Index expected = range.first;
  for (const Entry& entry : entries) {
    if (entry.header.index != expected) return false;
    expected = expected.next();
  }
  return !entries.empty() && entries.back().header.index <= range.last;
}

}  // namespace

WALDriver::WALDriver(std::shared_ptr<IWALSource> wal, std::shared_ptr<IExecutor> executor,
                     std::shared_ptr<IExecutor> strand)
    : wal_(std::move(wal)), executor_(std::move(executor)), strand_(std::move(strand)) {}

void WALDriver::open(OpenHandler done) {
  phase_ = Phase::kOpening;
  executor_->post([self = shared_from_this(), wal = wal_, done = std::move(done)] {
    wal->open([self, done](Result<WALState> state) {
      self->strand_->post(
          [self, done, state = std::move(state)] { self->opened(done, std::move(state)); });
    });
  });
}

void WALDriver::opened(const OpenHandler& done, Result<WALState> state) {
  phase_ = state ? Phase::kOpen : Phase::kNew;
  done(std::move(state));
  if (close_done_) close(std::exchange(close_done_, {}));
}

void WALDriver::write(consensus::WriteNumber number, WALWrite write) {
  auto shared = std::make_shared<WALWrite>(std::move(write));
  executor_->post([self = shared_from_this(), wal = wal_, number, shared] {
    wal->write(std::move(*shared), [self, number](Error error) { self->completed(number, error); });
  });
}

void WALDriver::read(IndexRange range, std::size_t byte_budget, ReadHandler done) {
  executor_->post([wal = wal_, strand = strand_, range, byte_budget, done = std::move(done)] {
    wal->read(range, byte_budget, [strand, range, done](Result<std::vector<Entry>> entries) {
      if (entries && !are_from(range, *entries)) {
        entries =
            Error(Errc::kCorruption, "the log was asked for entries from " +
                                         to_string(range.first) + " on and answered with others");
      }
      strand->post([done, entries = std::move(entries)] { done(entries); });
    });
  });
}

void WALDriver::close(std::function<void()> done) {
  on_durable_ = {};
  on_failure_ = {};
  if (phase_ == Phase::kOpening) {
    close_done_ = std::move(done);
    return;
  }
  const bool was_open = std::exchange(phase_, Phase::kClosed) == Phase::kOpen;
  executor_->post([self = shared_from_this(), was_open, done = std::move(done)] {
    if (!was_open) return self->let_go(done);
    // Alive until its last callback has returned.
    self->wal_->close([self, done](const Error&) {
      self->executor_->post([self, done] { self->let_go(done); });
    });
  });
}

/// On the WAL executor, where the WAL wants to end.
void WALDriver::let_go(const std::function<void()>& done) {
  wal_.reset();
  strand_->post(done);
}

/// On the WAL executor.
void WALDriver::completed(consensus::WriteNumber number, const Error& error) {
  {
    const std::lock_guard lock(news_mutex_);
    if (news_.failure) return;
    if (error) {
      news_.failure = error;
    } else {
      news_.durable = number;
    }
    if (std::exchange(news_.delivery_posted, true)) return;
  }
  strand_->post([self = shared_from_this()] { self->deliver(); });
}

void WALDriver::deliver() {
  News news;
  {
    const std::lock_guard lock(news_mutex_);
    news = news_;
    news_.delivery_posted = false;
  }
  if (on_durable_) on_durable_(news.durable);
  if (news.failure && on_failure_) on_failure_(news.failure);
}

}  // namespace lockstep::replication
