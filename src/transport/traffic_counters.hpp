#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>

#include "lockstep/metrics.hpp"

namespace lockstep::transport {

/// `PeerCounters` that any thread may bump without a lock; only the histograms, which see a few
/// values a second, have one.
class TrafficCounters {
 public:
  using Counter = std::atomic<std::uint64_t>;

  Counter messages_sent{0};
  Counter messages_received{0};
  Counter bytes_sent{0};
  Counter bytes_received{0};
  Counter sends_failed{0};
  Counter checksum_rejections{0};
  Counter protocol_errors{0};
  Counter handshake_failures{0};
  Counter connections{0};
  Counter reconnects{0};
  Counter queued_bytes{0};

  void record_round_trip(std::chrono::nanoseconds value);
  void record_connection_setup(std::chrono::nanoseconds value);
  [[nodiscard]] PeerCounters snapshot() const;

 private:
  mutable std::mutex mutex_;
  Histogram round_trip_;
  Histogram connection_setup_;
};

/// The counters of one peer, with those of all peers together bumped alongside.
struct CounterPair {
  TrafficCounters& peer;
  TrafficCounters& total;

  void add(TrafficCounters::Counter TrafficCounters::*counter, std::uint64_t n = 1) const {
    (peer.*counter).fetch_add(n, std::memory_order_relaxed);
    (total.*counter).fetch_add(n, std::memory_order_relaxed);
  }
};

}  // namespace lockstep::transport
