#include "benchmark/limits/limit.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <thread>

#include "lockstep/entry.hpp"

namespace lockstep::benchmark {
namespace {

constexpr double kNodes = 3;
constexpr double kFollowers = 2;

double processors() { return std::max(1u, std::thread::hardware_concurrency()); }

double wire_mb(const BareResult& run) { return run.wire_bytes_per_entry * 1e-6; }

/// Every node hashes each entry once and each frame's head once.
double hash_us(const Calibration& calibration, const BareSettings& settings,
               const BareResult& run) {
  const double checksummed_bytes =
      run.wire_bytes_per_entry - static_cast<double>(settings.payload_bytes);
  return kNodes * (calibration.hash_entry_us + checksummed_bytes / calibration.hash_one_mb_s);
}

Profile profile_of(const Calibration& calibration, const BareSettings& settings,
                   const BareResult& run) {
  const double kernel_us = run.system_cpu_us_per_entry;
  const double user_us = std::max(0.0, run.cpu_us_per_entry - kernel_us);
  Profile profile;
  profile.hash_us = std::min(hash_us(calibration, settings, run), user_us);
  profile.own_code_us = user_us - profile.hash_us;
  profile.loopback_us = kFollowers * wire_mb(run) * calibration.loopback_cpu_us_per_mb;
  if (settings.durability != BareDurability::kMemory) {
    profile.disk_us = kNodes * wire_mb(run) * calibration.disk_cpu_us_per_mb +
                      run.fsyncs_per_s / run.entries_per_s * calibration.sync_cpu_us;
  }
  const double calibrated_us = profile.loopback_us + profile.disk_us;
  if (calibrated_us > kernel_us) {
    profile.loopback_us *= kernel_us / calibrated_us;
    profile.disk_us *= kernel_us / calibrated_us;
  }
  profile.rest_of_kernel_us = std::max(0.0, kernel_us - calibrated_us);
  profile.idle_us = processors() * 1e6 / run.entries_per_s - run.cpu_us_per_entry;
  return profile;
}

}  // namespace

std::vector<Bound> bounds(const Calibration& calibration, const BareSettings& settings,
                          const BareResult& run) {
  std::vector<Bound> all{
      {"hash on all processors", processors() * 1e6 / hash_us(calibration, settings, run)},
      {"loopback", calibration.loopback_mb_s / (kFollowers * wire_mb(run))}};
  double turn_us = calibration.tcp_round_trip_us;
  if (settings.durability == BareDurability::kFsync) {
    all.push_back({"disk with three writers", calibration.disk_three_mb_s / wire_mb(run)});
    turn_us += calibration.fsync_4k_three_us;
  }
  all.push_back({"one turn for all in flight", static_cast<double>(run.in_flight) * 1e6 / turn_us});
  return all;
}

Limit judge(const Calibration& calibration, const BareSettings& settings, const BareResult& run) {
  const auto lowest = [](const Bound& a, const Bound& b) {
    return a.entries_per_s < b.entries_per_s;
  };
  Limit limit;
  limit.run = run;
  limit.tightest = std::ranges::min(bounds(calibration, settings, run), lowest);
  limit.share_of_tightest = run.entries_per_s / limit.tightest.entries_per_s;
  limit.profile = profile_of(calibration, settings, run);
  limit.share_of_processors = run.entries_per_s * run.cpu_us_per_entry / (processors() * 1e6);
  limit.honest = std::max(limit.share_of_tightest, limit.share_of_processors) >= kLeastHonestShare;
  return limit;
}

std::string to_string(const Limit& limit) {
  std::array<char, 512> text{};
  const Profile& profile = limit.profile;
  std::snprintf(text.data(), text.size(),
                "%s: bare pipeline %.0f/s, %.2f of %.0f/s (%s), busy for %.2f of the processors' "
                "time; of that, us an entry: hash %.2f, loopback %.2f, disk %.2f, rest of kernel "
                "%.2f, own code %.2f, idle %.2f",
                limit.honest ? "limit" : "limit not honest", limit.run.entries_per_s,
                limit.share_of_tightest, limit.tightest.entries_per_s, limit.tightest.name.c_str(),
                limit.share_of_processors, profile.hash_us, profile.loopback_us, profile.disk_us,
                profile.rest_of_kernel_us, profile.own_code_us, profile.idle_us);
  return text.data();
}

nlohmann::json to_json(const BareResult& run) {
  return {{"throughput_per_s", run.entries_per_s},
          {"mb_per_s", run.mb_per_s},
          {"latency_us",
           {{"p50", run.latency_us.p50},
            {"p90", run.latency_us.p90},
            {"p99", run.latency_us.p99},
            {"p999", run.latency_us.p999},
            {"max", run.latency_us.max}}},
          {"cpu_us_per_entry", run.cpu_us_per_entry},
          {"cpu_us_by_process", run.cpu_us_by_process},
          {"system_cpu_us_per_entry", run.system_cpu_us_per_entry},
          {"fsyncs_per_s", run.fsyncs_per_s},
          {"entries_per_frame", run.entries_per_frame},
          {"wire_bytes_per_entry", run.wire_bytes_per_entry},
          {"in_flight", run.in_flight}};
}

nlohmann::json to_json(const Limit& limit) {
  return {{"run", to_json(limit.run)},
          {"honest", limit.honest},
          {"tightest", {{"name", limit.tightest.name}, {"per_s", limit.tightest.entries_per_s}}},
          {"share_of_tightest", limit.share_of_tightest},
          {"share_of_processors", limit.share_of_processors},
          {"profile_us",
           {{"hash", limit.profile.hash_us},
            {"loopback", limit.profile.loopback_us},
            {"disk", limit.profile.disk_us},
            {"rest_of_kernel", limit.profile.rest_of_kernel_us},
            {"own_code", limit.profile.own_code_us},
            {"idle", limit.profile.idle_us}}}};
}

}  // namespace lockstep::benchmark
