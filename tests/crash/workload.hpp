#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "lockstep/file_wal_manager.hpp"
#include "lockstep/split_mix.hpp"
#include "wal/wal_harness.hpp"

namespace lockstep::testing {

/// One call to a log: a write, or a release.
struct Operation {
  WALWrite write;
  std::optional<Boundary> release;
};

/// What a log must hold, entries by their terms: their bytes follow from index and term.
struct ExpectedLog {
  std::uint64_t first = 1;
  std::vector<std::uint64_t> terms;  // of `first` and those behind it
  std::uint64_t boundary_term = 0;
  HardState hard_state;

  [[nodiscard]] std::uint64_t last() const { return first + terms.size() - 1; }
  [[nodiscard]] std::uint64_t term(std::uint64_t index) const {
    return index < first ? boundary_term : terms[index - first];
  }
  void apply(const Operation& operation);
  [[nodiscard]] static ExpectedLog of(const WALState& state);
  friend bool operator==(const ExpectedLog&, const ExpectedLog&) = default;
};

/// The entry that the workload writes at this place.
[[nodiscard]] Entry workload_entry(std::uint64_t index, std::uint64_t term);

/// What a node does to its log, as fast as it can: appends, changes of leaders with what they
/// truncate, votes, releases. Equal seeds and logs give equal operations.
class Workload {
 public:
  Workload(std::uint64_t seed, ExpectedLog log) : numbers_(seed), log_(std::move(log)) {}
  [[nodiscard]] Operation next();
  /// After all operations given.
  [[nodiscard]] const ExpectedLog& log() const { return log_; }

 private:
  void append(Operation& operation, std::uint64_t count);
  void truncate(Operation& operation);

  SplitMix64 numbers_;
  ExpectedLog log_;
};

/// Small segments, so that the log rolls over all the time.
[[nodiscard]] FileWALOptions workload_options(const std::string& folder);

}  // namespace lockstep::testing
