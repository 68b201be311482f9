#pragma once

#include <array>
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
  /// One counter for each `Errc`.
  using Reasons = std::array<Counter, 128>;

  Counter bytes_sent{0};
  Counter bytes_received{0};
  Counter checksum_rejections{0};
  Counter protocol_errors{0};
  Counter dials_failed{0};
  Counter connections{0};
  Counter reconnects{0};
  Counter payload_bytes_sent{0};
  Counter payload_bytes_received{0};
  Counter payload_bytes_copied{0};
  Reasons sends_failed{};
  Reasons handshake_failures{};

  void count_sent(MessageType type, std::uint64_t bytes);
  void count_received(MessageType type, std::uint64_t bytes);
  static void count_reason(Reasons& reasons, const Error& reason);
  void record_round_trip(std::chrono::nanoseconds value);
  void record_connection_setup(std::chrono::nanoseconds value);
  /// Of one peer: a connection is up from `now` on.
  void set_up(std::chrono::nanoseconds now) { up_since_.store(now.count()); }
  void set_down() { up_since_.store(kDown); }

  // Called by one thread at a time.
  void enqueue(std::uint64_t bytes);
  void dequeue(std::uint64_t bytes);

  /// `now`: of the clock of `set_up`.
  [[nodiscard]] PeerCounters snapshot(std::chrono::nanoseconds now) const;

 private:
  struct TypeRow {
    Counter messages_sent{0};
    Counter bytes_sent{0};
    Counter messages_received{0};
    Counter bytes_received{0};
  };
  static constexpr std::int64_t kDown = -1;
  /// Rows of the library's types by their number, then of the host's first ones, then of the rest.
  static constexpr std::size_t kLibraryRows = 32;
  static constexpr std::size_t kHostRows = 32;

  [[nodiscard]] TypeRow& row_of(MessageType type);
  [[nodiscard]] static MessageType type_of(std::size_t row);

  std::array<TypeRow, kLibraryRows + kHostRows + 1> rows_{};
  Counter queued_messages_{0};
  Counter queued_bytes_{0};
  Counter max_queued_messages_{0};
  Counter max_queued_bytes_{0};
  std::atomic<std::int64_t> up_since_{kDown};
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
  void add(TrafficCounters::Reasons TrafficCounters::*reasons, const Error& reason) const {
    TrafficCounters::count_reason(peer.*reasons, reason);
    TrafficCounters::count_reason(total.*reasons, reason);
  }
  void count_sent(MessageType type, std::uint64_t bytes) const {
    peer.count_sent(type, bytes);
    total.count_sent(type, bytes);
  }
  void count_received(MessageType type, std::uint64_t bytes) const {
    peer.count_received(type, bytes);
    total.count_received(type, bytes);
  }
};

}  // namespace lockstep::transport
