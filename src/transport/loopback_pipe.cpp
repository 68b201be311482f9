#include "transport/loopback_pipe.hpp"

#include <utility>

namespace lockstep::transport {
namespace {

/// What the receiver may leave unread before the writer has to wait.
constexpr std::size_t kWindowBytes = std::size_t{1} << 20;
/// What may wait for a slow line, as in the kernel's send buffer.
constexpr std::uint64_t kUnsentBytes = 128 * 1024;
constexpr std::uint64_t kNanosecondsPerSecond = 1'000'000'000;

std::size_t size_of(const LoopbackItem& item) {
  const auto* frame = std::get_if<SharedBuffer>(&item);
  return frame != nullptr ? frame->size() : 0;
}

std::chrono::nanoseconds as_duration(std::uint64_t nanoseconds) {
  return std::chrono::nanoseconds{static_cast<std::int64_t>(nanoseconds)};
}

}  // namespace

void LoopbackPipe::occupy_line(std::uint64_t bytes, MonotonicTime now,
                               std::uint64_t bytes_per_second) {
  if (now > line_free_at_) {
    line_free_at_ = now;
    line_remainder_ = 0;
  }
  writable_at_ = now;
  if (bytes_per_second == 0) return;
  const std::uint64_t ticks = bytes * kNanosecondsPerSecond + line_remainder_;
  line_free_at_ += as_duration(ticks / bytes_per_second);
  line_remainder_ = ticks % bytes_per_second;
  writable_at_ =
      line_free_at_ - as_duration(kUnsentBytes * kNanosecondsPerSecond / bytes_per_second);
}

void LoopbackPipe::send(LoopbackItem item, MonotonicTime now, std::chrono::nanoseconds delay,
                        std::uint64_t bytes_per_second) {
  const std::size_t bytes = size_of(item);
  occupy_line(bytes, now, bytes_per_second);
  unread_bytes_ += bytes;
  in_flight_.push_back({line_free_at_ + delay, std::move(item)});
}

void LoopbackPipe::swallow(const LoopbackItem& item) { unread_bytes_ += size_of(item); }

std::size_t LoopbackPipe::lose_all() { return std::exchange(in_flight_, {}).size(); }

std::optional<LoopbackItem> LoopbackPipe::take(MonotonicTime now) {
  if (in_flight_.empty() || in_flight_.front().arrival > now) return std::nullopt;
  LoopbackItem item = std::move(in_flight_.front().item);
  in_flight_.pop_front();
  unread_bytes_ -= size_of(item);
  return item;
}

std::optional<MonotonicTime> LoopbackPipe::next_arrival() const {
  if (in_flight_.empty()) return std::nullopt;
  return in_flight_.front().arrival;
}

std::optional<MonotonicTime> LoopbackPipe::writable_at() const {
  if (unread_bytes_ > kWindowBytes) return std::nullopt;
  return writable_at_;
}

}  // namespace lockstep::transport
