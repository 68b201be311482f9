#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "benchmark/limits/bare_run.hpp"
#include "benchmark/limits/calibration.hpp"

namespace lockstep::benchmark {

/// What one part of the machine alone would let through.
struct Bound {
  std::string name;
  double entries_per_s = 0;
};

/// Hashing on all processors, the disk with three writers, loopback to two followers, and, where
/// few are in flight, one hop there, one durable write and one hop back. Of what the settings use.
[[nodiscard]] std::vector<Bound> bounds(const Calibration& calibration,
                                        const BareSettings& settings, const BareResult& run);

/// A bare pipeline's run, and whether it is fit to be a limit.
struct Limit {
  BareResult run;
  Bound tightest;
  double share_of_tightest = 0;  ///< what the run made of it
  /// It reached 0.7 of the tightest bound; or else of what the processors could do if they did
  /// nothing but hash, copy through loopback and write, as calibrated: the parts are in `profile`.
  bool honest = false;
  double share_of_processors = 0;
  /// Processor time of an entry, of all three processes: by calibration, and as it was.
  struct Profile {
    double hash_us = 0, loopback_us = 0, disk_us = 0, measured_us = 0, of_it_in_kernel_us = 0;
  } profile;
};
inline constexpr double kLeastHonestShare = 0.7;

[[nodiscard]] Limit judge(const Calibration& calibration, const BareSettings& settings,
                          const BareResult& run);

/// One line; begins with "limit not honest" if it is not.
[[nodiscard]] std::string to_string(const Limit& limit);
[[nodiscard]] nlohmann::json to_json(const BareResult& run);
[[nodiscard]] nlohmann::json to_json(const Limit& limit);

}  // namespace lockstep::benchmark
