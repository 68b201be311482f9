// The transport beside what the machine can do: raw TCP, bare Beast, Lockstep, in turns, so that
// whatever disturbs the machine hits all alike.
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <thread>

#include "benchmark/cases.hpp"
#include "benchmark/node.hpp"
#include "benchmark/pair.hpp"
#include "benchmark/report.hpp"
#include "benchmark/statistics.hpp"
#include "benchmark/traffic.hpp"

namespace lockstep::benchmark {
namespace {

using Pairs = std::vector<std::unique_ptr<IPair>>;
using Is = Report::Is;
using Figures = std::vector<Report::Figure>;

constexpr std::size_t kWindow = 128;

struct Effort {
  int rounds = 9;
  std::size_t scale = 10;
  int meshes = 200;
  std::size_t heartbeats = 3000;
  bool slow_cases = true;
  std::string only;
  /// For a profiler: this contestant alone, without ratios.
  std::string contestant;
};

void compare(Report& report, const std::string& title, const std::string& what,
             const std::map<std::string, Figures>& results, Is is, double target) {
  const auto ours = results.find("lockstep");
  const auto theirs = results.find("beast");
  if (ours == results.end() || theirs == results.end()) return;
  report.judge(title, what + ", times bare Beast", ours->second[0].value / theirs->second[0].value,
               is, target);
}

/// Runs `measure` on every pair in every round, after a warm-up that does not count; the median of
/// each figure over the rounds.
std::map<std::string, Figures> in_turns(Pairs& pairs, int rounds,
                                        const std::function<Figures(IPair&)>& measure) {
  std::map<std::string, std::vector<Figures>> samples;
  for (int round = -1; round < rounds; ++round) {
    for (const auto& pair : pairs) {
      Figures figures = measure(*pair);
      if (round >= 0) samples[pair->name()].push_back(std::move(figures));
    }
  }
  std::map<std::string, Figures> result;
  for (const auto& [name, taken] : samples) {
    for (std::size_t i = 0; i < taken[0].size(); ++i) {
      std::vector<double> values;
      for (const Figures& figures : taken) values.push_back(figures[i].value);
      result[name].push_back({taken[0][i].name, median(values)});
    }
  }
  return result;
}

void add_all(Report& report, const std::string& title, const Pairs& pairs,
             const std::map<std::string, Figures>& results) {
  for (const auto& pair : pairs) report.add(title, pair->name(), results.at(pair->name()));
}

void round_trips(Report& report, Pairs& pairs, const Effort& effort) {
  const std::string title = "round trip, 256 B";
  const auto results = in_turns(pairs, effort.rounds, [&](IPair& pair) -> Figures {
    const RoundTrips measured = measure_round_trips(pair, 256, 1000 * effort.scale);
    return {{"p50_us", measured.p50_us}, {"p99_us", measured.p99_us}, {"cpu_us", measured.cpu_us}};
  });
  add_all(report, title, pairs, results);
  compare(report, title, "p50", results, Is::kAtMost, 1.3);
}

void one_way(Report& report, Pairs& pairs, const Effort& effort, const std::string& size,
             std::size_t bytes, std::size_t count) {
  for (const bool from_dialler : {true, false}) {
    const std::string title =
        "one way, " + size + (from_dialler ? ", dialler" : ", acceptor") + " sends";
    const auto results = in_turns(pairs, effort.rounds, [&](IPair& pair) -> Figures {
      IEnd& from = from_dialler ? pair.dialler() : pair.acceptor();
      IEnd& to = from_dialler ? pair.acceptor() : pair.dialler();
      const Throughput measured = measure_one_way(from, to, bytes, count, kWindow);
      return {{"messages_per_s", measured.messages_per_s},
              {"mb_per_s", measured.mb_per_s},
              {"cpu_us", measured.cpu_us}};
    });
    add_all(report, title, pairs, results);
    compare(report, title, "rate", results, Is::kAtLeast, 0.8);
  }
}

Figures distribution(const std::string& unit, const std::vector<double>& values) {
  return {{"p50_" + unit, quantile(values, 0.5)},
          {"p99_" + unit, quantile(values, 0.99)},
          {"max_" + unit, quantile(values, 1)}};
}

void meshes(Report& report, const Effort& effort) {
  const std::string title = "three-node mesh, every node dials both others";
  (void)measure_meshes(10);
  const auto values = measure_meshes(effort.meshes);
  report.add(title, "lockstep", distribution("ms", values));
  report.judge(title, "p50 in ms", quantile(values, 0.5), Is::kAtMost, 20);
}

void heartbeats(Report& report, const Effort& effort) {
  for (const bool from_dialler : {true, false}) {
    const std::string title = std::string("heartbeat in the middle of 16 MiB entries, ") +
                              (from_dialler ? "dialler" : "acceptor") + " sends";
    const auto add = [&](const std::string& name, const Heartbeats& measured) {
      Figures figures = distribution("ms", measured.latencies_ms);
      figures.push_back({"entries_mb_per_s", measured.entries_mb_per_s});
      report.add(title, name, figures);
    };
    const Heartbeats measured = measure_heartbeats(effort.heartbeats, from_dialler);
    add("lockstep", measured);
    add("kernel's buffers", measure_heartbeats(effort.heartbeats, from_dialler, 0));
    report.judge(title, "p99 in ms", quantile(measured.latencies_ms, 0.99), Is::kAtMost, 5);
  }
}

void idle_memory(Report& report) {
  const std::string title = "memory of an idle node's process, in KiB (VmRSS; RssAnon)";
  const IdleMemory memory = measure_idle_memory(8);
  const auto add = [&](const std::string& when, const IdleMemory::Sample& sample) {
    report.add(title, when, {{"rss", sample.resident}, {"anonymous", sample.anonymous}});
  };
  add("before", memory.before);
  add("manager, no peer", memory.alone);
  add("8 peers", memory.connected);
}

void frozen_peers(Report& report, const Effort& effort) {
  const std::string title = "time to find a frozen peer";
  const auto measure = [&](const std::string& options, int interval_ms, int missed, int peers) {
    const auto values = measure_frozen_peers(interval_ms, missed, peers);
    report.add(title, options,
               {{"min_ms", quantile(values, 0)},
                {"p50_ms", quantile(values, 0.5)},
                {"max_ms", quantile(values, 1)}});
  };
  measure("3 x 50 ms", 50, 3, 8);
  if (effort.slow_cases) measure("3 x 2 s (default)", 2000, 3, 8);
}

void run(const Effort& effort) {
  Report report;
  report.say(
      "Lockstep network benchmark. Loopback, TCP_NODELAY, both ends in one process with an io\n"
      "thread each; one client; durability none; a message is one write of the application (no\n"
      "batching by the benchmark), at most " +
      std::to_string(kWindow) +
      " queued unsent. raw_tcp: length-prefixed,\n"
      "no hashing. beast: WebSocket, SHA-256 of each payload made and checked. lockstep: public\n"
      "API, payload as data. lockstep_entries: the same bytes as entries of 256 B, hashed\n"
      "beforehand by the sender. Medians of " +
      std::to_string(effort.rounds) +
      " rounds in turns. cpu_us: both ends, for one message\n"
      "(one each way in a round trip). " +
      std::to_string(std::thread::hardware_concurrency()) + " processors.");
  report.fact("benchmark", "lockstep-network");
  report.fact("durability", "none");
  report.fact("clients", 1);
  report.fact("batching", "none by the benchmark; window of " + std::to_string(kWindow));
  report.fact("layout", "both ends in one process, one io thread each, loopback, TCP_NODELAY");
  report.fact("rounds", effort.rounds);
  report.fact("processors", std::thread::hardware_concurrency());
  const auto wanted = [&](const char* name) { return effort.only.empty() || effort.only == name; };
  {
    Pairs pairs;
    const auto enter = [&](const char* name, auto make) {
      if (effort.contestant.empty() || effort.contestant == name) pairs.push_back(make());
    };
    enter("raw_tcp", make_raw_tcp_pair);
    enter("beast", make_beast_pair);
    enter("lockstep", make_lockstep_pair);
    if (wanted("round-trip")) round_trips(report, pairs, effort);
    if (wanted("256B")) one_way(report, pairs, effort, "256 B", 256, 5000 * effort.scale);
    enter("lockstep_entries", make_lockstep_entries_pair);
    if (wanted("16KiB")) one_way(report, pairs, effort, "16 KiB", 16 * 1024, 600 * effort.scale);
    if (wanted("64KiB")) one_way(report, pairs, effort, "64 KiB", 64 * 1024, 200 * effort.scale);
  }
  if (wanted("mesh")) meshes(report, effort);
  if (wanted("heartbeat")) heartbeats(report, effort);
  if (wanted("memory")) idle_memory(report);
  if (wanted("frozen")) frozen_peers(report, effort);
  report.print_targets_and_json();
}

}  // namespace
}  // namespace lockstep::benchmark

int main(int argc, char** argv) try {
  using namespace lockstep::benchmark;
  Effort effort;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    const bool has_value = i + 1 < argc;
    if (word == "--quick") {
      effort = {.rounds = 3,
                .scale = 2,
                .meshes = 50,
                .heartbeats = 500,
                .slow_cases = false,
                .only = effort.only,
                .contestant = effort.contestant};
    } else if (word == "--only" && has_value) {
      effort.only = argv[++i];
    } else if (word == "--contestant" && has_value) {
      effort.contestant = argv[++i];
    } else if (word == "--idle-node" && has_value) {
      return run_idle_node(std::stoi(argv[++i])), 0;
    } else if (word == "--peer" && has_value) {
      return run_peer(std::stoi(argv[++i])), 0;
    } else {
      give_up(
          "usage: lockstep-network-bench [--quick] [--only "
          "round-trip|256B|16KiB|64KiB|mesh|heartbeat|memory|frozen] "
          "[--contestant raw_tcp|beast|lockstep|lockstep_entries]");
    }
  }
  run(effort);
} catch (const std::exception& error) {
  lockstep::benchmark::give_up(error.what());
}
