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

/// One slice of appends: keeps so many in flight until all are done.
class Slice {
 public:
  Slice(IWALSource& wal, IExecutor& executor, IExecutor& client, std::vector<WALWrite> writes)
      : wal_(wal), executor_(executor), client_(client), writes_(std::move(writes)) {
    called_.resize(writes_.size());
    result_.latencies.reserve(writes_.size());
  }

  Appended run(std::size_t in_flight, Caller caller) {
    const bool here = caller == Caller::kOnExecutor;
    const auto started = Clock::now();
    (here ? executor_ : client_).post([this, in_flight, here] {
      for (std::size_t i = 0; i < in_flight && next_ < writes_.size(); ++i) {
        here ? submit_here() : submit_across();
      }
    });
    done_.get_future().wait();
    result_.seconds = seconds_between(started, Clock::now());
    expect_success(error_);
    return std::move(result_);
  }

 private:
  void submit_here() {
    const std::size_t place = next_++;
    called_[place] = Clock::now();
    wal_.write(std::move(writes_[place]), [this, place](const Error& error) {
      if (next_ < writes_.size()) submit_here();
      note(place, error);
    });
  }
  void submit_across() {
    const std::size_t place = next_++;
    called_[place] = Clock::now();
    executor_.post([this, place] {
      wal_.write(std::move(writes_[place]), [this, place](const Error& error) {
        client_.post([this, place, error] {
          if (next_ < writes_.size()) submit_across();
          note(place, error);
        });
      });
    });
  }
  void note(std::size_t place, const Error& error) {
    if (error && !error_) error_ = error;
    result_.latencies.push_back(seconds_between(called_[place], Clock::now()));
    if (result_.latencies.size() == writes_.size()) done_.set_value();
  }

  IWALSource& wal_;
  IExecutor& executor_;
  IExecutor& client_;
  std::vector<WALWrite> writes_;
  // Of the thread that submits.
  std::size_t next_ = 0;
  std::vector<Clock::time_point> called_;
  Appended result_;
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

Appended BenchmarkLog::append(std::vector<WALWrite> writes, std::size_t in_flight, Caller caller) {
  last_ = writes.back().entries.back().header.index;
  Slice slice(*wal_, *executor_, *client_, std::move(writes));
  return slice.run(in_flight, caller);
}

void BenchmarkLog::close() {
  std::promise<Error> closed;
  executor_->post([&] { wal_->close([&closed](const Error& error) { closed.set_value(error); }); });
  expect_success(closed.get_future().get());
}

}  // namespace lockstep::benchmark
