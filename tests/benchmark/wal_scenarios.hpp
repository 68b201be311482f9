#pragma once

#include <cstddef>
#include <string>

#include "benchmark/report.hpp"

/// What the write-ahead log is asked, each beside what a plain program does on the same disk in the
/// same run. Errors throw.
namespace lockstep::benchmark {

struct WALEffort {
  /// On the disk that is measured; made before, emptied afterwards.
  std::string folder;
  /// Contestants take turns in slices; each figure is the median of so many.
  int rounds = 9;
  /// How much each slice does, times what is quick.
  std::size_t scale = 1;
  /// The larger of the two logs that `opening` compares.
  std::size_t opened_mib = 1024;
};

/// 256 B, one at a time: on the executor, and from another thread.
void one_at_a_time(Report& report, const WALEffort& effort);
/// 256 B, 64 in flight.
void many_in_flight(Report& report, const WALEffort& effort);
/// 64 KiB.
void large_records(Report& report, const WALEffort& effort);
/// Processor time of an entry, without sync and hashing.
void processor_time(Report& report, const WALEffort& effort);
/// Memory while 1 GiB is appended.
void memory_while_appending(Report& report, const WALEffort& effort);
/// A large log opens about as fast as a small one.
void opening(Report& report, const WALEffort& effort);

/// The four facts that belong to every figure.
struct Facts {
  std::string durability;
  std::string payload;
  std::string batching;
  std::string clients;
};
[[nodiscard]] inline std::string with(const std::string& contestant, const Facts& facts) {
  return contestant + ": " + facts.durability + ", " + facts.payload + ", " + facts.batching +
         ", " + facts.clients;
}

}  // namespace lockstep::benchmark
