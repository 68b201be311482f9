// From a leader's fault to the first write that the next leader has committed.
#include <algorithm>
#include <chrono>
#include <functional>
#include <thread>

#include "benchmark/stall_watch.hpp"
#include "benchmark/statistics.hpp"
#include "tools/lockstep_bench/scenarios.hpp"
#include "tools/lockstep_bench/waiting.hpp"

namespace lockstep::bench {
namespace {

using benchmark::quantile;
using benchmark::StallWatch;
using nlohmann::json;

/// With their names.
using Rows = std::vector<std::pair<std::string, json>>;
using std::chrono::milliseconds;

constexpr milliseconds kStallLimit{100};
constexpr std::chrono::seconds kPatience{20};

struct Fault {
  const char* name;
  std::function<void(Cluster&, std::size_t)> commit;
  std::function<void(Cluster&, std::size_t)> end;
};

const std::vector<Fault>& faults() {
  static const std::vector<Fault> faults = {
      {"killed", [](Cluster& cluster, std::size_t leader) { cluster.end(leader); },
       [](Cluster& cluster, std::size_t leader) { cluster.begin(leader); }},
      {"frozen", [](Cluster& cluster, std::size_t leader) { cluster.freeze(leader); },
       [](Cluster& cluster, std::size_t leader) { cluster.thaw(leader); }},
      {"cut off", [](Cluster& cluster, std::size_t leader) { cluster.node(leader).ask("cut"); },
       [](Cluster& cluster, std::size_t leader) { cluster.node(leader).ask("heal"); }},
  };
  return faults;
}

std::int64_t now_ns() {
  return std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// When another node than `old` had committed a write of its own in a later term.
std::int64_t await_commit(Cluster& cluster, std::size_t old, std::uint64_t term) {
  std::int64_t at_ns = 0;
  await("a next leader", kPatience, [&] {
    for (std::size_t i = 0; i < cluster.size(); ++i) {
      if (i == old) continue;
      const json seen = cluster.node(i).ask("first_commit");
      if (seen.at("term") > term) at_ns = seen.at("at_ns");
    }
    return at_ns != 0;
  });
  return at_ns;
}

/// With logs that are level: who is behind cannot take over, and that is no matter of failover.
std::size_t await_level(Cluster& cluster) {
  std::size_t leader = 0;
  await("a group whose logs are level", kPatience, [&] {
    leader = cluster.await_leader();
    const json last = cluster.node(leader).ask("status").at("last_index");
    for (std::size_t i = 0; i < cluster.size(); ++i) {
      const json status = cluster.node(i).ask("status");
      if (status.at("durable_index") != last || status.at("commit_index") != last) return false;
    }
    return true;
  });
  return leader;
}

ClusterSettings settings_of(const Options& options) {
  ClusterSettings settings = options.cluster;
  settings.node.heartbeat_ms = 50;
  settings.node.election_timeout_min_ms = 150;
  settings.node.election_timeout_max_ms = 300;
  settings.node.releases_log = false;
  settings.node.watches_failover = true;
  return settings;
}

json facts(const ClusterSettings& settings) {
  json facts = facts_of(settings, {});
  facts["payload"] = "5 B";
  facts["batching"] = "none";
  facts["clients"] = "the leader itself, 1 write";
  return facts;
}

/// A trial in which the machine itself stood still is repeated, once each on average: a machine
/// that always does must not go on for ever.
void measure_fault(Cluster& cluster, const Options& options, const Fault& fault, Rows& rows) {
  StallWatch stalls;
  std::vector<double> took_ms;
  std::uint64_t repeated = 0;
  while (took_ms.size() < options.trials) {
    const std::size_t leader = await_level(cluster);
    const std::uint64_t term = cluster.node(leader).ask("status").at("term");
    // Anywhere between two heartbeats.
    std::this_thread::sleep_for(milliseconds(100 + 37 * (took_ms.size() % 11)));
    (void)stalls.take_longest();
    const std::int64_t before = now_ns();
    fault.commit(cluster, leader);
    const std::int64_t committed = await_commit(cluster, leader, term);
    const bool stalled = stalls.take_longest() > kStallLimit;
    fault.end(cluster, leader);
    if (stalled && repeated < options.trials) {
      ++repeated;
    } else {
      took_ms.push_back(static_cast<double>(committed - before) * 1e-6);
    }
  }
  const auto above_1_s = std::ranges::count_if(took_ms, [](double ms) { return ms > 1000; });
  rows.emplace_back(std::string("leader ") + fault.name + ", to the next one's first commit",
                    json({{"ms",
                           {{"min", quantile(took_ms, 0)},
                            {"p10", quantile(took_ms, 0.1)},
                            {"p50", quantile(took_ms, 0.5)},
                            {"p90", quantile(took_ms, 0.9)},
                            {"p99", quantile(took_ms, 0.99)},
                            {"max", quantile(took_ms, 1)}}},
                          {"above_1_s", above_1_s},
                          {"trials", options.trials},
                          {"repeated_for_stalls", repeated},
                          {"facts", facts(settings_of(options))}}));
}

/// All connections of the living leader at once, again and again: nobody is to take over.
void reset_connections(Cluster& cluster, const Options& options, Rows& rows) {
  StallWatch stalls;
  std::uint64_t moved = 0;
  std::uint64_t moved_by_stalls = 0;
  const std::size_t times = options.trials * 10;
  for (std::size_t i = 0; i < times; ++i) {
    const std::size_t leader = cluster.await_leader();
    const auto term = [&] { return cluster.node(leader).ask("status").at("term"); };
    const json before = term();
    (void)stalls.take_longest();
    cluster.node(leader).ask("reset");
    std::this_thread::sleep_for(milliseconds(20 + 13 * (i % 9)));
    if (cluster.await_leader() == leader && term() == before) continue;
    ++(stalls.take_longest() > kStallLimit ? moved_by_stalls : moved);
  }
  rows.emplace_back("all connections of a living leader reset at once",
                    json({{"times", times},
                          {"terms_moved", moved},
                          {"moved_by_stalls", moved_by_stalls},
                          {"facts", facts(settings_of(options))}}));
}

}  // namespace

void failover(const Options& options, Report& report) {
  Rows rows;
  const Limits limits = calibration_beside(options, options.load.payload_bytes, [&] {
    Cluster cluster(settings_of(options), options.folder);
    for (const Fault& fault : faults()) measure_fault(cluster, options, fault, rows);
    reset_connections(cluster, options, rows);
  });
  for (auto& [name, row] : rows) {
    add_limits(row, limits);
    report.add(name, std::move(row));
  }
}

}  // namespace lockstep::bench
