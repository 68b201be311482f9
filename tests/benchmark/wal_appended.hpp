#pragma once

#include <vector>

namespace lockstep::benchmark {

/// What a slice of appends took.
struct Appended {
  double seconds = 0;
  /// Of each, from the call until it is durable, in seconds.
  std::vector<double> latencies;
};

}  // namespace lockstep::benchmark
