#pragma once

#include "wal/log_state.hpp"

namespace lockstep {

/// Checks changes one after another, each on top of those accepted before it, while none of them
/// has reached the log's state yet: if the disk is full, the state is still the one to go on from.
class LogDraft {
 public:
  /// `state` must outlive the draft and not change meanwhile.
  explicit LogDraft(const LogState& state)
      : state_(state), first_(state.first()), last_(state.last()), shared_last_(last_.index) {}

  [[nodiscard]] EntryId last() const { return last_; }

  /// What the entries of the last write accepted follow.
  [[nodiscard]] EntryId before_entries() const { return before_entries_; }

  /// Accepts the write, or says what is wrong with it (kInvalidArgument) and forgets it. Where its
  /// truncation has no effect it is taken out of `write`.
  [[nodiscard]] Result<> add(WALWrite& write);
  /// False: released already, nothing to do.
  [[nodiscard]] Result<bool> add_release(const Boundary& boundary);

 private:
  [[nodiscard]] Term term(Index index) const;
  [[nodiscard]] Result<> check_entries(const WALWrite& write, EntryId previous) const;
  [[nodiscard]] Result<> check_identity(const WALIdentity& identity) const;
  void truncate(Index from);
  void append(const Entry& entry);

  const LogState& state_;
  Index first_;
  EntryId last_;
  EntryId before_entries_;
  Index shared_last_;              // up to here the log is the state's
  std::vector<TermRun> own_runs_;  // beyond it
  EntryId boundary_;               // that has replaced everything; index 0: none has
};

}  // namespace lockstep
