#pragma once

#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "lockstep/buffer.hpp"

namespace lockstep::transport {

/// Frames binary WebSocket messages (RFC 6455 §5.2), each as one frame, so that several leave in
/// one system call. Beast can write one message at a time only.
class WebSocketFraming {
 public:
  /// A message, in pieces.
  using Message = std::span<const SharedBuffer>;

  /// Who has dialled masks what it sends (§5.3): that costs one pass over it, into memory of this
  /// object. Otherwise the pieces are sent from where they lie.
  explicit WebSocketFraming(bool masks) : masks_(masks) {}

  /// What to send for these messages, in order. It points into them and into this object, which
  /// must be left alone until it is sent.
  [[nodiscard]] std::vector<iovec> frame(std::span<const Message> messages);

 private:
  static constexpr std::size_t kMaxHeaderBytes = 14;

  using MaskKey = std::array<std::uint8_t, 4>;
  static constexpr std::size_t kStockOfKeys = 64;

  [[nodiscard]] std::vector<iovec> frame_masked(std::span<const Message> messages);
  [[nodiscard]] MaskKey next_key();

  bool masks_;
  std::array<MaskKey, kStockOfKeys> keys_{};
  std::size_t keys_used_ = kStockOfKeys;
  std::vector<std::array<std::uint8_t, kMaxHeaderBytes>> headers_;
  std::unique_ptr<std::uint8_t[]> masked_;
  std::size_t masked_capacity_ = 0;
};

}  // namespace lockstep::transport
