#include "replication/wal_driver.hpp"

#include <utility>

namespace lockstep::replication {

WALDriver::WALDriver(std::shared_ptr<IWALSource> wal, std::shared_ptr<IExecutor> executor,
                     std::shared_ptr<IExecutor> strand)
    : wal_(std::move(wal)), executor_(std::move(executor)), strand_(std::move(strand)) {}

void WALDriver::open(OpenHandler done) {
  executor_->post([wal = wal_, strand = strand_, done = std::move(done)]() mutable {
    wal->open([strand, done = std::move(done)](Result<WALState> state) mutable {
      strand->post([done = std::move(done), state = std::move(state)] { done(state); });
    });
  });
}

void WALDriver::write(consensus::WriteNumber number, WALWrite write) {
  auto shared = std::make_shared<WALWrite>(std::move(write));
  executor_->post([self = shared_from_this(), wal = wal_, number, shared] {
    wal->write(std::move(*shared), [self, number](Error error) { self->completed(number, error); });
  });
}

void WALDriver::read(IndexRange range, std::size_t byte_budget, ReadHandler done) {
  executor_->post([wal = wal_, strand = strand_, range, byte_budget, done = std::move(done)] {
    wal->read(range, byte_budget, [strand, done](Result<std::vector<Entry>> entries) {
      strand->post([done, entries = std::move(entries)] { done(entries); });
    });
  });
}

void WALDriver::close(std::function<void()> done) {
  closed_ = true;
  on_durable_ = {};
  on_failure_ = {};
  executor_->post([wal = std::exchange(wal_, {}), strand = strand_, done = std::move(done)] {
    wal->close([strand, done](Error) { strand->post(done); });
  });
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
  if (closed_) return;
  if (on_durable_) on_durable_(news.durable);
  if (news.failure && on_failure_) on_failure_(news.failure);
}

}  // namespace lockstep::replication
