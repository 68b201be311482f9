#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace lockstep::benchmark {

struct DiskProbe {
  double p50_us = 0;  ///< of one write and fdatasync
  double mb_per_s = 0;
  double cpu_us = 0;  ///< of the same, mean
};

/// So many processes at once, each with a zero-filled file of its own, one write of `bytes` and one
/// fdatasync after the other; the median process. Throws std::runtime_error.
[[nodiscard]] DiskProbe probe_disk(const std::string& folder, std::size_t processes,
                                   std::size_t bytes, double seconds);

/// What each of these processes does.
inline constexpr std::string_view kDiskProbe = "--bare-disk";
void run_disk_probe(const std::vector<std::string>& words);

}  // namespace lockstep::benchmark
