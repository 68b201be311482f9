#include "tools/lockstep_wal/log_session.hpp"

#include <optional>
#include <ostream>
#include <utility>

#include "tools/lockstep_wal/lock_holder.hpp"

namespace lockstep::tools {
namespace {

/// Makes a call and waits for its answer.
template <class Answer, class Call>
Answer wait(CallerExecutor& executor, const Call& call) {
  std::optional<Answer> answer;
  call([&answer](Answer given) { answer.emplace(std::move(given)); });
  executor.run_until([&answer] { return answer.has_value(); });
  return std::move(*answer);
}

FileWALOptions options_for(const LogView& view, std::ostream& err) {
  FileWALOptions options;
  options.folder = view.folder;
  options.node = view.header.node;
  options.group = view.header.group;
  options.zero_fill_bytes = 0;
  options.cache_bytes = 0;
  options.mark_end_after = std::chrono::milliseconds(0);
  options.scrub_bytes_per_second = 0;
  options.low_space_bytes = 0;
  options.ballast_bytes = 0;  // the node's stays as it is
  options.log = [&err](LogLevel level, std::string_view line) {
    if (level >= LogLevel::kWarning) err << "lockstep-wal: " << line << '\n';
  };
  return options;
}

}  // namespace

void CallerExecutor::post(std::function<void()> task) {
  const std::lock_guard lock(mutex_);
  tasks_.push_back(std::move(task));
  posted_.notify_one();
}

void CallerExecutor::run_until(const std::function<bool()>& ready) {
  std::unique_lock lock(mutex_);
  while (!ready()) {
    posted_.wait(lock, [this] { return !tasks_.empty(); });
    const std::function<void()> task = std::move(tasks_.front());
    tasks_.pop_front();
    lock.unlock();
    task();
    lock.lock();
  }
}

Result<LogSession> LogSession::open(const Surroundings& around, const LogView& view) {
  LogSession session;
  Result<std::unique_ptr<FileWALManager>> wal =
      FileWALManager::create(options_for(view, around.err), around.runtime, session.executor_);
  if (!wal) return wal.error();
  session.wal_ = std::move(*wal);
  session.wal_->on_event([damage = session.damage_](const WALEvent& event) {
    if (const auto* damaged = std::get_if<WALDamaged>(&event)) damage->add(damaged->range);
  });
  auto state = wait<Result<WALState>>(*session.executor_, [&](IWALSource::OpenHandler done) {
    session.wal_->open(std::move(done));
  });
  if (!state) {
    Error error = state.error();
    if (error == Errc::kLocked) {
      const auto holder = lock_holder(view.folder + "/lock");
      error.message = "the log in " + view.folder + " is open in " +
                      (holder ? "process " + std::to_string(*holder) : "another process") +
                      "; stop that node first";
    }
    return error;
  }
  for (const IndexRange& range : state->damaged) session.damage_->add(range);
  return session;
}

Error LogSession::write(WALWrite write) {
  return wait<Error>(*executor_, [&](IWALSource::DoneHandler done) {
    wal_->write(std::move(write), std::move(done));
  });
}

Error LogSession::repair(IndexRange range, std::vector<Entry> entries) {
  return wait<Error>(*executor_, [&](IWALSource::DoneHandler done) {
    wal_->repair(range, std::move(entries), std::move(done));
  });
}

IndexSet LogSession::note_damage(const IndexSet& suspects) {
  const auto read = [this](Index index) {
    using Answer = Result<std::vector<Entry>>;
    static_cast<void>(wait<Answer>(*executor_, [&](IWALSource::ReadHandler done) {
      wal_->read({index, index}, 1, std::move(done));
    }));
  };
  for (const IndexRange& range : suspects.ranges()) {
    for (Index index = range.first; range.contains(index); index = index.next()) read(index);
  }
  // What the log tells unasked has come before the answer to one more call.
  if (!suspects.empty()) read(suspects.ranges().front().first);
  return *damage_;
}

Error LogSession::close() {
  return wait<Error>(*executor_,
                     [&](IWALSource::DoneHandler done) { wal_->close(std::move(done)); });
}

}  // namespace lockstep::tools
