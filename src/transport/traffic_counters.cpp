#include "transport/traffic_counters.hpp"

#include <algorithm>

namespace lockstep::transport {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;

std::uint64_t read(const TrafficCounters::Counter& counter) { return counter.load(kRelaxed); }

void raise_to(TrafficCounters::Counter& most, std::uint64_t value) {
  if (value > read(most)) most.store(value, kRelaxed);
}

std::map<Errc, std::uint64_t> by_reason(const TrafficCounters::Reasons& reasons) {
  std::map<Errc, std::uint64_t> result;
  for (std::size_t i = 0; i < reasons.size(); ++i) {
    if (const auto n = read(reasons[i])) result.emplace(static_cast<Errc>(i), n);
  }
  return result;
}

std::uint64_t sum(const std::map<Errc, std::uint64_t>& reasons) {
  std::uint64_t result = 0;
  for (const auto& [reason, n] : reasons) result += n;
  return result;
}

}  // namespace

TrafficCounters::TypeRow& TrafficCounters::row_of(MessageType type) {
  const auto number = static_cast<std::size_t>(type);
  if (!is_host_type(type)) return rows_[std::min(number, kLibraryRows - 1)];
  const auto own = number - static_cast<std::size_t>(MessageType::kHostFirst);
  return rows_[kLibraryRows + std::min(own, kHostRows)];
}

MessageType TrafficCounters::type_of(std::size_t row) {
  if (row < kLibraryRows) return static_cast<MessageType>(row);
  if (row == kLibraryRows + kHostRows) return static_cast<MessageType>(0xFFFF);
  return host_message_type(static_cast<std::uint16_t>(row - kLibraryRows));
}

void TrafficCounters::count_sent(MessageType type, std::uint64_t bytes) {
  TypeRow& row = row_of(type);
  row.messages_sent.fetch_add(1, kRelaxed);
  row.bytes_sent.fetch_add(bytes, kRelaxed);
}

void TrafficCounters::count_received(MessageType type, std::uint64_t bytes) {
  TypeRow& row = row_of(type);
  row.messages_received.fetch_add(1, kRelaxed);
  row.bytes_received.fetch_add(bytes, kRelaxed);
}

void TrafficCounters::count_reason(Reasons& reasons, const Error& reason) {
  const bool ours = reason.code.category() == lockstep_category();
  const auto code = static_cast<std::size_t>(ours ? reason.code.value()
                                                  : static_cast<int>(Errc::kConnectionLost));
  reasons[std::min(code, reasons.size() - 1)].fetch_add(1, kRelaxed);
}

void TrafficCounters::record_round_trip(std::chrono::nanoseconds value) {
  const std::lock_guard lock(mutex_);
  round_trip_.record(value);
}

void TrafficCounters::record_connection_setup(std::chrono::nanoseconds value) {
  const std::lock_guard lock(mutex_);
  connection_setup_.record(value);
}

void TrafficCounters::enqueue(std::uint64_t bytes) {
  raise_to(max_queued_messages_, queued_messages_.fetch_add(1, kRelaxed) + 1);
  raise_to(max_queued_bytes_, queued_bytes_.fetch_add(bytes, kRelaxed) + bytes);
}

void TrafficCounters::dequeue(std::uint64_t bytes) {
  queued_messages_.fetch_sub(1, kRelaxed);
  queued_bytes_.fetch_sub(bytes, kRelaxed);
}

PeerCounters TrafficCounters::snapshot(std::chrono::nanoseconds now) const {
  PeerCounters result;
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    TypeCounters row;
    row.messages_sent = read(rows_[i].messages_sent);
    row.bytes_sent = read(rows_[i].bytes_sent);
    row.messages_received = read(rows_[i].messages_received);
    row.bytes_received = read(rows_[i].bytes_received);
    if (row.messages_sent + row.messages_received == 0) continue;
    result.messages_sent += row.messages_sent;
    result.messages_received += row.messages_received;
    result.by_type.emplace(type_of(i), row);
  }
  result.bytes_sent = read(bytes_sent);
  result.bytes_received = read(bytes_received);
  result.sends_failed_by_reason = by_reason(sends_failed);
  result.sends_failed = sum(result.sends_failed_by_reason);
  result.handshake_failures_by_reason = by_reason(handshake_failures);
  result.handshake_failures = sum(result.handshake_failures_by_reason);
  result.checksum_rejections = read(checksum_rejections);
  result.protocol_errors = read(protocol_errors);
  result.dials_failed = read(dials_failed);
  result.connections = read(connections);
  result.reconnects = read(reconnects);
  const std::int64_t up_since = up_since_.load();
  if (up_since != kDown) result.connected_for = now - std::chrono::nanoseconds(up_since);
  result.queued_messages = read(queued_messages_);
  result.queued_bytes = read(queued_bytes_);
  result.max_queued_messages = read(max_queued_messages_);
  result.max_queued_bytes = read(max_queued_bytes_);
  result.payload_bytes_sent = read(payload_bytes_sent);
  result.payload_bytes_received = read(payload_bytes_received);
  result.payload_bytes_copied = read(payload_bytes_copied);
  const std::lock_guard lock(mutex_);
  result.round_trip = round_trip_;
  result.connection_setup = connection_setup_;
  return result;
}

}  // namespace lockstep::transport
