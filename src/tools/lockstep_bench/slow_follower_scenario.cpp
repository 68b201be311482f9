// A follower that does not answer any more: what the others still do, and what it costs the leader.
#include <array>
#include <chrono>
#include <thread>

#include "tools/lockstep_bench/process_statistics.hpp"
#include "tools/lockstep_bench/scenarios.hpp"

namespace lockstep::bench {

using nlohmann::json;

namespace {

/// Before a follower is frozen, and after.
std::array<json, 2> measure_both(const Options& options, const Load& load) {
  constexpr int kSamples = 20;
  Cluster cluster(options.cluster, options.folder);
  const std::size_t leader = cluster.await_leader();
  const pid_t process = cluster.node(leader).process();
  Measurement client(cluster, leader, load);
  const auto pass = [](double seconds) {
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  };
  pass(options.warmup_s);
  client.mark();
  pass(options.duration_s);
  const json before = to_json(client.figures());

  cluster.freeze(cluster.follower_of(leader));
  client.mark();
  json memory = json::array();
  for (int i = 0; i < kSamples; ++i) {
    memory.push_back(resident_memory(process).now_mib);
    pass(options.duration_s / kSamples);
  }
  memory.push_back(resident_memory(process).now_mib);
  json after = to_json(client.figures());
  after["leader_rss_mib"] = memory;
  after["seconds_between_samples"] = options.duration_s / kSamples;
  return {before, after};
}

}  // namespace

void slow_follower(const Options& options, Report& report) {
  Load load = options.load;
  if (!options.given.contains("--in-flight")) load.in_flight = 1024;
  std::array<json, 2> rows;
  const Limits limits =
      calibration_beside(options, load.payload_bytes, [&] { rows = measure_both(options, load); });
  const std::array names = {"all followers well", "one follower frozen"};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    rows[i]["facts"] = facts_of(options.cluster, load);
    if (i == 1) {
      json& durability = rows[i]["facts"]["durability"];
      durability = durability.get<std::string>() + ", 1 of them frozen";
    }
    add_limits(rows[i], limits);
    report.add(names[i], std::move(rows[i]));
  }
}

}  // namespace lockstep::bench
