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

/// Where all processors' time went, an entry's share of it: the parts add up to the whole. What
/// the kernel and the pipeline's own code took was measured; what of it hashing, loopback and disk
/// took is by calibration, and at most what was measured.
struct Profile {
  double hash_us = 0, loopback_us = 0, disk_us = 0;
  double rest_of_kernel_us = 0, own_code_us = 0;
  double idle_us = 0;  ///< or somebody else's
};

/// A bare pipeline's run, and whether it is fit to be a limit.
struct Limit {
  BareResult run;
  Bound tightest;
  double share_of_tightest = 0;  ///< what the run made of it
  /// It reached 0.7 of the tightest bound; or else it kept the processors busy for 0.7 of their
  /// time, which `profile` shows in parts.
  bool honest = false;
  double share_of_processors = 0;
  Profile profile;
};
inline constexpr double kLeastHonestShare = 0.7;

[[nodiscard]] Limit judge(const Calibration& calibration, const BareSettings& settings,
                          const BareResult& run);

/// One line; begins with "limit not honest" if it is not.
[[nodiscard]] std::string to_string(const Limit& limit);
[[nodiscard]] nlohmann::json to_json(const BareResult& run);
[[nodiscard]] nlohmann::json to_json(const Limit& limit);

}  // namespace lockstep::benchmark
