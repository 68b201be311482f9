#include <algorithm>
#include <utility>

#include "wal/file_wal.hpp"
#include "wal/repair_check.hpp"
#include "wal/replay.hpp"

namespace lockstep {
namespace {

/// An entry's length must fit its record's.
constexpr std::uint64_t kLargestEntryBytes = std::uint64_t{1} << 30;

bool changes_state(const WALWrite& write) {
  // A reset ends an install intent.
  return write.hard_state || write.identity || write.install_intent || write.boundary;
}

std::size_t estimated_bytes(const std::vector<Entry>& entries) {
  std::size_t bytes = BatchHeader::kEncodedBytes + kSectorBytes;
  for (const Entry& entry : entries) bytes += kEntryRecordOverhead + entry.size_bytes();
  return bytes;
}

std::size_t estimated_bytes(const Boundary& boundary) {
  return kSectorBytes + boundary.digests_since.size() * Digest::kBytes;
}

std::size_t estimated_bytes(const WALWrite& write) {
  std::size_t bytes = estimated_bytes(write.entries);
  if (changes_state(write)) bytes += kSectorBytes;
  if (write.boundary) bytes += estimated_bytes(*write.boundary);
  return bytes;
}

}  // namespace

void FileWAL::commit(std::vector<Mutation>& group) {
  if (group.empty()) return;
  const bool entries = std::any_of(group.begin(), group.end(), [](const Mutation& mutation) {
    return mutation.carries_entries();
  });
  Error no_entries;
  if (entries) no_entries = space_.admit_entries();
  Error error = try_commit(group, no_entries);
  if (error == Errc::kNoSpace && entries && !no_entries) {
    // Whoever brought entries is to come again; the rest is tried without them.
    space_.note_full();
    no_entries = error;
    error = try_commit(group, no_entries);
  }
  if (error == Errc::kNoSpace) {
    space_.note_full();
    if (space_.give_up_ballast()) {
      say(LogLevel::kWarning, "the disk is full; the ballast is given up");
      static_cast<void>(try_commit(group, no_entries));
    }
  }
  leave_spoiled_segment();
}

/// The outcome is noted in each mutation as well. `no_entries`: with what to refuse them.
Error FileWAL::try_commit(std::vector<Mutation>& group, const Error& no_entries) {
  LogDraft draft(log_.state);
  bool any = false;
  for (Mutation& mutation : group) {
    mutation.accepted = false;
    mutation.error = failure_;
    if (failure_) continue;
    if (no_entries && mutation.carries_entries()) {
      mutation.error = no_entries;
      continue;
    }
    accept(mutation, draft);
    any = any || mutation.accepted;
  }
  if (!any) return {};
  if (const Error error = write_group(group)) {
    for (Mutation& mutation : group) {
      if (mutation.accepted) mutation.error = error;
    }
    return error;
  }
  apply(group);
  return {};
}

/// Whole batches of a write that was refused may lie there. They do not come back once there is a
/// segment that knows where this one ended.
void FileWAL::leave_spoiled_segment() {
  if (failure_ || !writer_.spoiled()) return;
  if (const Result<> begun = begin_segment({}); !begun) fail_unasked(begun.error());
}

void FileWAL::accept(Mutation& mutation, LogDraft& draft) {
  if (mutation.release) {
    const Result<bool> moves = draft.add_release(*mutation.release);
    if (!moves) mutation.error = moves.error();
    mutation.accepted = moves && *moves;
    return;
  }
  if (mutation.repair) {
    const Repair& repair = *mutation.repair;
    const Result<> checked = check_repair(log_.state, repair.range, repair.entries, sha_);
    if (!checked) mutation.error = checked.error();
    mutation.accepted = checked.has_value();
    return;
  }
  WALWrite& write = *mutation.write;
  write.truncate_from = mutation.truncate_from;
  for (const Entry& entry : write.entries) {
    if (entry.size_bytes() > kLargestEntryBytes) {
      mutation.error = Error(Errc::kTooLarge, "an entry of more than 1 GiB");
      return;
    }
  }
  if (const Result<> checked = draft.add(write); !checked) {
    mutation.error = checked.error();
    return;
  }
  mutation.before_entries = draft.before_entries();
  mutation.accepted = write.truncate_from || !write.entries.empty() || changes_state(write);
}

Error FileWAL::write_group(const std::vector<Mutation>& group) {
  std::size_t bytes = 0;
  for (const Mutation& mutation : group) {
    if (!mutation.accepted) continue;
    if (mutation.write) bytes += estimated_bytes(*mutation.write);
    if (mutation.release) bytes += estimated_bytes(*mutation.release);
    if (mutation.repair) bytes += estimated_bytes(mutation.repair->entries);
  }
  const bool full = writer_.end() + bytes > options_.segment_bytes && !writer_.fresh();
  if (full || writer_.spoiled()) {
    if (const Result<> begun = begin_segment({}); !begun) return fail(begun.error());
  }
  builder_.begin(writer_.nonce(), writer_.end(), log_.next_batch_number, log_.counters, log_.state);
  record_new_damage();
  StateRecord state = state_record();
  for (const Mutation& mutation : group) {
    if (mutation.accepted) build(mutation, state);
  }
  builder_.seal(writer_.proven_end());
  if (const Result<> written = writer_.append(builder_); !written) return fail(written.error());
  new_damage_.clear();
  end_marked_ = false;
  written_since_watch_ = true;
  return {};
}

void FileWAL::build(const Mutation& mutation, StateRecord& state) {
  if (mutation.release) {
    builder_.begin_change();
    builder_.add_record(RecordType::kBoundary, encode_boundary(*mutation.release));
    return;
  }
  if (mutation.repair) {
    builder_.add_repair(mutation.repair->entries);
    return;
  }
  const WALWrite& write = *mutation.write;
  if (write.boundary) {
    builder_.begin_change_by_truncation(Index(1), write.boundary->last);
    builder_.add_record(RecordType::kReset, encode_boundary(*write.boundary));
    state.install_intent.reset();
  } else {
    if (write.truncate_from) {
      builder_.begin_change_by_truncation(*write.truncate_from, mutation.before_entries);
    } else {
      builder_.begin_change();
    }
    for (const Entry& entry : write.entries) builder_.add_entry(entry);
  }
  if (!changes_state(write)) return;
  if (write.hard_state) state.hard_state = *write.hard_state;
  if (write.identity) state.identity = *write.identity;
  if (write.install_intent) {
    state.install_intent = write.install_intent;
    if (state.install_intent->snapshot_id.empty()) state.install_intent.reset();
  }
  builder_.add_record(RecordType::kState, encode_state(state));
}

void FileWAL::apply(std::vector<Mutation>& group) {
  for (const BatchBuilder::Batch& batch : builder_.batches()) {
    if (batch.header.truncate_from != Index{}) log_.map.truncate(batch.header.truncate_from);
    log_.map.add_batch(batch.offset, batch.end, batch.range());
    if (const IndexRange repaired = batch.header.repaired; !repaired.empty()) {
      log_.map.repair(repaired, {repaired.first, batch.offset});
    }
  }
  log_.counters = builder_.counters();
  log_.next_batch_number = builder_.next_number();
  for (Mutation& mutation : group) {
    if (!mutation.accepted) continue;
    if (mutation.release) {
      const Index released = mutation.release->last.index;
      log_.state.release(*mutation.release);
      log_.map.release(released);
      recent_.release(released);
      boundary_moved_ = true;
    } else if (mutation.repair) {
      std::vector<EntryHeader> headers;
      for (const Entry& entry : mutation.repair->entries) headers.push_back(entry.header);
      log_.state.repair(headers);
    } else {
      apply_write(*mutation.write);
    }
  }
}

void FileWAL::apply_write(WALWrite& write) {
  LogState& state = log_.state;
  if (write.truncate_from) {
    state.truncate(*write.truncate_from);
    recent_.truncate(*write.truncate_from);
  }
  if (write.boundary) {
    state.reset(*write.boundary);
    recent_.truncate(Index(1));
    boundary_moved_ = true;
  } else {
    for (Entry& entry : write.entries) {
      state.append(entry.id(), entry.header.kind);
      recent_.push(std::move(entry));
    }
  }
  if (write.hard_state) state.set_hard_state(*write.hard_state);
  if (write.identity) state.set_identity(*write.identity);
  if (write.install_intent) state.set_install_intent(write.install_intent);
}

void FileWAL::record_new_damage() {
  for (const IndexRange& range : new_damage_) {
    builder_.begin_change();
    builder_.add_record(RecordType::kDamage, encode_range(range));
  }
}

Error FileWAL::fail(const Error& error) {
  // For want of space nothing is broken: what was written in part is left behind.
  if (error == Errc::kNoSpace) return error;
  failure_ = error;
  say(LogLevel::kError, "the log stops: " + error.message);
  return error;
}

/// Where no call is under way that could tell.
void FileWAL::fail_unasked(const Error& error) {
  if (!failure_) fail(error);
  if (failure_) tell(WALFailed{failure_});
}

StateRecord FileWAL::state_record() const {
  const WALState& state = log_.state.get();
  return {state.identity, state.hard_state, state.install_intent};
}

void FileWAL::say(LogLevel level, const std::string& text) const {
  options_.log(level, "WAL " + options_.folder + ": " + text);
}

}  // namespace lockstep
