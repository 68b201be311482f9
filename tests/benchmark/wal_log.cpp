#include "benchmark/wal_log.hpp"

#include <chrono>
#include <future>
#include <stdexcept>
#include <utility>

#include "lockstep/testing/sealed_entry.hpp"

namespace lockstep::benchmark {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_between(Clock::time_point from, Clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

void expect_success(const Error& error) {
  if (error) throw std::runtime_error(error.message);
}

/// One run of appends: keeps so many in flight until all are done.
class Run {
 public:
  Run(IWALSource& wal, IExecutor& executor, IExecutor& client, std::vector<WALWrite> writes)
      : wal_(wal), executor_(executor), client_(client), writes_(std::move(writes)) {
    times_.reserve(writes_.size());
  }

  std::vector<double> finish(std::size_t in_flight, Caller caller) {
    std::future<void> done = done_.get_future();
    started_ = last_ = Clock::now();
    (caller == Caller::kOnExecutor ? executor_ : client_).post([this, in_flight, caller] {
      for (std::size_t i = 0; i < in_flight && next_ < writes_.size(); ++i) {
        if (caller == Caller::kOnExecutor) {
          submit_here();
        } else {
          submit_across();
        }
      }
    });
    done.wait();
    expect_success(error_);
    return std::move(times_);
  }

 private:
  void submit_here() {
    wal_.write(std::move(writes_[next_++]), [this](const Error& error) {
      if (next_ < writes_.size()) submit_here();
      note(error);
    });
  }
  void submit_across() {
    executor_.post([this, place = next_++] {
      wal_.write(std::move(writes_[place]), [this](const Error& error) {
        client_.post([this, error] {
          if (next_ < writes_.size()) submit_across();
          note(error);
        });
      });
    });
  }
  void note(const Error& error) {
    if (error && !error_) error_ = error;
    const auto now = Clock::now();
    times_.push_back(seconds_between(last_, now));
    last_ = now;
    if (times_.size() == writes_.size()) done_.set_value();
  }

  IWALSource& wal_;
  IExecutor& executor_;
  IExecutor& client_;
  std::vector<WALWrite> writes_;
  std::size_t next_ = 0;
  Clock::time_point started_;
  Clock::time_point last_;
  std::vector<double> times_;
  Error error_;
  std::promise<void> done_;
};

}  // namespace

BenchmarkLog::BenchmarkLog(const Options& options) {
  FileWALOptions files;
  files.folder = options.folder;
  files.node = NodeId("bench");
  files.sync = options.sync;
  auto wal = FileWALManager::create(files, *runtime_, executor_);
  if (!wal) throw std::runtime_error(wal.error().message);
  wal_ = std::move(*wal);
  std::promise<Result<WALState>> opened;
  const auto before = Clock::now();
  executor_->post([&] {
    wal_->open([&opened](Result<WALState> state) { opened.set_value(std::move(state)); });
  });
  const Result<WALState> state = opened.get_future().get();
  open_seconds_ = seconds_between(before, Clock::now());
  if (!state) throw std::runtime_error(state.error().message);
  last_ = state->bounds.last;
}

BenchmarkLog::~BenchmarkLog() {
  std::promise<void> gone;
  executor_->post([&] { wal_.reset(), gone.set_value(); });
  gone.get_future().wait();
}

std::vector<WALWrite> BenchmarkLog::make_writes(std::size_t count, std::size_t entries_per_write,
                                                std::size_t payload_bytes) {
  std::vector<WALWrite> writes(count);
  Index index = last_;
  for (WALWrite& write : writes) {
    write.entries.reserve(entries_per_write);
    for (std::size_t i = 0; i < entries_per_write; ++i) {
      index = index.next();
      EntryHeader header;
      header.term = Term(1);
      header.index = index;
      Payload payload(payload_bytes);
      for (std::uint8_t& byte : payload.bytes()) byte = static_cast<std::uint8_t>(index.value());
      write.entries.push_back(testing::seal_entry(header, std::move(payload)));
    }
  }
  return writes;
}

std::vector<double> BenchmarkLog::append(std::vector<WALWrite> writes, std::size_t in_flight,
                                         Caller caller) {
  last_ = writes.back().entries.back().header.index;
  Run run(*wal_, *executor_, *client_, std::move(writes));
  return run.finish(in_flight, caller);
}

void BenchmarkLog::close() {
  std::promise<Error> closed;
  executor_->post([&] { wal_->close([&closed](const Error& error) { closed.set_value(error); }); });
  expect_success(closed.get_future().get());
}

}  // namespace lockstep::benchmark
