#include "wal/replay.hpp"

#include <algorithm>

#include "base/entry_codec.hpp"

namespace lockstep {
namespace {

Error corrupt(const char* what) { return {Errc::kCorruption, what}; }

std::uint32_t truncations_before(const BatchHeader& header) {
  return header.counters.truncations - (header.truncate_from != Index{} ? 1 : 0);
}

}  // namespace

Result<> Replay::apply(const Batch& batch, ByteSpan body) {
  if (known_) {
    catch_up(batch.header);
    if (batch.header.truncate_from != Index{}) truncate(batch.header.truncate_from);
    log_.map.add_batch(batch.offset, batch.end, batch.range());
  }
  copies_.clear();
  RecordReader records(body);
  while (const std::optional<Record> record = records.next()) {
    if (!apply_record(*record, batch)) return corrupt("a whole batch holds a malformed record");
  }
  if (!records.complete()) return corrupt("the records of a whole batch do not fill it");
  if (!apply_repair(batch)) return corrupt("a whole batch repairs not what its header says");
  if (log_.state.last().index != batch.header.last.index) {
    return corrupt("a whole batch does not end where its header says");
  }
  take_end_of(batch.header);
  return {};
}

void Replay::apply_damaged(const Batch& batch) {
  const BatchHeader& header = batch.header;
  if (!known_) return;  // a damaged copy of the summary, perhaps; the other follows
  catch_up(header);
  if (header.truncate_from != Index{}) truncate(header.truncate_from);
  log_.map.add_batch(batch.offset, batch.end, batch.range());
  // Before the first entry something is missing only after a reset, whose boundary is lost here.
  append_damaged({log_.state.last().index.next(), header.first_index.previous()}, {}, {});
  append_damaged(batch.range(), header.first_term, header.last.term);
  take_end_of(header);
}

void Replay::take_end_of(const BatchHeader& header) {
  log_.counters = newest_ = header.counters;
  log_.next_batch_number = header.number + 1;
  if (header.newest_configuration) {
    log_.state.tell_newest_configuration(*header.newest_configuration);
  }
}

void Replay::close_gap(const BatchHeader& next, bool whole) {
  if (!gap_ || !known_) return;
  catch_up(next);
  log_.counters.truncations = truncations_before(next);
  // Which of its versions are its own is not known; a torn one may make us refuse, never forget.
  if (!whole) newest_ = next.counters;
}

void Replay::look_ahead(const BatchHeader& header, ByteSpan body) {
  newest_ = header.counters;
  RecordReader records(body);
  while (const std::optional<Record> record = records.next()) {
    note_versions(record->type, header.counters);
  }
}

Result<> Replay::finish(bool end_missing) {
  if (!known_) return corrupt("both copies of the segment's summary are damaged");
  if (end_missing) {
    // Only what the segment was born with proves itself; its end is in the summary.
    BatchHeader end;
    end.first_index = promised_.index.next();
    end.last = promised_;
    end.counters = promised_counters_;
    note_gap();
    catch_up(end);
    log_.counters = newest_ = promised_counters_;
  }
  if (state_version_ != newest_.state_version) {
    return corrupt("the newest term, vote or identity is damaged; this node may have voted");
  }
  if (boundary_version_ != newest_.boundary_version) {
    return corrupt("the newest boundary of the log is damaged");
  }
  log_.state.settle_newest_configuration();
  return {};
}

void Replay::note_versions(RecordType type, const LogCounters& counters) {
  switch (type) {
    case RecordType::kState:
      state_version_ = counters.state_version;
      return;
    case RecordType::kBoundary:
    case RecordType::kReset:
    case RecordType::kSummary:
      boundary_version_ = counters.boundary_version;
      return;
    case RecordType::kEntry:
    case RecordType::kCopy:
    case RecordType::kDamage:
      return;
  }
}

/// Makes up for what lay in a gap, as far as the header behind it tells.
void Replay::catch_up(const BatchHeader& header) {
  if (!gap_) return;
  gap_ = false;
  LogState& state = log_.state;
  const bool truncated = truncations_before(header) != log_.counters.truncations;
  // Entries that may have been dropped and replaced must not be taken for the log's.
  if (truncated) truncate(header.counters.truncated_min);
  const bool has_entries = header.first_index <= header.last.index;
  const Term behind = has_entries ? header.first_term : header.last.term;
  // Terms never fall, so equal ones on both sides leave no other between.
  const Term first_term = !truncated && state.last().term == behind ? behind : Term{};
  const Term last_term = has_entries ? first_term : header.last.term;
  if (header.first_index != Index{}) {
    append_damaged({state.last().index.next(), header.first_index.previous()}, first_term,
                   last_term);
  }
}

void Replay::truncate(Index from) {
  const Index bounded = std::max(from, log_.state.first());
  log_.state.truncate(bounded);
  log_.map.truncate(bounded);
}

void Replay::append_damaged(IndexRange range, Term first_term, Term last_term) {
  if (range.empty()) return;
  const Term inner = first_term == last_term ? first_term : Term{};
  // The kinds are lost as well.
  log_.state.append({range.first, range.first == range.last ? last_term : inner},
                    EntryKind::kCommand);
  if (range.first != range.last) log_.state.append({range.last, last_term}, EntryKind::kCommand);
  log_.state.mark_damaged(range);
  log_.state.doubt_newest_configuration();
}

bool Replay::apply_record(const Record& record, const Batch& batch) {
  // A summary comes behind the state record of its batch.
  if (!known_ && record.type != RecordType::kState && record.type != RecordType::kSummary) {
    return false;
  }
  note_versions(record.type, batch.header.counters);
  switch (record.type) {
    case RecordType::kEntry:
      return apply_entry(record.content);
    case RecordType::kCopy:
      return apply_copy(record.content, batch.header.repaired);
    case RecordType::kDamage: {
      const auto range = decode_range(record.content);
      if (range) log_.state.mark_damaged(log_.state.held_of(*range));
      return range.has_value();
    }
    case RecordType::kState: {
      const auto state = decode_state(record.content);
      if (!state) return false;
      log_.state.set_identity(state->identity);
      log_.state.set_hard_state(state->hard_state);
      log_.state.set_install_intent(state->install_intent);
      return true;
    }
    case RecordType::kBoundary:
    case RecordType::kReset: {
      const auto boundary = decode_boundary(record.content);
      if (!boundary) return false;
      if (record.type == RecordType::kReset) {
        log_.state.reset(*boundary);
      } else {
        apply_boundary(*boundary);
      }
      return true;
    }
    case RecordType::kSummary:
      return apply_summary(record.content, batch);
  }
  return false;
}

bool Replay::apply_entry(ByteSpan content) {
  if (content.size() < Digest::kBytes + EntryHeader::kEncodedBytes) return false;
  const auto header = decode_entry_header(content.subspan(Digest::kBytes));
  if (!header || header->index != log_.state.last().index.next()) return false;
  log_.state.append(header->id(), header->kind);
  return true;
}

bool Replay::apply_copy(ByteSpan content, IndexRange repaired) {
  if (content.size() < Digest::kBytes + EntryHeader::kEncodedBytes) return false;
  const auto header = decode_entry_header(content.subspan(Digest::kBytes));
  if (!header || header->index.value() != repaired.first.value() + copies_.size()) return false;
  copies_.push_back(*header);
  return true;
}

bool Replay::apply_repair(const Batch& batch) {
  const IndexRange repaired = batch.header.repaired;
  if (copies_.size() != repaired.size()) return false;
  // Damage of later batches may have taken from the log what was there to be repaired.
  const IndexRange held = log_.state.held_of(repaired);
  if (held.empty()) return true;
  log_.state.repair(copies_);
  log_.map.repair(held, {repaired.first, batch.offset});
  return true;
}

bool Replay::apply_summary(ByteSpan content, const Batch& batch) {
  auto summary = decode_summary(content);
  if (!summary) return false;
  WALState state = std::move(summary->state);
  const WALState& beside = log_.state.get();
  state.identity = beside.identity;
  state.hard_state = beside.hard_state;
  state.install_intent = beside.install_intent;
  log_.state = LogState(std::move(state));
  log_.map = std::move(summary->map);
  log_.map.begin_segment(segment_);
  log_.map.add_batch(batch.offset, batch.end, {});
  promised_ = summary->promised;
  promised_counters_ = summary->promised_counters;
  known_ = true;
  gap_ = false;
  return true;
}

void Replay::apply_boundary(const Boundary& boundary) {
  const Index released = boundary.last.index;
  if (released < log_.state.first()) return;  // restated
  if (released > log_.state.last().index) {
    log_.state.reset(boundary);  // the entries up to it are lost, and need not be known any more
    log_.map.truncate(Index(1));
    return;
  }
  log_.state.release(boundary);
  log_.map.release(released);
}

}  // namespace lockstep
