#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "base/index_ranges.hpp"
#include "lockstep/configuration.hpp"
#include "lockstep/types.hpp"

namespace lockstep::consensus {

/// The configurations of a log, each by the index of its entry, the oldest perhaps by that of the
/// boundary. A configuration acts when it is appended, committed or not, and is undone when it is
/// truncated (Raft §6, design rule 10).
class ConfigurationHistory {
 public:
  /// No place is known at all.
  [[nodiscard]] bool empty() const { return places_.empty(); }
  /// `newest` is the newest one, and no older one because the newest is damaged or may be: then who
  /// the members are is known again once the damage is repaired.
  [[nodiscard]] bool is_certain() const { return is_certain_at(Index(UINT64_MAX)); }
  /// The same of `at(index)`.
  [[nodiscard]] bool is_certain_at(Index index) const;
  /// That by which this node acts. Without members when none is known.
  [[nodiscard]] const Configuration& newest() const { return at(newest_index()); }
  /// Of the newest place, readable or not; 0 when there is none.
  [[nodiscard]] Index newest_index() const;
  /// That of the entries up to `index`. Without members when none is known.
  [[nodiscard]] const Configuration& at(Index index) const;

  /// Places in the range, in order.
  [[nodiscard]] std::vector<Index> indexes_in(IndexRange range) const;

  void add(Index index, Configuration configuration);
  /// There is a configuration entry, and the disk has lost what it says.
  void add_damaged(Index index) { places_.try_emplace(index); }
  /// Damaged entries that are in none of the places known so far may be configurations.
  void doubt(const IndexRanges& damaged);
  /// The entry can be read again, and is no configuration unless it is added.
  void settle(Index index) { subtract(doubtful_, {index, index}); }
  void truncate_from(Index index);
  /// Forgets what only entries before `index` had use for.
  void release_up_to(Index index);

 private:
  std::map<Index, std::optional<Configuration>> places_;
  IndexRanges doubtful_;
};

}  // namespace lockstep::consensus
