#pragma once

#include <optional>
#include <vector>

#include "lockstep/types.hpp"
#include "lockstep/wal_source.hpp"

namespace lockstep::consensus {

/// The terms of a log's entries. Terms never fall along a log (Raft §5.3), so a few runs tell them
/// all and no entry needs to be looked at.
class TermRuns {
 public:
  TermRuns() = default;
  explicit TermRuns(std::vector<TermRun> runs) : runs_(std::move(runs)) {}

  /// Precondition: `index` follows the last one added, `term` is not below the last one.
  void append(Index index, Term term);
  void truncate_from(Index index);
  /// Forgets the entries before `first`. Precondition: `first` is in the log, or follows its end.
  void release_before(Index first);
  /// Entries in `range` have this term; those behind it, up to `end`, keep theirs. Precondition:
  /// terms still do not fall.
  void assign(IndexRange range, Term term, Index end);
  /// The term of an index that is in the log.
  [[nodiscard]] std::optional<Term> at(Index index) const;
  /// The largest index not above `index` whose term is not above `term`; none when there is no such
  /// entry.
  [[nodiscard]] std::optional<Index> last_not_above(Index index, Term term) const;

 private:
  std::vector<TermRun> runs_;
};

}  // namespace lockstep::consensus
