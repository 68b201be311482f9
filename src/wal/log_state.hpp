#pragma once

#include <algorithm>
#include <vector>

#include "lockstep/wal_source.hpp"

namespace lockstep {

/// What a log knows of itself besides the entries, kept up to date change by change. Both WALs, and
/// recovery, use it. It checks nothing: see LogDraft.
class LogState {
 public:
  LogState() = default;
  explicit LogState(WALIdentity identity) {
    state_.identity = std::move(identity);
    state_.newest_configuration = Index{};
  }
  explicit LogState(WALState state) : state_(std::move(state)) {}

  [[nodiscard]] const WALState& get() const { return state_; }
  [[nodiscard]] Index first() const { return state_.bounds.first; }
  /// The last entry held; when there is none, the boundary's; else zeros.
  [[nodiscard]] EntryId last() const { return state_.last_promised; }
  /// Of the entry held at `index`, or of the boundary; else 0.
  [[nodiscard]] Term term(Index index) const;
  [[nodiscard]] bool is_damaged(Index index) const;
  [[nodiscard]] bool is_all_damaged(IndexRange range) const;
  [[nodiscard]] IndexRange held_of(IndexRange range) const {
    return {std::max(range.first, state_.bounds.first), std::min(range.last, state_.bounds.last)};
  }
  /// Errors of a read that begins at `range.first`: kInvalidArgument, kReleased, kOutOfRange,
  /// kCorruption.
  [[nodiscard]] Result<> check_read(const IndexRange& range) const;
  /// The last index that a read of `range` may deliver. Precondition: `check_read(range)`.
  [[nodiscard]] Index read_end(const IndexRange& range) const;

  /// Drops `from` and all that follow. Precondition: `from >= first()`.
  void truncate(Index from);
  /// Precondition: `entry.index` follows the last. A term of 0: unknown.
  void append(EntryId entry, EntryKind kind);
  void mark_damaged(IndexRange range);
  /// What was appended last may have held configurations: only the log's headers can tell.
  void doubt_newest_configuration() { state_.newest_configuration.reset(); }
  void tell_newest_configuration(Index index) { state_.newest_configuration = index; }
  /// By what is held, if nobody has told and no damage hides it.
  void settle_newest_configuration();
  /// Copies of consecutive entries stand in the place of what was damaged. What is no longer held
  /// of them is passed over. Precondition: there is one.
  void repair(const std::vector<EntryHeader>& entries);
  /// Everything held gives way to the boundary.
  void reset(const Boundary& boundary);
  /// Drops the prefix up to `boundary.last`. Precondition: it is held.
  void release(const Boundary& boundary);

  void set_hard_state(const HardState& hard_state) { state_.hard_state = hard_state; }
  void set_identity(const WALIdentity& identity) { state_.identity = identity; }
  void set_install_intent(const std::optional<InstallIntent>& intent);

 private:
  void clip_damaged();

  WALState state_;
};

}  // namespace lockstep
