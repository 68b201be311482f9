#pragma once

#include "lockstep/buffer.hpp"
#include "wire/raw_frame.hpp"

namespace lockstep::fuzz {

/// Besides the checksum, which always is.
struct Repairs {
  bool entry_digests = false;
  /// Magic, version, and lengths as far as they follow from the others.
  bool lengths = false;
};

/// What stands between a mutation of a frame and the code behind it is put right.
[[nodiscard]] wire::Bytes repaired(ByteSpan bytes, Repairs repairs);

}  // namespace lockstep::fuzz
