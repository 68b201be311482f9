#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace lockstep::benchmark {

struct CalibrationSettings {
  std::string folder;  ///< on the disk that is measured
  std::size_t payload_bytes = 256;
  double seconds_each = 0.2;
};

/// What this machine can do, part by part, right now. 1 MB = 1,000,000 bytes; latencies are
/// medians.
struct Calibration {
  double hash_one_mb_s = 0;   ///< one stream, by OpenSSL; of processor time, as the next
  double hash_many_mb_s = 0;  ///< entries of the given payload, many at a time, as in use
  double hash_entry_us = 0;   ///< the same for one entry
  // Write and fdatasync into a zero-filled file: by one process, and by three at once.
  double fsync_4k_us = 0;
  double fsync_64k_us = 0;
  double fsync_4k_three_us = 0;
  double fsync_64k_three_us = 0;
  double disk_three_mb_s = 0;          ///< of each of the three, 1 MiB a sync
  double sync_cpu_us = 0;              ///< processor time of one write and fdatasync, to which each
  double disk_cpu_us_per_mb = 0;       ///< MB written adds this
  double tcp_round_trip_us = 0;        ///< 256 B each way, through Asio
  double websocket_round_trip_us = 0;  ///< the same through Beast, each payload hashed and checked
  double loopback_mb_s = 0;            ///< one connection, one way, 64 KiB a call
  double loopback_cpu_us_per_mb = 0;   ///< processor time of that, both ends
};

/// Blocks for some ten times `seconds_each` and two seconds. Throws std::runtime_error.
[[nodiscard]] Calibration calibrate(const CalibrationSettings& settings);

/// The figure in which two calibrations differ most.
struct Drift {
  double share = 0;  ///< of the smaller one
  std::string what;
};
[[nodiscard]] Drift drift(const Calibration& before, const Calibration& after);
/// Over this the machine was not quiet, and what was measured between the two does not count.
inline constexpr double kMostDrift = 0.15;

/// The members by their names.
[[nodiscard]] nlohmann::json to_json(const Calibration& calibration);

/// The better of the two in each figure.
[[nodiscard]] Calibration best_of(const Calibration& one, const Calibration& other);

}  // namespace lockstep::benchmark
