#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

#include "benchmark/wal_log.hpp"
#include "benchmark/wal_scenarios.hpp"

namespace lockstep::benchmark {
namespace {

double resident_mib() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    double kib = 0;
    if (word == "VmRSS:" && status >> kib) return kib / 1024;
  }
  return 0;
}

}  // namespace

void memory_while_appending(Report& report, const WALEffort& effort) {
  const std::string title = "memory while 1 GiB is appended, RSS in MiB";
  constexpr std::size_t kPayloadBytes = std::size_t{64} << 10;
  constexpr std::size_t kSlices = 16;
  constexpr std::size_t kWritesPerSlice = (std::size_t{1} << 30) / kPayloadBytes / kSlices;
  constexpr std::size_t kWritesAtOnce = 64;
  BenchmarkLog log({.folder = effort.folder + "/log"});
  std::vector<Report::Figure> series;
  for (std::size_t slice = 1; slice <= kSlices; ++slice) {
    for (std::size_t written = 0; written < kWritesPerSlice; written += kWritesAtOnce) {
      log.append(log.make_writes(kWritesAtOnce, 1, kPayloadBytes), 8, Caller::kOnExecutor);
    }
    series.push_back({std::to_string(slice * 64), resident_mib()});
  }
  log.close();
  report.add(title, with("lockstep", {"fdatasync", "64 KiB", "by the log", "8 in flight"}), series);
  // The cache of recent entries (16 MiB) is full after the first slices.
  double most = 0;
  for (std::size_t i = 2; i < series.size(); ++i) most = std::max(most, series[i].value);
  report.judge(title, "growth after the first 128 MiB, in MiB", most - series[1].value,
               Report::Is::kAtMost, 8);
}

}  // namespace lockstep::benchmark
