#pragma once

#include <cstdint>

#include "lockstep/buffer.hpp"

namespace lockstep::transport {

/// The frame carries entries, or a part of one.
[[nodiscard]] bool carries_entries(ByteSpan frame);

/// A copy of the frame with one bit flipped, at `bit` modulo its length in bits.
[[nodiscard]] SharedBuffer flip_bit(ByteSpan frame, std::uint64_t bit);

}  // namespace lockstep::transport
