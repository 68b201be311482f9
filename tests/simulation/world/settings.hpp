#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "lockstep/file_wal_manager.hpp"
#include "lockstep/loopback_network.hpp"
#include "lockstep/replication_manager.hpp"

namespace lockstep::sim {

/// What a seed is made of, drawn from it at the beginning.
struct Settings {
  std::uint64_t seed = 0;
  /// Founders of the group...
  std::size_t nodes = 3;
  /// ...and nodes that may become members later, in seeds whose members change.
  std::size_t spares = 0;
  bool members_change = false;
  /// Under faults; and then without, until all must be well.
  std::chrono::nanoseconds faults_last{};
  std::chrono::nanoseconds settling_limit{};

  /// What all replicas have alike, but for names.
  ReplicaOptions replica;
  FileWALOptions wal;
  std::chrono::nanoseconds slowest_sync{};
  std::uint64_t engine_flushes_one_in = 1;

  std::size_t clients = 0;
  std::size_t keys = 0;
  std::size_t operations = 0;

  /// Of a fault of each kind that the seed has, the mean time between two.
  std::chrono::nanoseconds mean_between_faults{};
  /// How many kinds, of a hundred, the seed does without.
  std::uint64_t kinds_left_out_percent = 0;
  LinkFaults links;
  /// 0: nobody asks for any.
  std::chrono::nanoseconds mean_between_changes{};
};

[[nodiscard]] Settings draw_settings(std::uint64_t seed);
/// One line, for people.
[[nodiscard]] std::string to_string(const Settings& settings);

}  // namespace lockstep::sim
