#pragma once

#include "lockstep/buffer.hpp"
#include "wire/raw_frame.hpp"

namespace lockstep::fuzz {

/// What stands between a mutation of a frame and the code behind it is put right: magic, version,
/// the lengths as far as they follow from the others, entry digests if wished, and the checksum.
[[nodiscard]] wire::Bytes repaired(ByteSpan bytes, bool with_digests);

}  // namespace lockstep::fuzz
