#pragma once

#include <algorithm>
#include <deque>
#include <optional>
#include <vector>

#include "base/index_ranges.hpp"
#include "consensus/effects.hpp"
#include "lockstep/wal_source.hpp"

namespace lockstep::consensus::test {

/// What a node has stored; the entry with index i lies at i - 1.
struct Stored {
  WALIdentity identity;
  HardState hard_state;
  std::vector<Entry> entries;
  /// Entries that cannot be read, and those of them whose terms are lost too.
  IndexRanges damaged;
  IndexRanges termless;

  [[nodiscard]] Index last_index() const { return Index(entries.size()); }
  [[nodiscard]] const Entry& at(Index index) const { return entries[index.value() - 1]; }
  /// Damaged or not.
  [[nodiscard]] bool had(EntryId id) const {
    return id.index >= Index{1} && id.index <= last_index() && at(id.index).header.term == id.term;
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
    return !behind_refused && !(full_ && !write.entries.empty());
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
      stored.entries.resize(write.truncate_from->value() - 1);
    }
    for (const Entry& copy : write.copies) {
      const Index index = copy.header.index;
      if (!contains(stored.damaged, index)) continue;
      stored.entries[index.value() - 1] = copy;
      subtract(stored.damaged, {index, index});
      subtract(stored.termless, {index, index});
    }
    stored.entries.insert(stored.entries.end(), write.entries.begin(), write.entries.end());
    if (write.hard_state) stored.hard_state = *write.hard_state;
    if (write.identity) stored.identity = *write.identity;
  }

  Stored seen_;
  Stored durable_;
  std::deque<DiskWrite> unsynced_;
  bool full_ = false;
};

}  // namespace lockstep::consensus::test
