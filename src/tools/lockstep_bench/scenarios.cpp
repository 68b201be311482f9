#include "tools/lockstep_bench/scenarios.hpp"

#include <algorithm>

namespace lockstep::bench {
namespace {

/// A leader takes no more than this uncommitted (`max_uncommitted_bytes`).
constexpr std::size_t kMaxUncommittedBytes = std::size_t{64} << 20;

Load load_with(const Options& options, std::size_t in_flight) {
  Load load = options.load;
  if (!options.given.contains("--in-flight")) load.in_flight = in_flight;
  return load;
}

std::string size_text(std::size_t bytes) {
  if (bytes >= 1 << 20 && bytes % (1 << 20) == 0) return std::to_string(bytes >> 20) + " MiB";
  if (bytes >= 1 << 10 && bytes % (1 << 10) == 0) return std::to_string(bytes >> 10) + " KiB";
  return std::to_string(bytes) + " B";
}

std::string name_of(const ClusterSettings& cluster, const Load& load) {
  return counted(cluster.nodes, "node") + ", " + size_text(load.payload_bytes) + ", " +
         (load.is_open() ? "at a rate" : std::to_string(load.in_flight) + " in flight");
}

void single(const Options& options, const Load& load, Report& report) {
  run_load(options, options.cluster, load, name_of(options.cluster, load), report);
}

void latency(const Options& options, Report& report) {
  single(options, load_with(options, 1), report);
}

void throughput(const Options& options, Report& report) {
  single(options, load_with(options, 1024), report);
}

void sweep(const Options& options, Report& report) {
  for (const std::size_t payload : {64U, 256U, 1024U, 4096U, 16384U, 65536U, 1048576U}) {
    for (const std::size_t in_flight : {1U, 16U, 128U, 1024U, 4096U}) {
      Load load = options.load;
      load.payload_bytes = payload;
      load.in_flight = in_flight;
      if (payload * in_flight > kMaxUncommittedBytes) continue;
      single(options, load, report);
    }
  }
}

void scale(const Options& options, Report& report) {
  for (const std::size_t nodes : {3U, 5U, 7U}) {
    ClusterSettings cluster = options.cluster;
    cluster.nodes = nodes;
    const Load load = load_with(options, 1024);
    run_load(options, cluster, load, name_of(cluster, load), report);
  }
}

}  // namespace

const std::vector<Scenario>& scenarios() {
  static const std::vector<Scenario> scenarios = {
      {"latency", "one in flight", false, 1, {"--size", "--trials"}, latency},
      {"throughput", "1,024 in flight", false, 1, {"--size", "--trials"}, throughput},
      {"sweep",
       "64 B to 1 MiB, 1 to 4,096 in flight",
       false,
       1,
       {"--payload", "--in-flight", "--rate", "--size", "--trials"},
       sweep},
      {"catch-up",
       "a follower comes back and gets the entries that it has missed",
       false,
       3,
       {"--rate", "--trials"},
       catch_up},
      {"snapshot", "the same, and it gets a snapshot", false, 3, {"--rate", "--trials"}, snapshot},
      {"slow-follower",
       "one follower is frozen while 1,024 are in flight",
       true,
       3,
       {"--size", "--trials"},
       slow_follower},
      {"failover",
       "from a leader's end to the next one's first commit",
       true,
       3,
       {"--payload", "--in-flight", "--rate", "--size"},
       failover},
      {"scale", "3, 5 and 7 nodes", false, 1, {"--nodes", "--size", "--trials"}, scale},
      {"idle",
       "nothing is written",
       true,
       1,
       {"--payload", "--in-flight", "--rate", "--size", "--trials"},
       idle},
  };
  return scenarios;
}

std::optional<std::string> refusal(const Options& options) {
  std::string known;
  for (const Scenario& scenario : scenarios()) {
    known += (known.empty() ? "" : ", ") + std::string(scenario.name);
    if (scenario.name != options.scenario) continue;
    if (scenario.needs_processes && !options.cluster.processes) {
      return options.scenario + " needs --processes";
    }
    if (options.cluster.nodes < scenario.least_nodes) {
      return options.scenario + " needs at least --nodes " + std::to_string(scenario.least_nodes);
    }
    for (const std::string& option : scenario.no_use_for) {
      if (options.given.contains(option)) return options.scenario + " has no use for " + option;
    }
    return std::nullopt;
  }
  return "there is no scenario '" + options.scenario + "', only " + known;
}

void run(const Options& options, Report& report) {
  if (options.scenario.empty()) return single(options, options.load, report);
  for (const Scenario& scenario : scenarios()) {
    if (scenario.name == options.scenario) scenario.run(options, report);
  }
}

void run_load(const Options& options, const ClusterSettings& cluster, const Load& load,
              const std::string& name, Report& report) {
  constexpr int kAttempts = 3;
  for (int attempt = 1;; ++attempt) {
    nlohmann::json row;
    const Limits limits = limits_beside(options, cluster, load, [&] {
      Cluster group(cluster, options.folder);
      row = to_json(measure(group, load, options.warmup_s, options.duration_s));
    });
    row["facts"] = facts_of(cluster, load);
    row["attempts"] = attempt;
    add_limits(row, limits);
    if (limits.quiet || attempt == kAttempts) return report.add(name, std::move(row));
    report.say("  not quiet: what the machine can do has changed meanwhile; once more");
  }
}

}  // namespace lockstep::bench
