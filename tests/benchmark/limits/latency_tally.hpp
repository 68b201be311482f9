#pragma once

#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <vector>

#include "benchmark/limits/must.hpp"
#include "benchmark/statistics.hpp"

namespace lockstep::benchmark {

/// What was committed since a moment.
class LatencyTally {
 public:
  using Clock = std::chrono::steady_clock;

  /// `syncs`: until now.
  void begin(std::uint64_t syncs) {
    *this = LatencyTally();
    syncs_before_ = syncs;
  }
  void add(std::size_t entries, std::size_t bytes, Clock::duration latency) {
    const double us = std::chrono::duration<double, std::micro>(latency).count();
    latencies_us_.insert(latencies_us_.end(), entries, us);
    ++frames_;
    bytes_ += bytes;
  }
  [[nodiscard]] double seconds() const {
    return std::chrono::duration<double>(Clock::now() - began_).count();
  }
  /// Throws std::runtime_error: nothing was committed.
  [[nodiscard]] nlohmann::json result(std::uint64_t syncs) const {
    must(!latencies_us_.empty(), "nothing was committed in the time given");
    const auto at = [&](double q) { return quantile(latencies_us_, q); };
    return {{"entries", latencies_us_.size()},
            {"seconds", seconds()},
            {"frames", frames_},
            {"bytes", bytes_},
            {"syncs", syncs - syncs_before_},
            {"latency_us", {at(0.5), at(0.9), at(0.99), at(0.999), at(1)}}};
  }

 private:
  Clock::time_point began_ = Clock::now();
  std::vector<double> latencies_us_;
  std::uint64_t frames_ = 0, bytes_ = 0, syncs_before_ = 0;
};

}  // namespace lockstep::benchmark
