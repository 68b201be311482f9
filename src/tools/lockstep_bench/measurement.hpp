#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tools/lockstep_bench/cluster.hpp"
#include "tools/lockstep_bench/load.hpp"

namespace lockstep::bench {

struct Latency {
  double p50_us = 0;
  double p90_us = 0;
  double p99_us = 0;
  double p999_us = 0;
  double max_us = 0;
};

/// What a group and its client did between two moments.
struct Figures {
  double seconds = 0;
  /// Who made the digests of the leader.
  std::string hash;
  /// Committed by a majority.
  double throughput_per_s = 0;
  double mb_per_s = 0;  ///< of payload, 10^6 bytes
  /// None: no write of the client's was even late.
  std::optional<Latency> latency;
  /// By process; threads of one process have one together.
  std::vector<double> cpu_us_per_entry_by_process;
  std::vector<double> peak_rss_mib;
  double cpu_us_per_entry = 0;
  double fsyncs_per_s = 0;          ///< the leader's
  double disk_bytes_per_entry = 0;  ///< the leader's
  double entries_per_frame = 0;
  double wire_bytes_per_entry = 0;  ///< of all nodes together
  std::uint64_t overloaded = 0;
  std::uint64_t unfinished = 0;
  /// Of an open loop: at least 95 % of the writes that were to begin have completed.
  std::optional<bool> rate_reached;
};

/// What a load does to a cluster.
class Measurement {
 public:
  /// The client begins.
  Measurement(Cluster& cluster, std::size_t leader, const Load& load);
  /// It ends.
  ~Measurement();
  Measurement(const Measurement&) = delete;
  Measurement& operator=(const Measurement&) = delete;

  /// From now on is measured.
  void mark();
  /// Whether anything has completed since the mark.
  [[nodiscard]] bool has_seen_any();
  /// Since the mark. Throws when the client was told of failures.
  [[nodiscard]] Figures figures();

 private:
  /// Of each node; null for one that does not run.
  [[nodiscard]] std::vector<nlohmann::json> ask_counters();

  Cluster& cluster_;
  const std::size_t leader_;
  const Load load_;
  std::vector<nlohmann::json> marked_;
};

/// A load for so long, after a warm-up.
[[nodiscard]] Figures measure(Cluster& cluster, const Load& load, double warmup_s,
                              double duration_s);

}  // namespace lockstep::bench
