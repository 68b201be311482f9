#pragma once

#include <cstddef>

#include "benchmark/pair.hpp"

namespace lockstep::benchmark {

struct RoundTrips {
  double p50_us = 0;
  double p99_us = 0;
  /// Of the whole process, so of both ends, for one message each way.
  double cpu_us = 0;
};

/// One message at a time to the acceptor, which answers with the same payload.
[[nodiscard]] RoundTrips measure_round_trips(IPair& pair, std::size_t payload_bytes,
                                             std::size_t count);

struct Throughput {
  double messages_per_s = 0;
  double mb_per_s = 0;  ///< of payload, 1 MB = 1,000,000 bytes
  /// Of the whole process, so of both ends, for one message.
  double cpu_us = 0;
};

/// `window` messages are queued at most; each that was written makes room for the next. Ends when
/// the receiver has the last.
[[nodiscard]] Throughput measure_one_way(IEnd& from, IEnd& to, std::size_t payload_bytes,
                                         std::size_t count, std::size_t window);

}  // namespace lockstep::benchmark
