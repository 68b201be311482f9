#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tools/lockstep_bench/options.hpp"
#include "tools/lockstep_bench/report.hpp"

namespace lockstep::bench {

struct Scenario {
  const char* name;
  const char* what;
  /// Works only with nodes in processes of their own.
  bool needs_processes;
  /// A majority has to go on without one of them.
  std::size_t least_nodes;
  /// Options that would change nothing: refused, rather than taken for what they are not.
  std::vector<std::string> no_use_for;
  void (*run)(const Options& options, Report& report);
};
[[nodiscard]] const std::vector<Scenario>& scenarios();

/// Why the options name no scenario, or one that cannot run with them.
[[nodiscard]] std::optional<std::string> refusal(const Options& options);
/// What the options ask for. Throws std::runtime_error.
void run(const Options& options, Report& report);

/// A load on a fresh cluster beside the machine's limits; repeated, three times at most, when it
/// was not quiet.
void run_load(const Options& options, const ClusterSettings& cluster, const Load& load,
              const std::string& name, Report& report);

// The scenarios that have a file of their own.
void catch_up(const Options& options, Report& report);
void snapshot(const Options& options, Report& report);
void slow_follower(const Options& options, Report& report);
void failover(const Options& options, Report& report);
void idle(const Options& options, Report& report);

}  // namespace lockstep::bench
