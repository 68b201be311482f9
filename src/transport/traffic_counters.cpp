#include "transport/traffic_counters.hpp"

namespace lockstep::transport {

void TrafficCounters::record_round_trip(std::chrono::nanoseconds value) {
  const std::lock_guard lock(mutex_);
  round_trip_.record(value);
}

void TrafficCounters::record_connection_setup(std::chrono::nanoseconds value) {
  const std::lock_guard lock(mutex_);
  connection_setup_.record(value);
}

PeerCounters TrafficCounters::snapshot() const {
  const auto read = [](const Counter& counter) { return counter.load(std::memory_order_relaxed); };
  PeerCounters result;
  result.messages_sent = read(messages_sent);
  result.messages_received = read(messages_received);
  result.bytes_sent = read(bytes_sent);
  result.bytes_received = read(bytes_received);
  result.sends_failed = read(sends_failed);
  result.checksum_rejections = read(checksum_rejections);
  result.protocol_errors = read(protocol_errors);
  result.handshake_failures = read(handshake_failures);
  result.connections = read(connections);
  result.reconnects = read(reconnects);
  result.queued_bytes = read(queued_bytes);
  const std::lock_guard lock(mutex_);
  result.round_trip = round_trip_;
  result.connection_setup = connection_setup_;
  return result;
}

}  // namespace lockstep::transport
