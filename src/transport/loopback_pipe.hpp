#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <variant>

#include "lockstep/buffer.hpp"
#include "lockstep/time.hpp"

namespace lockstep::transport {

struct LoopbackPing {
  std::uint64_t number;
};
struct LoopbackPong {
  std::uint64_t number;
};
/// The end of the stream.
struct LoopbackClosed {};
using LoopbackItem = std::variant<SharedBuffer, LoopbackPing, LoopbackPong, LoopbackClosed>;

/// One direction of a connection: what is under way, when it arrives, and when the writer may go
/// on, as with TCP: while neither too much waits for the line nor too much for the reader. Not
/// thread-safe.
class LoopbackPipe {
 public:
  /// Puts an item behind all others. It leaves when the line is free, takes the line for as long as
  /// its bytes do (`bytes_per_second`; 0: no time), and arrives after `delay`, but is not taken
  /// before those that were sent before it.
  void send(LoopbackItem item, MonotonicTime now, std::chrono::nanoseconds delay,
            std::uint64_t bytes_per_second);
  /// What will never arrive; to the writer it looks as if nobody read it.
  void swallow(const LoopbackItem& item);
  /// Neither will what is under way; how many items that is.
  std::size_t lose_all();

  /// The first item, once it has arrived.
  [[nodiscard]] std::optional<LoopbackItem> take(MonotonicTime now);
  [[nodiscard]] std::optional<MonotonicTime> next_arrival() const;
  /// None: not before something is taken.
  [[nodiscard]] std::optional<MonotonicTime> writable_at() const;

 private:
  struct InFlight {
    MonotonicTime arrival;
    LoopbackItem item;
  };

  void occupy_line(std::uint64_t bytes, MonotonicTime now, std::uint64_t bytes_per_second);

  std::deque<InFlight> in_flight_;
  /// Sent and not taken.
  std::size_t unread_bytes_ = 0;
  MonotonicTime line_free_at_{};
  /// Of a nanosecond, in parts of the rate, so that many frames together take no less than one.
  std::uint64_t line_remainder_ = 0;
  MonotonicTime writable_at_{};
};

}  // namespace lockstep::transport
