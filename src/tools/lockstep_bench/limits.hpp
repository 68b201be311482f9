#pragma once

#include <functional>
#include <nlohmann/json.hpp>

#include "tools/lockstep_bench/options.hpp"

namespace lockstep::bench {

/// What the machine can do, as measured beside a run.
struct Limits {
  /// Before and after the run, how much they differ, and whether it was quiet; null: not measured.
  nlohmann::json calibration{};
  /// What the bare pipeline makes of the same load; null: not measured, or not honest.
  nlohmann::json limit_per_s{};
  /// All that it says of that run.
  nlohmann::json pipeline{};
  /// In one line where the pipeline's time went. Unless it is fit to be a limit, this begins with
  /// "limit not honest".
  std::string verdict{};
  bool honest = true;
  /// False: what was calibrated before and after differs by over 15 %.
  bool quiet = true;
};

/// Calls `run` between two calibrations, with a run of the bare pipeline under the same load.
[[nodiscard]] Limits limits_beside(const Options& options, const ClusterSettings& cluster,
                                   const Load& load, const std::function<void()>& run);

/// Calls `run` between two calibrations; nothing else does the same as it.
[[nodiscard]] Limits calibration_beside(const Options& options, std::size_t payload_bytes,
                                        const std::function<void()>& run);

}  // namespace lockstep::bench
