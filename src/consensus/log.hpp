#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

#include "consensus/entry_sizes.hpp"
#include "consensus/term_runs.hpp"
#include "lockstep/entry.hpp"
#include "lockstep/wal_source.hpp"

namespace lockstep::consensus {

/// The replica's view of its log: where it begins and ends, the term of every entry, how far it is
/// durable, and the newest entries themselves. Older entries are only in the WAL and must be asked
/// for.
class Log {
 public:
  Log(const WALState& state, std::size_t tail_budget_bytes);

  [[nodiscard]] Index first_index() const { return before_first_.index.next(); }
  [[nodiscard]] Index last_index() const { return last_index_; }
  [[nodiscard]] EntryId last() const { return {last_index_, *term_at(last_index_)}; }
  [[nodiscard]] Index durable_index() const { return durable_index_; }
  /// Of entries held, of the boundary, and 0 for index 0; none for anything else.
  [[nodiscard]] std::optional<Term> term_at(Index index) const;
  [[nodiscard]] bool contains(EntryId id) const { return term_at(id.index) == id.term; }
  /// Where a log that lacks `id` should be tried next: the largest (index, term) here with an index
  /// not above and a term not above. It lets a leader skip a whole term at each step (Raft §5.3,
  /// last paragraph).
  [[nodiscard]] EntryId closest_to(EntryId id) const;

  /// Precondition: `entry` follows the last one.
  void append(Entry entry);
  /// Precondition: `index <= last_index()`.
  void truncate_from(Index index);
  /// Entries up to `index` are durable. Ignored beyond what a truncation has left.
  void set_durable(Index index);

  /// Entries of at least this index are in memory.
  [[nodiscard]] Index tail_first_index() const { return tail_first_; }
  /// Precondition: `tail_first_index() <= index <= last_index()`.
  [[nodiscard]] const Entry& tail_at(Index index) const;
  void set_digest(Index index, const Digest& digest);
  /// The largest index whose entries from `first` on fit the budget; at least `first`. Precondition
  /// as for `tail_at`.
  [[nodiscard]] Index last_within(Index first, std::size_t budget_bytes) const;
  /// Lets go of the oldest entries in memory while over budget; never of one that is not durable.
  void trim_tail();

  /// Bytes of entries beyond `index`, for people to read: see `EntrySizes`.
  [[nodiscard]] std::uint64_t bytes_after(Index index) const { return sizes_.bytes_after(index); }

 private:
  EntryId before_first_;
  Index last_index_;
  Index durable_index_;
  TermRuns runs_;
  std::deque<Entry> tail_;
  Index tail_first_;
  std::size_t tail_bytes_ = 0;
  std::size_t tail_budget_bytes_;
  EntrySizes sizes_;
};

}  // namespace lockstep::consensus
