#include <time.h>

#include "benchmark/statistics.hpp"
#include "benchmark/wal_log.hpp"
#include "benchmark/wal_raw_file.hpp"
#include "benchmark/wal_scenarios.hpp"

namespace lockstep::benchmark {
namespace {

constexpr std::size_t kPayloadBytes = 256;
constexpr std::size_t kBatch = 64;

/// Of all threads of the process, in the program and in the kernel.
double processor_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

}  // namespace

void processor_time(Report& report, const WALEffort& effort) {
  const std::string title = "processor time for an entry of 256 B, in batches of 64";
  const std::size_t batches = 1000 * effort.scale;
  const auto entries = static_cast<double>(batches * kBatch);
  BenchmarkLog log({.folder = effort.folder + "/log", .sync = false});
  // As many bytes as a batch has in the log, as one write.
  RawFile file(effort.folder + "/raw", RawFile::Kind::kGrowing, kBatch * (kPayloadBytes + 80));
  std::vector<double> raw_us;
  std::vector<double> log_us;
  for (int round = -1; round < effort.rounds; ++round) {
    double before = processor_seconds();
    file.append(batches);
    const double raw = processor_seconds() - before;
    std::vector<WALWrite> writes = log.make_writes(batches, kBatch, kPayloadBytes);
    before = processor_seconds();
    log.append(std::move(writes), 1, Caller::kOnExecutor);
    const double ours = processor_seconds() - before;
    if (round < 0) continue;
    raw_us.push_back(raw / entries * 1e6);
    log_us.push_back(ours / entries * 1e6);
  }
  log.close();
  const auto facts = [](const char* name) {
    return with(name, {"none", "256 B", "64 a write", "1 in flight"});
  };
  report.add(title, facts("raw, growing"), {{"cpu_us", median(raw_us)}});
  report.add(title, facts("lockstep"),
             {{"cpu_us", median(log_us)}, {"least_us", quantile(log_us, 0)}});
  report.judge(title, "microseconds", median(log_us), Report::Is::kAtMost, 1);
}

}  // namespace lockstep::benchmark
