#include "summary.hpp"

#include <algorithm>
#include <iomanip>
#include <nlohmann/json.hpp>

namespace lockstep_demo {
namespace {

double microseconds(std::chrono::nanoseconds time) {
  return static_cast<double>(time.count()) / 1e3;
}

}  // namespace

bool Summary::all_held() const {
  return !checks.empty() && std::ranges::all_of(checks, &Check::held);
}

void print_table(std::ostream& out, const Summary& summary) {
  const auto row = [&](const char* name) -> std::ostream& {
    return out << "  " << std::left << std::setw(26) << name << std::right;
  };
  out << std::fixed << std::setprecision(1) << "\nWhat was shown\n";
  for (const Check& check : summary.checks) {
    out << (check.held ? "  ok      " : "  FAILED  ") << check.name;
    if (!check.detail.empty()) out << ": " << check.detail;
    out << "\n";
  }
  out << "\nFigures\n";
  row("entries") << summary.entries << " (" << summary.payload_bytes << " bytes; "
                 << summary.repeated_sequence_numbers
                 << " repeat a sequence number, none dropped)\n";
  row("deliveries") << summary.deliveries << "/" << summary.expected_deliveries << "\n";
  row("SYNC latency") << "p50 " << microseconds(summary.latency_p50) << " us, p99 "
                      << microseconds(summary.latency_p99) << " us\n";
  row("SYNC throughput") << summary.throughput_per_s
                         << " entries/s (fdatasync on every node, 128 in flight, one client)\n";
  row("failed replications") << summary.failed_replications << "\n";
  row("lost acknowledged writes") << summary.lost_acknowledged_writes << "\n";
  row("checksum rejections") << summary.checksum_rejections << "\n";
  row("reconnects") << summary.reconnects << "\n";
  row("heartbeats received") << summary.heartbeats << "\n";
  row("elections") << summary.elections << "\n";
  row("snapshots installed") << summary.snapshots << "\n";
  if (summary.failover) {
    row("failover") << microseconds(*summary.failover) / 1e3
                    << " ms from the leader's end to the next committed write\n";
  }
  out << "\nContents of each node's engine\n";
  for (const NodeSummary& node : summary.nodes) {
    out << "  " << std::left << std::setw(8) << node.id << std::right << node.engine.contents_sha256
        << "  " << node.engine.keys << " keys, " << node.engine.deliveries << " entries applied, "
        << node.engine.rejected << " rejected, " << node.engine.open_transactions
        << " transactions open\n";
  }
  out << (summary.converged ? "  equal on all nodes\n" : "  NOT EQUAL\n") << std::flush;
}

void print_json(std::ostream& out, const Summary& summary) {
  nlohmann::ordered_json json;
  json["entries"] = summary.entries;
  json["deliveries"] = summary.deliveries;
  json["expected_deliveries"] = summary.expected_deliveries;
  json["converged"] = summary.converged;
  for (const NodeSummary& node : summary.nodes) {
    json["state_sha256"][node.id] = node.engine.contents_sha256;
  }
  json["latency_us"] = {{"p50", microseconds(summary.latency_p50)},
                        {"p99", microseconds(summary.latency_p99)}};
  json["throughput_per_s"] = summary.throughput_per_s;
  json["failed_replications"] = summary.failed_replications;
  json["checksum_rejections"] = summary.checksum_rejections;
  json["lost_acknowledged_writes"] = summary.lost_acknowledged_writes;
  json["reconnects"] = summary.reconnects;
  json["heartbeats"] = summary.heartbeats;
  json["elections"] = summary.elections;
  json["snapshots_installed"] = summary.snapshots;
  json["failover_ms"] = nullptr;
  if (summary.failover) json["failover_ms"] = microseconds(*summary.failover) / 1e3;
  for (const NodeSummary& node : summary.nodes) {
    json["rejected_by_engine"][node.id] = node.engine.rejected;
  }
  json["payload_bytes"] = summary.payload_bytes;
  json["repeated_sequence_numbers"] = summary.repeated_sequence_numbers;
  for (const Check& check : summary.checks) {
    json["checks"].push_back(
        {{"name", check.name}, {"held", check.held}, {"detail", check.detail}});
  }
  json["passed"] = summary.all_held();
  out << json.dump() << std::endl;
}

}  // namespace lockstep_demo
