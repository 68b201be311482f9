#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "demo_engine.hpp"

namespace lockstep_demo {

struct Check {
  std::string name;
  bool held = false;
  std::string detail;
};

struct NodeSummary {
  std::string id;
  EngineReport engine;
};

/// What the demo found out.
struct Summary {
  std::uint64_t entries = 0;
  std::uint64_t repeated_sequence_numbers = 0;
  std::uint64_t deliveries = 0;
  std::uint64_t expected_deliveries = 0;
  bool converged = false;
  std::chrono::nanoseconds latency_p50{0};
  std::chrono::nanoseconds latency_p99{0};
  double throughput_per_s = 0;
  std::uint64_t payload_bytes = 0;
  std::uint64_t failed_replications = 0;
  std::uint64_t checksum_rejections = 0;
  std::uint64_t lost_acknowledged_writes = 0;
  std::uint64_t reconnects = 0;
  std::uint64_t heartbeats = 0;
  std::uint64_t elections = 0;  ///< won, by all nodes together
  std::uint64_t snapshots = 0;  ///< installed, by all nodes together
  /// From the killing of the leader to the next committed write; none under assigned leadership.
  std::optional<std::chrono::nanoseconds> failover{};
  std::vector<NodeSummary> nodes;
  std::vector<Check> checks;

  [[nodiscard]] bool all_held() const;
};

void print_table(std::ostream& out, const Summary& summary);
/// One line.
void print_json(std::ostream& out, const Summary& summary);

}  // namespace lockstep_demo
