#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "lockstep/export.hpp"
#include "lockstep/types.hpp"

namespace lockstep {

/// Counts of durations in buckets that grow by a sixteenth, from 1 ns to 1,000 s: a quantile is
/// right to within 6.25 %. Plain value: copy it, add two together. Not thread-safe.
class LOCKSTEP_EXPORT Histogram {
 public:
  void record(std::chrono::nanoseconds value);
  void merge(const Histogram& other);

  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] std::chrono::nanoseconds max() const { return max_; }
  [[nodiscard]] std::chrono::nanoseconds mean() const;
  /// The smallest recorded bucket that at least `q` (0 to 1) of the values do not exceed; 0 when
  /// empty.
  [[nodiscard]] std::chrono::nanoseconds quantile(double q) const;

 private:
  static constexpr std::size_t kBuckets = 640;
  std::array<std::uint64_t, kBuckets> buckets_{};
  std::uint64_t count_ = 0;
  std::chrono::nanoseconds sum_{0};
  std::chrono::nanoseconds max_{0};
};

/// Counters of one peer, or the sum over all. They never go backwards, except `queued_bytes`.
struct PeerCounters {
  std::uint64_t messages_sent = 0;
  std::uint64_t messages_received = 0;
  std::uint64_t bytes_sent = 0;
  std::uint64_t bytes_received = 0;
  std::uint64_t sends_failed = 0;
  std::uint64_t checksum_rejections = 0;
  std::uint64_t protocol_errors = 0;
  std::uint64_t handshake_failures = 0;
  std::uint64_t connections = 0;  ///< handshakes completed
  std::uint64_t reconnects = 0;   ///< handshakes completed after the first
  std::uint64_t queued_bytes = 0;
  Histogram round_trip;        ///< of keep-alive pings
  Histogram connection_setup;  ///< from the dial, or its arrival, to the end of the handshake

  LOCKSTEP_EXPORT void add(const PeerCounters& other);
};

struct NetworkMetrics {
  PeerCounters total;  ///< includes connections that were refused before a peer was known, and
                       ///< peers since removed
  std::map<NodeId, PeerCounters> peers;
  std::uint64_t listener_exceptions = 0;  ///< exceptions that left a host's handler or listener
  std::uint64_t unhandled_messages = 0;   ///< received, and dropped for want of a handler
  std::chrono::nanoseconds uptime{0};
};

}  // namespace lockstep
