#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "benchmark/statistics.hpp"
#include "benchmark/wal_log.hpp"
#include "benchmark/wal_scenarios.hpp"

namespace lockstep::benchmark {
namespace {

namespace fs = std::filesystem;

/// A log that is made once and opened as often as wanted, each time as it was made. Its last
/// segment is half full, whatever its size: that is what opening reads.
class GeneratedLog {
 public:
  GeneratedLog(std::string folder, std::size_t mib) : folder_(std::move(folder)) {
    BenchmarkLog log({.folder = folder_, .sync = false});
    std::size_t written_mib = 0;
    for (; written_mib + kSegmentMiB < mib; written_mib += kStepMiB) append(log, kStepMiB);
    while (last_segment_bytes() < kHalfSegment || last_segment_bytes() >= kHalfSegment + kMiB) {
      append(log, 1);
    }
    log.close();
    last_ = log.last();
    for (const auto& file : fs::directory_iterator(folder_)) made_.insert(file.path());
  }

  [[nodiscard]] double open(bool cold) {
    if (cold) forget_pages();
    double seconds = 0;
    {
      BenchmarkLog log({.folder = folder_});
      seconds = log.open_seconds();
      if (log.last() != last_) throw std::runtime_error("the log lost entries");
      log.close();
    }
    // Opening goes on in a fresh segment and changes nothing that was there.
    for (const auto& file : fs::directory_iterator(folder_)) {
      if (!made_.contains(file.path())) fs::remove(file.path());
    }
    return seconds;
  }

 private:
  static constexpr std::size_t kMiB = std::size_t{1} << 20;
  static constexpr std::size_t kSegmentMiB = 64;
  static constexpr std::size_t kHalfSegment = kSegmentMiB / 2 * kMiB;
  static constexpr std::size_t kStepMiB = 16;

  static void append(BenchmarkLog& log, std::size_t mib) {
    constexpr std::size_t kPayloadBytes = std::size_t{64} << 10;
    log.append(log.make_writes(mib * kMiB / kPayloadBytes, 1, kPayloadBytes), 8,
               Caller::kOnExecutor);
  }
  [[nodiscard]] std::size_t last_segment_bytes() const {
    fs::path last;
    for (const auto& file : fs::directory_iterator(folder_)) {
      if (file.path().extension() == ".wal") last = std::max(last, file.path());
    }
    return fs::file_size(last);
  }
  /// What is on the disk need not be in memory.
  void forget_pages() const {
    for (const fs::path& path : made_) {
      const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
      ::fdatasync(descriptor);
      ::posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED);
      ::close(descriptor);
    }
  }

  const std::string folder_;
  Index last_;
  std::set<fs::path> made_;
};

}  // namespace

void opening(Report& report, const WALEffort& effort) {
  const std::string title = "opening a log, segments of 64 MiB";
  const std::string large_name = std::to_string(effort.opened_mib) + " MiB";
  GeneratedLog small(effort.folder + "/small", 100);
  GeneratedLog large(effort.folder + "/large", effort.opened_mib);
  for (const bool cold : {false, true}) {
    std::vector<double> small_ms;
    std::vector<double> large_ms;
    for (int round = -1; round < effort.rounds; ++round) {
      const double a = small.open(cold) * 1e3;
      const double b = large.open(cold) * 1e3;
      if (round < 0) continue;
      small_ms.push_back(a);
      large_ms.push_back(b);
    }
    const std::string cache = cold ? "cold" : "cached";
    const auto add = [&](const std::string& name, const std::vector<double>& ms) {
      report.add(title, with(name + ", " + cache, {"fdatasync", "64 KiB", "none", "1 thread"}),
                 {{"p50_ms", median(ms)}, {"max_ms", quantile(ms, 1)}});
    };
    add("100 MiB", small_ms);
    add(large_name, large_ms);
    report.judge(title, large_name + " over 100 MiB, " + cache, median(large_ms) / median(small_ms),
                 Report::Is::kAtMost, 2);
  }
}

}  // namespace lockstep::benchmark
