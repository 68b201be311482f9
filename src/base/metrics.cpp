#include "lockstep/metrics.hpp"

#include <algorithm>
#include <bit>

namespace lockstep {
namespace {

// Sixteen buckets a power of two; the first sixteen values have one each.
constexpr std::uint64_t kSubBuckets = 16;
constexpr int kSubBits = 4;

std::size_t bucket_of(std::uint64_t value) {
  if (value < kSubBuckets) return static_cast<std::size_t>(value);
  const int power = static_cast<int>(std::bit_width(value)) - 1 - kSubBits;
  return static_cast<std::size_t>(power) * kSubBuckets + static_cast<std::size_t>(value >> power);
}

std::uint64_t largest_in(std::size_t bucket) {
  if (bucket < kSubBuckets) return bucket;
  const std::size_t power = bucket / kSubBuckets - 1;
  return ((bucket % kSubBuckets + kSubBuckets + 1) << power) - 1;
}

}  // namespace

void Histogram::record(std::chrono::nanoseconds value) {
  value = std::max(value, std::chrono::nanoseconds{0});
  const std::size_t bucket = bucket_of(static_cast<std::uint64_t>(value.count()));
  ++buckets_[std::min(bucket, kBuckets - 1)];
  ++count_;
  sum_ += value;
  max_ = std::max(max_, value);
}

void Histogram::merge(const Histogram& other) {
  for (std::size_t i = 0; i < kBuckets; ++i) buckets_[i] += other.buckets_[i];
  count_ += other.count_;
  sum_ += other.sum_;
  max_ = std::max(max_, other.max_);
}

std::chrono::nanoseconds Histogram::mean() const {
  return count_ == 0 ? std::chrono::nanoseconds{0} : sum_ / static_cast<std::int64_t>(count_);
}

std::chrono::nanoseconds Histogram::quantile(double q) const {
  if (count_ == 0) return std::chrono::nanoseconds{0};
  const double clamped = std::clamp(q, 0.0, 1.0);
  const auto rank = std::max<std::uint64_t>(
      1, static_cast<std::uint64_t>(clamped * static_cast<double>(count_) + 0.999999));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    seen += buckets_[i];
    if (seen >= rank) {
      return std::min(max_, std::chrono::nanoseconds{static_cast<std::int64_t>(largest_in(i))});
    }
  }
  return max_;
}

void TypeCounters::add(const TypeCounters& other) {
  messages_sent += other.messages_sent;
  bytes_sent += other.bytes_sent;
  messages_received += other.messages_received;
  bytes_received += other.bytes_received;
}

void PeerCounters::add(const PeerCounters& other) {
  messages_sent += other.messages_sent;
  messages_received += other.messages_received;
  bytes_sent += other.bytes_sent;
  bytes_received += other.bytes_received;
  for (const auto& [type, counters] : other.by_type) by_type[type].add(counters);
  sends_failed += other.sends_failed;
  for (const auto& [reason, n] : other.sends_failed_by_reason) sends_failed_by_reason[reason] += n;
  handshake_failures += other.handshake_failures;
  for (const auto& [reason, n] : other.handshake_failures_by_reason) {
    handshake_failures_by_reason[reason] += n;
  }
  checksum_rejections += other.checksum_rejections;
  protocol_errors += other.protocol_errors;
  dials_failed += other.dials_failed;
  connections += other.connections;
  reconnects += other.reconnects;
  connected_for = std::chrono::nanoseconds{0};
  queued_messages += other.queued_messages;
  queued_bytes += other.queued_bytes;
  max_queued_messages += other.max_queued_messages;
  max_queued_bytes += other.max_queued_bytes;
  payload_bytes_sent += other.payload_bytes_sent;
  payload_bytes_received += other.payload_bytes_received;
  payload_bytes_copied += other.payload_bytes_copied;
  round_trip.merge(other.round_trip);
  connection_setup.merge(other.connection_setup);
}

}  // namespace lockstep
