#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "benchmark/statistics.hpp"
#include "benchmark/wal_log.hpp"
#include "benchmark/wal_raw_file.hpp"
#include "benchmark/wal_scenarios.hpp"

namespace lockstep::benchmark {
namespace {

/// Somebody who appends records; they take turns.
struct Contestant {
  std::string name;
  std::function<Appended(std::size_t count)> append;
  std::size_t count = 0;
};

/// One round that does not count, then `rounds` in turns. Returns the median rates.
std::vector<double> take_turns(Report& report, const std::string& title, int rounds,
                               std::size_t payload_bytes,
                               const std::vector<Contestant>& contestants) {
  std::vector<std::vector<double>> rates(contestants.size());
  std::vector<std::vector<double>> latencies(contestants.size());
  for (int round = -1; round < rounds; ++round) {
    for (std::size_t i = 0; i < contestants.size(); ++i) {
      const Appended slice = contestants[i].append(contestants[i].count);
      if (round < 0) continue;
      rates[i].push_back(static_cast<double>(contestants[i].count) / slice.seconds);
      latencies[i].insert(latencies[i].end(), slice.latencies.begin(), slice.latencies.end());
    }
  }
  std::vector<double> medians;
  for (std::size_t i = 0; i < contestants.size(); ++i) {
    medians.push_back(median(rates[i]));
    report.add(title, contestants[i].name,
               {{"per_s", medians[i]},
                {"mb_per_s", medians[i] * static_cast<double>(payload_bytes) / 1e6},
                {"p50_us", quantile(latencies[i], 0.5) * 1e6},
                {"p99_us", quantile(latencies[i], 0.99) * 1e6}});
  }
  return medians;
}

Contestant raw(const WALEffort& effort, RawFile::Kind kind, const std::string& payload,
               std::size_t payload_bytes, std::size_t count) {
  const bool growing = kind == RawFile::Kind::kGrowing;
  const std::string name = growing ? "raw, growing" : "raw, zero-filled";
  auto file = std::make_shared<RawFile>(effort.folder + (growing ? "/growing" : "/zero-filled"),
                                        kind, payload_bytes);
  return {with(name, {"fdatasync", payload, "1 a sync", "1 thread"}),
          [file](std::size_t records) { return file->append_and_sync(records); }, count};
}

Contestant lockstep(const std::shared_ptr<BenchmarkLog>& log, Caller caller,
                    const std::string& payload, std::size_t payload_bytes, std::size_t in_flight,
                    std::size_t count) {
  const bool here = caller == Caller::kOnExecutor;
  const std::string clients = std::to_string(in_flight) + " in flight";
  return {with(here ? "lockstep" : "lockstep, across threads",
               {"fdatasync", payload, in_flight == 1 ? "1 a sync" : "by the log", clients}),
          [=](std::size_t records) {
            return log->append(log->make_writes(records, 1, payload_bytes), in_flight, caller);
          },
          count};
}

std::shared_ptr<BenchmarkLog> new_log(const WALEffort& effort) {
  return std::make_shared<BenchmarkLog>(BenchmarkLog::Options{.folder = effort.folder + "/log"});
}

}  // namespace

void one_at_a_time(Report& report, const WALEffort& effort) {
  const std::string title = "one append at a time, 256 B";
  const std::size_t count = 300 * effort.scale;
  const auto log = new_log(effort);
  const auto rates = take_turns(report, title, effort.rounds, 256,
                                {raw(effort, RawFile::Kind::kGrowing, "256 B", 256, count),
                                 raw(effort, RawFile::Kind::kZeroFilled, "256 B", 256, count),
                                 lockstep(log, Caller::kOnExecutor, "256 B", 256, 1, count),
                                 lockstep(log, Caller::kOtherThread, "256 B", 256, 1, count)});
  log->close();
  using Is = Report::Is;
  report.judge(title, "on the log's executor, times raw growing", rates[2] / rates[0], Is::kAtLeast,
               0.9);
  report.judge(title, "across threads, times raw growing", rates[3] / rates[0], Is::kAtLeast, 0.6);
}

void many_in_flight(Report& report, const WALEffort& effort) {
  const std::string title = "64 appends in flight, 256 B";
  const std::size_t count = 300 * effort.scale;
  const auto log = new_log(effort);
  const auto rates =
      take_turns(report, title, effort.rounds, 256,
                 {raw(effort, RawFile::Kind::kGrowing, "256 B", 256, count),
                  raw(effort, RawFile::Kind::kZeroFilled, "256 B", 256, count),
                  lockstep(log, Caller::kOnExecutor, "256 B", 256, 64, 40 * count),
                  lockstep(log, Caller::kOtherThread, "256 B", 256, 64, 40 * count)});
  log->close();
  report.judge(title, "by callback, times raw growing", rates[2] / rates[0], Report::Is::kAtLeast,
               20);
  report.judge(title, "by callback across threads, times raw growing", rates[3] / rates[0],
               Report::Is::kAtLeast, 20);
}

void large_records(Report& report, const WALEffort& effort) {
  const std::string title = "64 KiB records";
  constexpr std::size_t kBytes = std::size_t{64} << 10;
  const std::size_t count = 400 * effort.scale;
  const auto log = new_log(effort);
  const auto rates = take_turns(report, title, effort.rounds, kBytes,
                                {raw(effort, RawFile::Kind::kGrowing, "64 KiB", kBytes, count),
                                 raw(effort, RawFile::Kind::kZeroFilled, "64 KiB", kBytes, count),
                                 lockstep(log, Caller::kOnExecutor, "64 KiB", kBytes, 1, count),
                                 lockstep(log, Caller::kOnExecutor, "64 KiB", kBytes, 8, count)});
  log->close();
  report.judge(title, "one at a time, bandwidth, times raw growing", rates[2] / rates[0],
               Report::Is::kAtLeast, 0.85);
  report.judge(title, "8 in flight, bandwidth, times raw growing", rates[3] / rates[0],
               Report::Is::kAtLeast, 0.85);
}

}  // namespace lockstep::benchmark
