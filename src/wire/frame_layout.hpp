#pragma once

#include <cstdint>
#include <vector>

#include "lockstep/buffer.hpp"
#include "lockstep/error.hpp"
#include "wire/frame_header.hpp"

namespace lockstep::wire {

/// Where the sections of a received frame lie. Nothing but lengths is checked yet.
struct FrameLayout {
  FrameHeader header;
  ByteSpan source;
  ByteSpan target;
  ByteSpan fields;
  std::size_t fields_offset = 0;
  /// Entries one after another as header || payload; of a part, the header and the slice.
  ByteSpan entries;
  std::size_t entries_offset = 0;
  ByteSpan digests;
  ByteSpan checksum;
  /// All that comes before the entries.
  ByteSpan before_entries;
};

/// `entry_headers` is cleared and gets the encoded entry headers, which the checksum covers.
/// Errors: those of `decode_frame_header`; kBadLength when lengths and count do not add up to the
/// frame; kBadField when the kind is unknown.
[[nodiscard]] Result<FrameLayout> lay_out(ByteSpan frame, std::vector<std::uint8_t>& entry_headers);

}  // namespace lockstep::wire
