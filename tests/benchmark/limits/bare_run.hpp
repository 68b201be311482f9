#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/digest.hpp"

/// The bare pipeline (tests/benchmark/bare_pipeline): what a replicated log cannot do without, and
/// nothing else; the limit that Lockstep is held against. Three processes on loopback TCP; a leader
/// that makes and hashes entries, sends them in the frames of docs/wire-format.md and writes them;
/// two followers that check every digest, write, and acknowledge cumulatively; commit by majority.
/// No core, no WebSocket library, no manager.
namespace lockstep::benchmark {

enum class BareDurability {
  kFsync,   ///< written to a zero-filled file, then fdatasync
  kNone,    ///< written, left to the operating system
  kMemory,  ///< no file
};

struct BareSettings {
  std::size_t payload_bytes = 256;
  /// Fewer if together they would exceed 64 MiB, as a replica's uncommitted entries may not either.
  std::size_t in_flight = 1024;
  std::size_t batch = 128;  ///< entries a frame at most; fewer if a frame would exceed 65,000 bytes
  BareDurability durability = BareDurability::kFsync;
  HashBy hash = hash_in_use();
  double seconds = 3;
  double warmup_seconds = 0.5;
  std::string folder;  ///< for the three files; on the disk that is measured

  /// What a process may hold: twice what is in flight, so that one follower may fall behind.
  [[nodiscard]] std::size_t ring_bytes() const {
    return (std::size_t{8} << 20) + 2 * in_flight * (payload_bytes + 256);
  }
};

struct BareLatency {
  double p50 = 0, p90 = 0, p99 = 0, p999 = 0, max = 0;
};

struct BareResult {
  double entries_per_s = 0;
  double mb_per_s = 0;  ///< of payload, 1 MB = 1,000,000 bytes
  BareLatency latency_us;
  double cpu_us_per_entry = 0;                ///< of all three processes
  std::array<double, 3> cpu_us_by_process{};  ///< per entry; the leader first
  double system_cpu_us_per_entry = 0;         ///< of these, in the kernel
  double fsyncs_per_s = 0;                    ///< of all three
  double entries_per_frame = 0;
  double wire_bytes_per_entry = 0;  ///< to one follower
  std::size_t in_flight = 0;        ///< as it was
};

/// Blocks for warm-up and duration. Throws std::runtime_error.
[[nodiscard]] BareResult run_bare_pipeline(const BareSettings& settings);

/// The first thing in the `main` of each program that calls the above: with a value, this process
/// is one of the three, has done its work, and ends with it.
[[nodiscard]] std::optional<int> run_as_bare_process(int argc, char** argv);

// What these do; in tests/benchmark/bare_pipeline.
/// Says its port on stdout; acknowledges until the leader has gone.
void run_bare_follower(const BareSettings& settings, const std::string& name);
/// Says "warm" on stdout, then its result as one line of JSON, and stays until it is killed.
void run_bare_leader(const BareSettings& settings, const std::vector<int>& follower_ports);

}  // namespace lockstep::benchmark
