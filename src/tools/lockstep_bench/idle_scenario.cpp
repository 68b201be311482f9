// What a group costs in which nothing is written.
#include <chrono>
#include <thread>

#include "tools/lockstep_bench/process_statistics.hpp"
#include "tools/lockstep_bench/scenarios.hpp"

namespace lockstep::bench {

using nlohmann::json;

namespace {

json measure_idle(const Options& options) {
  Cluster cluster(options.cluster, options.folder);
  const std::size_t leader = cluster.await_leader();
  const auto pass = [](double seconds) {
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  };
  const auto cpu_ns = [&](std::size_t place) {
    return cluster.node(place).ask("counters").at("cpu_ns").get<double>();
  };
  pass(options.warmup_s);
  std::vector<double> before;
  for (std::size_t i = 0; i < cluster.size(); ++i) before.push_back(cpu_ns(i));
  pass(options.duration_s);
  json percent = json::array();
  json resident = json::array();
  for (std::size_t i = 0; i < cluster.size(); ++i) {
    percent.push_back((cpu_ns(i) - before[i]) * 1e-9 / options.duration_s * 100);
    resident.push_back(resident_memory(cluster.node(i).process()).now_mib);
  }
  json row = {{"cpu_percent_of_a_core", percent},
              {"rss_mib", resident},
              {"leader", leader},
              {"seconds", options.duration_s}};
  row["facts"] = facts_of(options.cluster, options.load);
  row["facts"]["payload"] = "none";
  row["facts"]["batching"] =
      "heartbeats each " + std::to_string(options.cluster.node.heartbeat_ms) + " ms";
  row["facts"]["clients"] = "none";
  return row;
}

}  // namespace

void idle(const Options& options, Report& report) {
  json row;
  const Limits limits =
      calibration_beside(options, options.load.payload_bytes, [&] { row = measure_idle(options); });
  add_limits(row, limits);
  report.add("idle", std::move(row));
}

}  // namespace lockstep::bench
