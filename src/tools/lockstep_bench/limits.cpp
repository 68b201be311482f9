#include "tools/lockstep_bench/limits.hpp"

#include <optional>

#include "benchmark/limits/limit.hpp"

namespace lockstep::bench {
namespace {

using nlohmann::json;

benchmark::BareDurability bare(Durability durability) {
  switch (durability) {
    case Durability::kFsync:
      return benchmark::BareDurability::kFsync;
    case Durability::kNone:
      return benchmark::BareDurability::kNone;
    case Durability::kMemory:
      break;
  }
  return benchmark::BareDurability::kMemory;
}

/// The bare pipeline is three processes in a closed loop, and commits by majority.
bool has_a_pipeline(const ClusterSettings& cluster, const Load& load) {
  return cluster.nodes == 3 && !load.is_open() && cluster.node.mode == ReplicationMode::kSync;
}

/// `best` is what the machine has shown that it can do.
Limits between_calibrations(const Options& options, std::size_t payload_bytes,
                            benchmark::Calibration& best, const std::function<void()>& run) {
  Limits limits;
  if (!options.calibrate) {
    run();
    return limits;
  }
  benchmark::CalibrationSettings settings;
  settings.folder = options.folder;
  settings.payload_bytes = payload_bytes;
  const benchmark::Calibration before = benchmark::calibrate(settings);
  run();
  const benchmark::Calibration after = benchmark::calibrate(settings);
  const benchmark::Drift drift = benchmark::drift(before, after);
  limits.quiet = drift.share <= benchmark::kMostDrift;
  limits.calibration = {{"before", benchmark::to_json(before)},
                        {"after", benchmark::to_json(after)},
                        {"drift", drift.share},
                        {"drift_of", drift.what}};
  best = benchmark::best_of(before, after);
  return limits;
}

}  // namespace

Limits limits_beside(const Options& options, const ClusterSettings& cluster, const Load& load,
                     const std::function<void()>& run) {
  benchmark::BareSettings settings;
  settings.payload_bytes = load.payload_bytes;
  settings.in_flight = load.in_flight;
  settings.durability = bare(cluster.node.durability);
  settings.folder = options.folder;

  std::optional<benchmark::BareResult> pipeline;
  benchmark::Calibration best;
  Limits limits = between_calibrations(options, load.payload_bytes, best, [&] {
    const bool compares = options.calibrate && has_a_pipeline(cluster, load);
    if (compares) pipeline = benchmark::run_bare_pipeline(settings);
    run();
  });
  if (!pipeline) return limits;
  const benchmark::Limit limit = benchmark::judge(best, settings, *pipeline);
  limits.limit_per_s = pipeline->entries_per_s;
  limits.pipeline = benchmark::to_json(limit);
  limits.verdict = benchmark::to_string(limit);
  limits.honest = limit.honest;
  return limits;
}

Limits calibration_beside(const Options& options, std::size_t payload_bytes,
                          const std::function<void()>& run) {
  benchmark::Calibration best;
  return between_calibrations(options, payload_bytes, best, run);
}

}  // namespace lockstep::bench
