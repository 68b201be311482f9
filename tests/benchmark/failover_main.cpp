// From a leader's fault to the first write that the next leader has committed: three processes on
// loopback, logs in files, election time-outs of 150 to 300 ms, heartbeats each 50 ms.
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <iostream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "benchmark/failover_group.hpp"
#include "benchmark/failover_node.hpp"
#include "benchmark/report.hpp"
#include "benchmark/stall_watch.hpp"
#include "benchmark/statistics.hpp"

namespace lockstep::benchmark {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kStallLimit{100};
constexpr std::chrono::seconds kPatience{20};

struct Fault {
  const char* name;
  std::int64_t (FailoverGroup::*commit)(std::size_t node);
  double median_target_ms;
};
constexpr Fault kFaults[] = {{"killed", &FailoverGroup::kill, 120},
                             {"frozen", &FailoverGroup::freeze, 350},
                             {"cut off", &FailoverGroup::cut, 350}};

void measure(FailoverGroup& group, const Fault& fault, int trials, StallWatch& stalls,
             Report& report) {
  const std::string title = "leader to first write of the next one, ms";
  std::vector<double> took_ms;
  double repeated = 0;
  while (took_ms.size() < static_cast<std::size_t>(trials)) {
    const std::size_t leader = group.await_steady();
    const std::uint64_t term = group.term();
    // Anywhere between two heartbeats.
    std::this_thread::sleep_for(milliseconds(100 + 37 * (took_ms.size() % 11)));
    (void)stalls.take_longest();
    const std::int64_t before = (group.*fault.commit)(leader);
    const auto committed = group.await_commit(leader, term, kPatience);
    const bool stalled = stalls.take_longest() > kStallLimit;
    group.restore(leader);
    if (stalled) {
      ++repeated;
    } else if (!committed) {
      throw std::runtime_error("no leader within 20 s");
    } else {
      took_ms.push_back(static_cast<double>(*committed - before) * 1e-6);
    }
  }
  double above_a_second = 0;
  for (const double value : took_ms) above_a_second += value > 1000 ? 1 : 0;
  report.add(title, fault.name,
             {{"min", quantile(took_ms, 0)},
              {"p10", quantile(took_ms, 0.1)},
              {"p50", median(took_ms)},
              {"p90", quantile(took_ms, 0.9)},
              {"p99", quantile(took_ms, 0.99)},
              {"max", quantile(took_ms, 1)},
              {"above_1_s", above_a_second},
              {"repeated_for_stalls", repeated}});
  report.judge(title, std::string(fault.name) + ", median", median(took_ms), Report::Is::kAtMost,
               fault.median_target_ms);
  report.judge(title, std::string(fault.name) + ", above 1 s, of 100",
               above_a_second * 100 / trials, Report::Is::kAtMost, 2);
}

/// All connections of the living leader at once, again and again.
void reset_connections(FailoverGroup& group, int times, StallWatch& stalls, Report& report) {
  double moved = 0;
  double uncounted = 0;
  for (int i = 0; i < times; ++i) {
    const std::size_t leader = group.await_steady();
    const std::uint64_t before = group.term();
    (void)stalls.take_longest();
    group.reset_connections(leader);
    std::this_thread::sleep_for(milliseconds(20 + 13 * (i % 9)));
    const bool has_moved = group.await_steady() != leader || group.term() != before;
    if (!has_moved) continue;
    (stalls.take_longest() > kStallLimit ? uncounted : moved) += 1;
  }
  const std::string title = "all connections of a living leader reset at once";
  report.add(title, std::to_string(times) + " times",
             {{"terms_moved", moved}, {"moved_by_stalls", uncounted}});
  report.judge(title, "terms moved", moved, Report::Is::kAtMost, 0);
}

void idle(const std::string& folder, const std::string& name, FailoverGroup::Times times,
          int seconds, Report& report) {
  FailoverGroup group(folder, times);
  (void)group.await_steady();
  std::this_thread::sleep_for(std::chrono::seconds(1));
  const std::size_t leader = group.await_steady();
  std::vector<std::int64_t> before;
  for (std::size_t i = 0; i < FailoverGroup::kNodes; ++i) before.push_back(group.cpu_ns(i));
  std::this_thread::sleep_for(std::chrono::seconds(seconds));
  double most = 0;
  double of_leader = 0;
  for (std::size_t i = 0; i < FailoverGroup::kNodes; ++i) {
    const double percent = static_cast<double>(group.cpu_ns(i) - before[i]) * 1e-9 / seconds * 100;
    most = std::max(most, percent);
    if (i == leader) of_leader = percent;
  }
  const std::string title = "idle: processor time, % of a core";
  report.add(title, name, {{"leader", of_leader}, {"most_of_a_node", most}});
  report.judge(title, name + ", most of a node", most, Report::Is::kAtMost, 0.5);
}

int run(const std::vector<std::string>& words) {
  int trials = 100;
  int resets = 1000;
  std::string parent = std::filesystem::temp_directory_path();
  for (std::size_t i = 0; i + 1 < words.size(); i += 2) {
    if (words[i] == "--trials") {
      trials = std::stoi(words[i + 1]);
    } else if (words[i] == "--resets") {
      resets = std::stoi(words[i + 1]);
    } else if (words[i] == "--folder") {
      parent = words[i + 1];
    } else {
      throw std::invalid_argument("unknown: " + words[i]);
    }
  }
  if (words.size() % 2 != 0 || trials < 0) {
    throw std::invalid_argument(
        "usage: lockstep-failover-bench [--trials 100] [--resets 1000] [--folder PARENT]");
  }
  std::string folder = parent + "/lockstep-failover-bench-XXXXXX";
  if (::mkdtemp(folder.data()) == nullptr) throw std::runtime_error("cannot make " + folder);
  Report report;
  {
    StallWatch stalls;
    idle(folder + "/default", "heartbeat 200 ms", {200, 1000, 2000}, 10, report);
    idle(folder + "/bench", "heartbeat 50 ms", {}, 10, report);
    FailoverGroup group(folder + "/group", {});
    for (const Fault& fault : kFaults) {
      if (trials > 0) measure(group, fault, trials, stalls, report);
    }
    if (resets > 0) reset_connections(group, resets, stalls, report);
  }
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
  report.print_targets_and_json();
  return 0;
}

}  // namespace
}  // namespace lockstep::benchmark

int main(int argc, char** argv) {
  using namespace lockstep::benchmark;
  const std::vector<std::string> words(argv + 1, argv + argc);
  try {
    if (words.size() == 6 && words[0] == "node") {
      return run_failover_node(words[1], words[2], std::stoi(words[3]), std::stoi(words[4]),
                               std::stoi(words[5]));
    }
    return run(words);
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 2;
  }
}
