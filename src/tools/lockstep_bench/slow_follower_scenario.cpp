// A follower that does not answer any more: what the others still do, and what it costs the leader.
#include <chrono>
#include <thread>

#include "tools/lockstep_bench/process_statistics.hpp"
#include "tools/lockstep_bench/scenarios.hpp"

namespace lockstep::bench {

using nlohmann::json;

void slow_follower(const Options& options, Report& report) {
  constexpr int kSamples = 20;
  Load load = options.load;
  if (!options.in_flight_given) load.in_flight = 1024;
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
  json row = to_json(client.figures());
  row["facts"] = facts_of(options.cluster, load);
  report.add("all followers well", std::move(row));

  cluster.freeze(cluster.follower_of(leader));
  client.mark();
  json memory = json::array();
  for (int i = 0; i < kSamples; ++i) {
    memory.push_back(resident_memory(process).now_mib);
    pass(options.duration_s / kSamples);
  }
  memory.push_back(resident_memory(process).now_mib);
  row = to_json(client.figures());
  row["leader_rss_mib"] = memory;
  row["seconds_between_samples"] = options.duration_s / kSamples;
  row["facts"] = facts_of(options.cluster, load);
  report.add("one follower frozen", std::move(row));
}

}  // namespace lockstep::bench
