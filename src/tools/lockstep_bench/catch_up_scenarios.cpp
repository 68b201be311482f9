// What a follower that comes back costs, alone and beside other writes.
#include <cstdint>
#include <optional>

#include "tools/lockstep_bench/lagging_follower.hpp"
#include "tools/lockstep_bench/scenarios.hpp"

namespace lockstep::bench {
namespace {

using nlohmann::json;

constexpr std::size_t kEntryBytes = 4096;
constexpr std::size_t kFullInFlight = 256;
/// Of the greatest throughput, for the writes beside it.
constexpr double kForegroundShare = 0.25;

/// How a follower falls behind, and by what it comes level again.
enum class Way { kEntries, kSnapshot };

std::uint64_t bytes_of(const Options& options) {
  return static_cast<std::uint64_t>(options.size_mib) << 20;
}

ClusterSettings settings_of(const Options& options, Way way) {
  ClusterSettings settings = options.cluster;
  settings.node.releases_log = false;
  if (way == Way::kSnapshot) settings.node.image_bytes = bytes_of(options);
  return settings;
}

Load load_of(const Options& options) {
  Load load = options.load;
  load.rate_per_s = 0;
  if (!options.given.contains("--payload")) load.payload_bytes = kEntryBytes;
  if (!options.given.contains("--in-flight")) load.in_flight = kFullInFlight;
  return load;
}

void fall_behind(LaggingFollower& follower, const Options& options, Way way) {
  const Load load = load_of(options);
  if (way == Way::kEntries) return follower.miss(load, bytes_of(options) / load.payload_bytes + 1);
  follower.miss(load, 1);
  follower.need_snapshot();
}

/// Until the follower is level again: its entries, or the image.
json arrival(LaggingFollower& follower, const Options& options, Way way) {
  const double seconds = follower.catch_up();
  const double entries = way == Way::kEntries ? static_cast<double>(follower.missed()) : 0;
  const double bytes = way == Way::kEntries
                           ? entries * static_cast<double>(load_of(options).payload_bytes)
                           : static_cast<double>(bytes_of(options));
  json row = {{"seconds", seconds}, {"mb_per_s", bytes * 1e-6 / seconds}};
  // To be held against what the bare pipeline replicates of such entries.
  if (way == Way::kEntries) row["throughput_per_s"] = entries / seconds;
  return row;
}

/// How many times as long it is now; null: one of them is not known.
json ratio(const std::optional<Latency>& before, const std::optional<Latency>& now) {
  if (!before || !now) return nullptr;
  return now->p99_us / before->p99_us;
}

void alone(const Options& options, Way way, const std::string& name, Report& report) {
  const ClusterSettings settings = settings_of(options, way);
  const Load load = load_of(options);
  json row;
  const auto run = [&] {
    Cluster cluster(settings, options.folder);
    LaggingFollower follower(cluster);
    fall_behind(follower, options, way);
    row = arrival(follower, options, way);
  };
  // An image is no load of entries: there is no pipeline to hold it against.
  const Limits limits = way == Way::kEntries ? limits_beside(options, settings, load, run)
                                             : calibration_beside(options, load.payload_bytes, run);
  row["facts"] = facts_of(settings, load);
  row["facts"]["clients"] = "nobody writes meanwhile";
  add_limits(row, limits);
  report.add(name, std::move(row));
}

json measure_beside_writes(const Options& options, Way way) {
  const ClusterSettings settings = settings_of(options, way);
  Cluster cluster(settings, options.folder);
  Load load = load_of(options);
  const Figures most = measure(cluster, load, options.warmup_s, options.duration_s);
  load.rate_per_s = most.throughput_per_s * kForegroundShare;
  const Figures before = measure(cluster, load, options.warmup_s, options.duration_s);
  LaggingFollower follower(cluster);
  fall_behind(follower, options, way);
  Measurement foreground(cluster, follower.leader(), load);
  json row = arrival(follower, options, way);
  const Figures meanwhile = foreground.figures();
  row["foreground"] = {{"rate_per_s", load.rate_per_s},
                       {"before", to_json(before).at("latency_us")},
                       {"meanwhile", to_json(meanwhile).at("latency_us")},
                       {"p99_ratio", ratio(before.latency, meanwhile.latency)},
                       {"overloaded", meanwhile.overloaded},
                       {"unfinished", meanwhile.unfinished}};
  row["facts"] = facts_of(settings, load);
  return row;
}

void beside_writes(const Options& options, Way way, const std::string& name, Report& report) {
  json row;
  const Limits limits = calibration_beside(options, load_of(options).payload_bytes,
                                           [&] { row = measure_beside_writes(options, way); });
  add_limits(row, limits);
  report.add(name, std::move(row));
}

std::string size_of(const Options& options) { return std::to_string(options.size_mib) + " MiB"; }

}  // namespace

void catch_up(const Options& options, Report& report) {
  const std::string name = "a follower that is " + size_of(options) + " of entries behind";
  alone(options, Way::kEntries, name, report);
  beside_writes(options, Way::kEntries, name + ", beside writes", report);
}

void snapshot(const Options& options, Report& report) {
  const std::string name = "a follower that gets a snapshot of " + size_of(options);
  alone(options, Way::kSnapshot, name, report);
  beside_writes(options, Way::kSnapshot, name + ", beside writes", report);
}

}  // namespace lockstep::bench
