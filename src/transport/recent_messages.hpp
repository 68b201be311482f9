#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "lockstep/buffer.hpp"

namespace lockstep::transport {

/// The newest messages that were sent, as their frames, to be sent again. Only whole ones: of a
/// message in parts, all parts. Not thread-safe.
class RecentMessages {
 public:
  /// How many are kept; 0 forgets all.
  void set_limit(std::size_t messages);
  void clear();
  /// A frame has been sent. Those of the handshake are no messages.
  void note(const SharedBuffer& frame);
  /// The parts of a message that was cut short stay behind: a new connection begins.
  void forget_unfinished();

  [[nodiscard]] bool keeps_any() const { return limit_ > 0; }
  [[nodiscard]] std::size_t size() const { return messages_.size(); }
  /// Of all messages, oldest first.
  [[nodiscard]] std::vector<SharedBuffer> frames() const;

 private:
  using Frames = std::vector<SharedBuffer>;

  void keep(Frames message);

  std::size_t limit_ = 0;
  std::deque<Frames> messages_;
  /// By message class: parts of one message are consecutive within it.
  std::array<Frames, 3> unfinished_;
  std::vector<std::uint8_t> entry_headers_;
};

}  // namespace lockstep::transport
