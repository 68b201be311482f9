#pragma once

#include <algorithm>
#include <deque>
#include <optional>
#include <vector>

#include "base/index_ranges.hpp"
#include "consensus/effects.hpp"
#include "lockstep/wal_source.hpp"

namespace lockstep::consensus::test {

/// What a node has stored.
struct Stored {
  WALIdentity identity;
  HardState hard_state;
  /// From `first_index()` on.
  std::vector<Entry> entries;
  std::optional<Boundary> boundary;
  std::optional<InstallIntent> intent;
  /// Entries that cannot be read, and those of them whose terms are lost too.
  IndexRanges damaged;
  IndexRanges termless;

  [[nodiscard]] EntryId before_first() const { return boundary ? boundary->last : EntryId{}; }
  [[nodiscard]] Index first_index() const { return before_first().index.next(); }
  [[nodiscard]] Index last_index() const {
    return Index(before_first().index.value() + entries.size());
  }
  [[nodiscard]] const Entry& at(Index index) const {
    return entries[index.value() - first_index().value()];
  }
  /// Damaged or not. What is released was committed, and so is nobody else's.
  [[nodiscard]] bool had(EntryId id) const {
    if (id.index < first_index()) return id.index >= Index{1};
    return id.index <= last_index() && at(id.index).header.term == id.term;
  }
  [[nodiscard]] bool holds(EntryId id) const { return had(id) && !contains(damaged, id.index); }
};

struct DiskWrite {
  WriteNumber number;
  std::optional<Index> truncate_from;
  std::vector<Entry> entries;
  std::optional<HardState> hard_state;
  std::optional<WALIdentity> identity;
  /// A repair, and nothing else.
  std::vector<Entry> copies;
  std::optional<InstallIntent> intent;
  /// Takes the place of all that is held.
  std::optional<Boundary> boundary;
  /// There was no room for it, or it came behind one that there was none for.
  bool refused = false;
  /// It makes up for what was refused.
  bool again = false;
};

/// A disk that forgets what was not synced. Writes become durable in order.
class Disk {
 public:
  explicit Disk(Stored stored) : seen_(stored), durable_(std::move(stored)) {}

  /// False: it will be refused, when its turn comes.
  [[nodiscard]] bool has_room_for(const DiskWrite& write) const {
    if (!write.copies.empty()) return true;
    const bool behind_refused = std::ranges::any_of(unsynced_, &DiskWrite::refused);
    return !behind_refused &&
           !(full_ && (!write.entries.empty() || write.intent || write.boundary));
  }
  void submit(DiskWrite write) {
    write.refused = !has_room_for(write);
    if (!write.refused) perform(seen_, write);
    unsynced_.push_back(std::move(write));
  }
  void set_full(bool full) { full_ = full; }
  /// Makes the oldest write durable. Precondition: there is one.
  DiskWrite sync_one() {
    DiskWrite write = std::move(unsynced_.front());
    unsynced_.pop_front();
    if (write.refused) {
      std::erase_if(unsynced_, [](const DiskWrite& behind) { return behind.refused; });
    } else {
      perform(durable_, write);
    }
    return write;
  }
  /// Precondition: nothing is unsynced, and the log holds the entry.
  void release(const Boundary& boundary) {
    for (Stored* stored : {&seen_, &durable_}) {
      const auto gone = boundary.last.index.next().value() - stored->first_index().value();
      stored->entries.erase(stored->entries.begin(),
                            stored->entries.begin() + static_cast<std::ptrdiff_t>(gone));
      subtract(stored->damaged, {Index{1}, boundary.last.index});
      subtract(stored->termless, {Index{1}, boundary.last.index});
      stored->boundary = boundary;
    }
  }
  /// What a start does with an unfinished installation.
  void finish_installation(const std::optional<Boundary>& boundary) {
    DiskWrite write;
    write.boundary = boundary;
    if (!boundary) write.intent.emplace();
    for (Stored* stored : {&seen_, &durable_}) perform(*stored, write);
  }
  /// Precondition: nothing is unsynced.
  void rot(IndexRange range, bool loses_terms) {
    for (Stored* stored : {&seen_, &durable_}) {
      add(stored->damaged, range);
      if (loses_terms) add(stored->termless, range);
    }
  }
  /// Loses what is not durable, except the oldest `keep` writes.
  void crash(std::size_t keep) {
    while (keep-- > 0 && !unsynced_.empty()) (void)sync_one();
    unsynced_.clear();
    seen_ = durable_;
  }

  /// As reads see it: with what was written and not synced yet.
  [[nodiscard]] const Stored& seen() const { return seen_; }
  [[nodiscard]] const Stored& durable() const { return durable_; }
  [[nodiscard]] std::size_t unsynced() const { return unsynced_.size(); }

 private:
  static void perform(Stored& stored, const DiskWrite& write) {
    if (write.truncate_from && *write.truncate_from <= stored.last_index()) {
      subtract(stored.damaged, {*write.truncate_from, stored.last_index()});
      subtract(stored.termless, {*write.truncate_from, stored.last_index()});
      stored.entries.resize(write.truncate_from->value() - stored.first_index().value());
    }
    for (const Entry& copy : write.copies) {
      const Index index = copy.header.index;
      if (!contains(stored.damaged, index)) continue;
      stored.entries[index.value() - stored.first_index().value()] = copy;
      subtract(stored.damaged, {index, index});
      subtract(stored.termless, {index, index});
    }
    stored.entries.insert(stored.entries.end(), write.entries.begin(), write.entries.end());
    if (write.hard_state) stored.hard_state = *write.hard_state;
    if (write.identity) stored.identity = *write.identity;
    if (write.boundary) {
      stored.entries.clear();
      stored.damaged.clear();
      stored.termless.clear();
      stored.boundary = write.boundary;
      stored.intent.reset();
    }
    if (write.intent) {
      stored.intent = write.intent;
      if (write.intent->snapshot_id.empty()) stored.intent.reset();
    }
  }

  Stored seen_;
  Stored durable_;
  std::deque<DiskWrite> unsynced_;
  bool full_ = false;
};

}  // namespace lockstep::consensus::test
