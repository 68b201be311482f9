#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "lockstep/buffer.hpp"
#include "lockstep/loopback_network.hpp"
#include "lockstep/runtime.hpp"
#include "transport/recent_messages.hpp"

namespace lockstep::transport {

/// One direction between two nodes, with its faults; it outlives the connections that lead over it.
/// Not thread-safe.
class LoopbackLine {
 public:
  bool is_cut = false;
  /// Faults that happen once: the bit to flip, the part to break at.
  std::optional<std::uint64_t> flip_in_next_frame;
  std::optional<std::uint64_t> flip_in_next_entry_frame;
  bool breaks_in_next_part = false;
  RecentMessages recent;

  [[nodiscard]] const LinkFaults& faults() const { return faults_; }
  void set_faults(const LinkFaults& faults);
  /// All but the cut.
  void clear_faults();

  [[nodiscard]] std::chrono::nanoseconds draw_delay(Runtime& chance) const;
  /// True: one bit of the frame has been flipped.
  bool damage(SharedBuffer& frame, Runtime& chance);
  /// The connection is to break instead of carrying this frame. Says so once.
  [[nodiscard]] bool breaks_at(const SharedBuffer& frame);

 private:
  [[nodiscard]] std::optional<std::uint64_t> draw_flip(ByteSpan frame, Runtime& chance);

  LinkFaults faults_;
};

}  // namespace lockstep::transport
