#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "lockstep/error.hpp"
#include "tools/lockstep_bench/cluster.hpp"
#include "tools/lockstep_bench/load.hpp"

namespace lockstep::bench {

struct Options {
  bool help = false;
  /// Empty: one run of what the options say.
  std::string scenario;
  ClusterSettings cluster;
  Load load;
  /// The options with a value that were given: of others, scenarios choose the value.
  std::set<std::string> given;
  double duration_s = 10;
  double warmup_s = 2;
  /// How much of the data that a scenario moves is moved, in MiB (catch-up, snapshot).
  std::size_t size_mib = 1024;
  std::size_t trials = 20;
  /// Whether the machine's limits are measured beside the run.
  bool calibrate = true;
  bool json = false;
  /// Where CSV and JSON are written. Empty: nowhere.
  std::string out;
  /// On the disk that is measured.
  std::string folder;
};

/// Errors: kInvalidArgument, in one sentence.
[[nodiscard]] Result<Options> parse(const std::vector<std::string>& words);
[[nodiscard]] std::string help();

}  // namespace lockstep::bench
