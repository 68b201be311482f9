#include "wal/file_wal.hpp"
#include "wal/replay.hpp"

namespace lockstep {

/// A batch without news: it proves all that lies before it, and has the state once more.
Error FileWAL::mark_end() {
  if (end_marked_) return {};
  if (writer_.spoiled()) {
    const Result<> begun = begin_segment({});
    return begun ? Error() : fail(begun.error());
  }
  builder_.begin(writer_.nonce(), writer_.end(), log_.next_batch_number, log_.counters, log_.state);
  builder_.begin_change();
  record_new_damage();
  builder_.add_record(RecordType::kState, encode_state(state_record()), true);
  if (boundary_moved_ && log_.state.get().boundary) {
    builder_.add_record(RecordType::kBoundary, encode_boundary(*log_.state.get().boundary), true);
  }
  builder_.seal(writer_.proven_end());
  if (const Result<> written = writer_.append(builder_); !written) return fail(written.error());
  new_damage_.clear();
  log_.map.add_batch(builder_.batches().front().offset, builder_.end(), {});
  log_.next_batch_number = builder_.next_number();
  end_marked_ = true;
  return {};
}

Error FileWAL::mark_end_for_good() {
  Error error = mark_end();
  if (error == Errc::kNoSpace && space_.give_up_ballast()) error = mark_end();
  return error;
}

/// Goes on in a fresh segment, which carries all that must be known of what comes before it.
Result<> FileWAL::begin_segment(const std::vector<TailBatch>& tail) {
  SegmentHeader header;
  header.number = last_segment_ + 1;
  header.nonce = runtime_.random();
  header.group = options_.group;
  header.node = options_.node;
  header.incarnation = log_.state.get().identity.incarnation;

  LogCounters counters = log_.counters;
  counters.truncated_min = Index{};
  EntryId promised = log_.state.last();
  LogCounters promised_counters = counters;
  if (!tail.empty()) {
    promised = tail.back().header.last;
    promised_counters = tail.back().header.counters;
    promised_counters.truncated_min = Index{};
    for (const TailBatch& batch : tail) {
      promised_counters.note_truncation(batch.header.truncate_from);
    }
  }

  builder_.begin(header.nonce, kFirstBatchOffset, log_.next_batch_number, counters, log_.state);
  std::uint8_t* const sectors = builder_.add_sectors(2);
  const auto state = encode_state(state_record());
  const auto summary = encode_summary(log_.state.get(), log_.map, promised, promised_counters);
  for (std::size_t copy = 0; copy < 2; ++copy) {
    encode_segment_header(header, sectors + copy * kSectorBytes);
    builder_.begin_change();
    builder_.add_record(RecordType::kState, state, true);
    builder_.add_record(RecordType::kSummary, summary, true);
    builder_.end_batch();
  }
  for (const TailBatch& batch : tail) builder_.add_copy(batch.header, batch.body.bytes());
  builder_.seal_born();
  const bool fill = space_.may_fill(writer_.fill_bytes());
  if (Result<> begun = writer_.begin(header.number, header.nonce, builder_, fill); !begun) {
    return begun;
  }

  new_damage_.clear();  // it is in the summary
  last_segment_ = header.number;
  log_.map.begin_segment({header.number, header.nonce, builder_.end()});
  if (Result<> adopted = adopt_tail(tail); !adopted) return adopted;
  log_.counters = builder_.counters();
  log_.next_batch_number = builder_.next_number();
  boundary_moved_ = !tail.empty();
  end_marked_ = true;  // what a segment is born with proves itself
  return {};
}

Result<> FileWAL::adopt_tail(const std::vector<TailBatch>& tail) {
  const std::vector<BatchBuilder::Batch>& batches = builder_.batches();
  const std::size_t first = batches.size() - tail.size();
  Replay replay(log_);
  replay.assume_known();
  for (std::size_t i = 0; i < tail.size(); ++i) {
    if (Result<> applied = replay.apply(batches[first + i], tail[i].body.bytes()); !applied) {
      return applied;
    }
  }
  return {};
}

void FileWAL::remove_unused_segments() {
  for (const std::uint64_t number : log_.map.drop_unused_segments()) {
    if (const Result<> removed = folder_.remove_segment(number); !removed) {
      say(LogLevel::kWarning, removed.error().message);  // it goes at the next opening
    }
    forget_segment(number);
  }
}

/// What nobody waits for.
void FileWAL::tidy_up() {
  if (failure_) return;
  if (space_.may_fill(writer_.fill_bytes())) {
    if (const Result<> filled = writer_.fill_ahead(); !filled) {
      fail_unasked(filled.error());
      return;
    }
  }
  remove_unused_segments();
  space_.keep_ballast();
  watch_for_idleness();
  watch_for_rot();
}

void FileWAL::watch_for_idleness() {
  if (idle_timer_ || end_marked_ || options_.mark_end_after.count() == 0) return;
  written_since_watch_ = false;
  idle_timer_ = runtime_.schedule(executor_, options_.mark_end_after, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->on_idle_timer();
  });
}

void FileWAL::on_idle_timer() {
  if (phase_ != Phase::kOpen || failure_) return;
  idle_timer_.reset();
  if (!written_since_watch_) {
    if (const Result<> synced = writer_.sync(); !synced) {
      fail_unasked(synced.error());
      return;
    }
    if (const Error error = mark_end()) {
      fail_unasked(error);
      return;  // for want of space nothing is lost without the mark
    }
  }
  watch_for_idleness();
}

}  // namespace lockstep
