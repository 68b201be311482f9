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
    // The log must not keep its own owner alive.
    wal->on_event([weak = self->weak_from_this()](const WALEvent& event) {
      if (const auto alive = weak.lock()) alive->told(event);
    });
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

bool WALDriver::write(consensus::WriteNumber number, WALWrite write) {
  if (no_space_) return false;
  held_.emplace_back(number, std::move(write));
  submit_held();
  return true;
}

void WALDriver::write_at_start(WALWrite write, std::function<void(Error)> done) {
  auto shared = std::make_shared<WALWrite>(std::move(write));
  executor_->post([wal = wal_, strand = strand_, shared, done = std::move(done)] {
    wal->write(std::move(*shared),
               [strand, done](Error error) { strand->post([done, error] { done(error); }); });
  });
}

void WALDriver::submit_held() {
  while (!held_.empty() && cut_ <= durable_told_) {
    auto [number, write] = std::move(held_.front());
    held_.pop_front();
    if (write.truncate_from) cut_ = number;
    submit(number, std::move(write));
  }
}

void WALDriver::submit(consensus::WriteNumber number, WALWrite write) {
  auto shared = std::make_shared<WALWrite>(std::move(write));
  executor_->post([self = shared_from_this(), wal = wal_, number, attempt = attempt_, shared] {
    wal->write(std::move(*shared),
               [self, number, attempt](Error error) { self->completed(number, attempt, error); });
  });
}

void WALDriver::begin_again() {
  no_space_ = false;
  cut_ = {};
  ++attempt_;
}

void WALDriver::repair(IndexRange range, std::vector<Entry> entries,
                       std::function<void(Error)> done) {
  auto shared = std::make_shared<std::vector<Entry>>(std::move(entries));
  executor_->post([wal = wal_, strand = strand_, range, shared, done = std::move(done)] {
    wal->repair(range, std::move(*shared),
                [strand, done](Error error) { strand->post([done, error] { done(error); }); });
  });
}

void WALDriver::release_prefix(Boundary boundary, std::function<void(Error)> done) {
  auto shared = std::make_shared<Boundary>(std::move(boundary));
  executor_->post([wal = wal_, strand = strand_, shared, done = std::move(done)] {
    wal->release_prefix(std::move(*shared), [strand, done](Error error) {
      strand->post([done, error] { done(error); });
    });
  });
}

void WALDriver::on_damage(DamageHandler handler) {
  on_damage_ = std::move(handler);
  for (const IndexRange& range : std::exchange(early_damage_, {})) on_damage_(range);
}

void WALDriver::read(IndexRange range, std::size_t byte_budget, ReadHandler done) {
  executor_->post([self = shared_from_this(), wal = wal_, range, byte_budget,
                   done = std::move(done)] {
    wal->read(range, byte_budget, [self, range, done](Result<std::vector<Entry>> entries) {
      if (entries && !are_from(range, *entries)) {
        entries =
            Error(Errc::kCorruption, "the log was asked for entries from " +
                                         to_string(range.first) + " on and answered with others");
      }
      self->strand_->post([self, range, done, entries = std::move(entries)]() mutable {
        // A log need not tell of it in another way.
        const bool damaged = !entries && entries.error() == Errc::kCorruption;
        if (damaged) self->found_damage({range.first, range.first});
        done(std::move(entries));
      });
    });
  });
}

void WALDriver::close(std::function<void()> done) {
  on_durable_ = {};
  on_failure_ = {};
  on_no_space_ = {};
  on_damage_ = {};
  held_.clear();
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
void WALDriver::completed(consensus::WriteNumber number, std::uint64_t attempt,
                          const Error& error) {
  const bool no_space = error == Errc::kNoSpace;
  {
    const std::lock_guard lock(news_mutex_);
    if (news_.failure) return;
    // Behind a write that found no room nothing counts, whether it found some or built on that one.
    const bool behind = attempt <= news_.refused_attempt;
    if (behind && (!error || no_space || error == Errc::kInvalidArgument)) return;
    if (no_space) news_.refused_attempt = attempt;
    if (!error) news_.durable = number;
  }
  if (error && !no_space) return tell_failure(error);
  post_news();
}

/// On the WAL executor.
void WALDriver::told(const WALEvent& event) {
  if (const auto* failed = std::get_if<WALFailed>(&event)) return tell_failure(failed->error);
  strand_->post([self = shared_from_this(), range = std::get<WALDamaged>(event).range] {
    self->found_damage(range);
  });
}

/// The first one counts; nothing becomes durable after it.
void WALDriver::tell_failure(const Error& error) {
  {
    const std::lock_guard lock(news_mutex_);
    if (news_.failure) return;
    news_.failure = error;
  }
  post_news();
}

void WALDriver::post_news() {
  {
    const std::lock_guard lock(news_mutex_);
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
  if (news.durable > durable_told_) {
    durable_told_ = news.durable;
    submit_held();
    if (on_durable_) on_durable_(news.durable);
  }
  if (news.refused_attempt == attempt_ && !std::exchange(no_space_, true)) {
    held_.clear();
    if (on_no_space_) on_no_space_();
  }
  if (news.failure && !std::exchange(failure_told_, true) && on_failure_) {
    on_failure_(news.failure);
  }
}

void WALDriver::found_damage(IndexRange range) {
  if (phase_ == Phase::kClosed) return;
  on_damage_ ? on_damage_(range) : add(early_damage_, range);
}

}  // namespace lockstep::replication
