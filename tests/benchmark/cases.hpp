#pragma once

#include <cstddef>
#include <optional>
#include <vector>

/// The cases that only Lockstep has.
namespace lockstep::benchmark {

/// Three nodes with a runtime each, listening; all dial both others at once. How long until every
/// one has both, in ms, of each of `meshes`.
[[nodiscard]] std::vector<double> measure_meshes(int meshes);

struct Heartbeats {
  /// From the call to `send_message` to the peer's handler, of those sent and received while an
  /// entry of 16 MiB was under way.
  std::vector<double> latencies_ms;
  double entries_mb_per_s = 0;
};
/// `from_dialler`: who sends the entries and the heartbeats. `receive_buffer_bytes`: none for the
/// transport's default.
[[nodiscard]] Heartbeats measure_heartbeats(std::size_t count, bool from_dialler,
                                            std::optional<int> receive_buffer_bytes = {});

/// Of a process that is one node, in KiB, as the kernel counts it in /proc/self/status.
struct IdleMemory {
  struct Sample {
    double resident = 0;   ///< VmRSS
    double anonymous = 0;  ///< RssAnon: heap and stacks, without the program's own pages
  };
  Sample before;  ///< at the start of main
  Sample alone;   ///< with a manager
  Sample connected;
};
[[nodiscard]] IdleMemory measure_idle_memory(int peers);

/// Processes that are frozen with SIGSTOP at different moments; how long until each is taken for
/// dead, in ms.
[[nodiscard]] std::vector<double> measure_frozen_peers(int ping_interval_ms, int missed_pings,
                                                       int peers);

/// What child processes of this program do.
void run_idle_node(int peers);
void run_peer(int port);

}  // namespace lockstep::benchmark
