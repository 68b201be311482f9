#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "lockstep/configuration.hpp"
#include "lockstep/wal_source.hpp"

namespace lockstep::sim {

/// What is left of an entry when its bytes are forgotten.
struct EntryTrace {
  Term term;
  Digest digest;
  friend bool operator==(const EntryTrace&, const EntryTrace&) = default;
};

/// A change of a log: a write, a release, a repair, which all share one order.
struct LogChange {
  std::optional<Index> truncate_from;
  std::optional<Boundary> boundary;
  bool is_release = false;
  Index first_entry;
  std::vector<EntryTrace> entries;
  std::map<Index, Configuration> configurations;
  std::optional<HardState> hard_state;
};
[[nodiscard]] LogChange change_of(const WALWrite& write);

/// What a log holds, without the bytes: kept beside the real one, as those who look on know it.
class LogCopy {
 public:
  /// False: its entries do not follow what is held, and are left out.
  bool make(const LogChange& change);
  /// A copy in the place of what the disk has lost. What is not held is passed over.
  void repair(Index index, const EntryTrace& copy);

  [[nodiscard]] Index first_index() const { return boundary_.index.next(); }
  [[nodiscard]] Index last_index() const {
    return Index(boundary_.index.value() + entries_.size());
  }
  /// None outside of what is held.
  [[nodiscard]] const EntryTrace* at(Index index) const;
  /// The boundary counts; what lies before it was committed.
  [[nodiscard]] bool holds(EntryId id) const;
  /// None: not known.
  [[nodiscard]] std::optional<Term> term_before(Index index) const;
  [[nodiscard]] EntryId boundary() const { return boundary_; }
  [[nodiscard]] const HardState& hard_state() const { return hard_state_; }
  /// The newest one held; none before the first.
  [[nodiscard]] const Configuration* configuration() const;
  [[nodiscard]] Term configuration_term() const;
  /// As it was at `index`.
  [[nodiscard]] const Configuration* configuration_at(Index index) const;
  [[nodiscard]] Index configuration_index_at(Index index) const;

  /// Whether a log that tells this of itself may hold just that. What it says is damaged may be
  /// anything.
  [[nodiscard]] bool fits(const WALState& state) const;

 private:
  EntryId boundary_;
  std::vector<EntryTrace> entries_;
  std::map<Index, Configuration> configurations_;
  HardState hard_state_;
};

}  // namespace lockstep::sim
