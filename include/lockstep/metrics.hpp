#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>

#include "lockstep/error.hpp"
#include "lockstep/export.hpp"
#include "lockstep/message_type.hpp"
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

/// Messages of one type, and the bytes of their frames.
struct TypeCounters {
  std::uint64_t messages_sent = 0;
  std::uint64_t bytes_sent = 0;
  std::uint64_t messages_received = 0;
  std::uint64_t bytes_received = 0;

  LOCKSTEP_EXPORT void add(const TypeCounters& other);
};

/// Counters of one peer, or the sum over all. They never go backwards, except the `queued_` ones
/// and `connected_for`. Those of a peer that was ever configured last as long as the transport, of
/// others that were connected 256 are kept.
struct PeerCounters {
  /// Messages whose every byte the operating system has taken.
  std::uint64_t messages_sent = 0;
  /// Messages handed over, and those that nobody handled.
  std::uint64_t messages_received = 0;
  std::uint64_t bytes_sent = 0;      ///< of whole frames, those of the handshake too
  std::uint64_t bytes_received = 0;  ///< of whole frames, those of the handshake too
  /// By type, the types that were seen. The first 32 of the host's own have a row each; the others
  /// share the row of type 65535.
  std::map<MessageType, TypeCounters> by_type;

  std::uint64_t sends_failed = 0;  ///< refused at once, or accepted and not written
  std::map<Errc, std::uint64_t> sends_failed_by_reason;
  std::uint64_t handshake_failures = 0;
  std::map<Errc, std::uint64_t> handshake_failures_by_reason;
  std::uint64_t checksum_rejections = 0;  ///< frame checksums and entry digests that did not match
  std::uint64_t protocol_errors = 0;      ///< anything else that a peer may not send
  std::uint64_t dials_failed = 0;

  std::uint64_t connections = 0;  ///< handshakes completed
  std::uint64_t reconnects = 0;   ///< handshakes completed after the first
  /// Of one peer: how long its present connection has been up, 0 without one. In a sum: 0.
  std::chrono::nanoseconds connected_for{0};

  // What was accepted and is not written yet, now and at its most. Bytes are those of the budgets:
  // of the frames, and 512 for each frame, which is what holding it costs.
  std::uint64_t queued_messages = 0;
  std::uint64_t queued_bytes = 0;
  std::uint64_t max_queued_messages = 0;
  std::uint64_t max_queued_bytes = 0;

  /// Payload bytes of entries that went to the socket from the memory that the sender gave, and
  /// that were handed over in the memory that the socket was read into.
  std::uint64_t payload_bytes_sent = 0;
  std::uint64_t payload_bytes_received = 0;
  /// Payload bytes of entries that the transport copied between the socket and a message: those of
  /// entries in parts, which are put together. The mask of a dialling WebSocket is not among them.
  std::uint64_t payload_bytes_copied = 0;

  Histogram round_trip;        ///< of keep-alive pings
  Histogram connection_setup;  ///< from the dial, or its arrival, to the end of the handshake

  LOCKSTEP_EXPORT void add(const PeerCounters& other);
};

struct NetworkMetrics {
  PeerCounters total;  ///< includes connections that were refused before a peer was known, and
                       ///< peers since removed
  std::map<NodeId, PeerCounters> peers;
  /// Messages turned into frames: one for a broadcast, however many its targets, and one more for
  /// each target with fields of its own.
  std::uint64_t messages_encoded = 0;
  /// Bytes hashed for that. Payloads of entries are not among them: their digests exist already.
  std::uint64_t bytes_hashed = 0;
  std::uint64_t listener_exceptions = 0;  ///< exceptions that left a host's handler or listener
  std::uint64_t unhandled_messages = 0;   ///< received, and dropped for want of a handler
  std::chrono::nanoseconds uptime{0};
};

}  // namespace lockstep
