#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "lockstep/buffer.hpp"

namespace lockstep::wire {

/// Contiguous bytes that come piece by piece. The memory grows with what came, to at most three
/// times as much; whoever announces much and sends little costs little. What lies in memory that
/// was outgrown is moved along with the pieces that come next, so that no call has much more to do
/// than another: megabytes moved at once would hold up whatever waits for the thread.
class GrowingBuffer {
 public:
  /// `total`: of all pieces together.
  explicit GrowingBuffer(std::size_t total) : total_(total) {}

  /// Precondition: it fits the total.
  void append(ByteSpan piece);
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool is_complete() const { return size_ == total_; }
  [[nodiscard]] std::size_t held_bytes() const { return capacity_ + outgrown_size_; }
  /// Precondition: `is_complete`.
  [[nodiscard]] SharedBuffer take() &&;

 private:
  void grow(std::size_t needed);
  void move_outgrown(std::size_t bytes);

  std::size_t total_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
  std::shared_ptr<std::uint8_t[]> memory_;
  /// Still to be moved, from `moved_` on.
  std::shared_ptr<std::uint8_t[]> outgrown_;
  std::size_t outgrown_size_ = 0;
  std::size_t moved_ = 0;
};

}  // namespace lockstep::wire
