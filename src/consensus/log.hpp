#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/index_ranges.hpp"
#include "base/ring_queue.hpp"
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
  /// The last entry that was released; zeros: none was.
  [[nodiscard]] EntryId before_first() const { return before_first_; }
  [[nodiscard]] Index last_index() const { return last_index_; }
  /// With term 0 when that was lost.
  [[nodiscard]] EntryId last() const {
    return {last_index_, term_at(last_index_).value_or(Term{})};
  }
  /// By which this log votes: the last entry that it ever promised (design rule 4).
  [[nodiscard]] EntryId promised() const;
  [[nodiscard]] Index durable_index() const { return durable_index_; }
  /// Of entries held, of the boundary, and 0 for index 0; none for anything else, and for an entry
  /// whose term was lost with it.
  [[nodiscard]] std::optional<Term> term_at(Index index) const;
  [[nodiscard]] bool contains(EntryId id) const { return term_at(id.index) == id.term; }
  /// Where a log that lacks `id` should be tried next: the largest (index, term) here with an index
  /// not above and a term not above. It lets a leader skip a whole term at each step (Raft §5.3,
  /// last paragraph).
  [[nodiscard]] EntryId closest_to(EntryId id) const;

  // Damage: entries that are held, and that the disk has lost (design rule 4).
  [[nodiscard]] const IndexRanges& damaged() const { return damaged_; }
  [[nodiscard]] bool is_damaged(Index index) const { return lockstep::contains(damaged_, index); }
  /// Damaged, and not even its term is known.
  [[nodiscard]] bool lacks_term(Index index) const { return lockstep::contains(termless_, index); }
  /// The nearest entry behind `index` whose term is known.
  [[nodiscard]] std::optional<EntryId> known_behind(Index index) const;
  [[nodiscard]] std::optional<Index> first_damaged_after(Index index) const;
  /// Everything up to here is durable and can be read again: what counts towards a majority.
  [[nodiscard]] Index intact_index() const;
  void mark_damaged(IndexRange range);
  /// The disk has these once more.
  void mend(const std::vector<Entry>& entries);

  /// Precondition: `entry` follows the last one.
  void append(Entry entry);
  /// Precondition: `index <= last_index()`.
  void truncate_from(Index index);
  /// The WAL has let go of what lies up to `last`. Precondition: an entry of this log, durable.
  void release_prefix(EntryId last);
  /// Everything is replaced by this boundary, durably.
  void reset(EntryId last);
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
  /// Of these entries together. Precondition as for `tail_at`.
  [[nodiscard]] std::size_t tail_bytes_in(IndexRange range) const;
  /// Lets go of the oldest entries in memory while over budget; never of one that is not durable.
  /// Of those before `wanted_from` only a small part of the budget is kept: memory that is soon
  /// used again is still in the processor's cache.
  void trim_tail(Index wanted_from);

  /// Bytes of entries beyond `index`, for people to read: see `EntrySizes`.
  [[nodiscard]] std::uint64_t bytes_after(Index index) const { return sizes_.bytes_after(index); }
  /// Of all that is held.
  [[nodiscard]] std::uint64_t size_bytes() const { return bytes_after(before_first_.index); }
  /// The first index behind which no more than `bytes` lie.
  [[nodiscard]] Index begin_of_last(std::uint64_t bytes) const;

 private:
  struct Held {
    Entry entry;
    /// Of all entries that came before it, those dropped too.
    std::uint64_t bytes_before = 0;
  };
  [[nodiscard]] const Held& held_at(Index index) const;
  void drop_oldest();
  [[nodiscard]] std::size_t tail_bytes() const;

  EntryId before_first_;
  Index last_index_;
  Index durable_index_;
  EntryId promised_;
  /// A termless entry counts as of the term before it.
  TermRuns runs_;
  IndexRanges damaged_;
  IndexRanges termless_;
  RingQueue<Held> tail_;
  Index tail_first_;
  std::size_t tail_budget_bytes_;
  EntrySizes sizes_;
};

}  // namespace lockstep::consensus
