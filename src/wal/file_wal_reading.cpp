#include <algorithm>
#include <utility>

#include "wal/file_wal.hpp"

namespace lockstep {
namespace {

/// What moves while it is read, by release, repair or truncation, is looked for anew so many times.
constexpr int kMostAttempts = 8;

}  // namespace

void FileWAL::read(IndexRange range, std::size_t byte_budget, IWALSource::ReadHandler done) {
  Read read{range, byte_budget, std::move(done)};
  if (const Error refused = refusal()) {
    answer(std::move(read), refused);
    return;
  }
  // Entries that are on the disk, and that nothing waiting can change, need not wait.
  const bool settled = rewrites_waiting_ == 0 && range.last <= log_.state.last().index;
  if (queue_.empty() || settled) {
    start_read(std::move(read));
  } else {
    enqueue(std::move(read));
  }
}

void FileWAL::start_read(Read read) {
  const LogState& state = log_.state;
  if (const Result<> checked = state.check_read(read.range); !checked) {
    answer(std::move(read), checked.error());
    return;
  }
  const IndexRange there{read.range.first, state.read_end(read.range)};
  if (recent_.holds(there.first)) {
    auto entries = recent_.read(there, read.byte_budget);
    answer(std::move(read), std::move(entries));
    return;
  }
  std::vector<LogMap::Stretch> stretches = log_.map.plan(there, read.byte_budget);
  if (stretches.empty() || ++read.attempts > kMostAttempts) {
    answer(std::move(read),
           Error(Errc::kCorruption, "entry " + to_string(there.first) + " lies in no segment"));
    return;
  }
  cold_reader_used_ = true;
  const std::size_t byte_budget = read.byte_budget;
  read_aside([stretches = std::move(stretches),
              byte_budget](ColdReader& reader) { return reader.read(stretches, byte_budget); },
             [read = std::move(read)](FileWAL& wal, ColdReader::ReadResult result) mutable {
               wal.finish_read(std::move(read), std::move(result));
             });
}

void FileWAL::finish_read(Read read, ColdReader::ReadResult result) {
  if (phase_ == Phase::kClosed) {
    read.done(Error(Errc::kStopped, "the log was closed while it was read"));
    return;
  }
  for (const auto& learned : result.learned) {
    log_.map.learn(learned.segment, learned.wanted, learned.place);
  }
  note_trouble(result.trouble);
  if (!result.entries.empty()) {
    read.done(std::move(result.entries));
  } else if (result.trouble.error) {
    read.done(result.trouble.error);
  } else if (phase_ == Phase::kClosing) {
    // The files are closed behind this read; what it looked for has moved, or is damaged.
    const Result<> checked = log_.state.check_read(read.range);
    read.done(checked ? Error(Errc::kStopped, "the log is closed") : checked.error());
  } else {
    start_read(std::move(read));
  }
}

void FileWAL::answer(Read read, Result<std::vector<Entry>> result) {
  executor_->post([done = std::move(read.done), result = std::move(result)]() mutable {
    done(std::move(result));
  });
}

void FileWAL::note_trouble(const ColdReader::Trouble& trouble) {
  for (const DamagedPlace& damage : trouble.damage) note_damage(damage);
  if (trouble.missing && log_.map.segment(*trouble.missing) != nullptr) {
    constexpr std::uint64_t kAnywhere = ~std::uint64_t{0};
    const WALState& state = log_.state.get();
    note_damage({*trouble.missing, kAnywhere, state.bounds, "the file is gone"});
  }
  if (trouble.error) say(LogLevel::kError, trouble.error.message);
}

/// The log may have moved on since the damage was read: what has been released, truncated or
/// repaired meanwhile is nothing to it.
void FileWAL::note_damage(const DamagedPlace& damage) {
  for (const IndexRange& part : log_.map.still_at(damage.segment, damage.offset, damage.range)) {
    const IndexRange range = log_.state.held_of(part);
    if (range.empty() || log_.state.is_all_damaged(range)) continue;
    say(LogLevel::kError, folder_.segment_path(damage.segment) + ", byte " +
                              std::to_string(damage.offset) + ": " + damage.what + "; entries " +
                              to_string(range.first) + " to " + to_string(range.last) +
                              " are damaged");
    log_.state.mark_damaged(range);
    new_damage_.push_back(range);
    tell(WALDamaged{range});
  }
  if (new_damage_.empty() || failure_) return;
  end_marked_ = false;  // the mark records it
  watch_for_idleness();
}

/// Its room on the disk is free once nobody has it open.
void FileWAL::forget_segment(std::uint64_t number) {
  if (!cold_reader_used_) return;
  read_aside(
      [number](ColdReader& reader) {
        reader.forget(number);
        return number;
      },
      [](FileWAL&, std::uint64_t) {});
}

void FileWAL::tell(WALEvent event) {
  if (!on_event_) return;
  executor_->post([self = shared_from_this(), event = std::move(event)] {
    if (self->phase_ != Phase::kClosed) self->on_event_(event);
  });
}

}  // namespace lockstep
