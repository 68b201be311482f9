#pragma once

#include <cstdint>

#include "lockstep/buffer.hpp"

namespace lockstep::sim {

/// How much of a segment of the log was synced long enough ago that two later writes prove it, of
/// which a crash takes one at most. 0: it is no segment.
[[nodiscard]] std::uint64_t proven_bytes(ByteSpan segment);

}  // namespace lockstep::sim
