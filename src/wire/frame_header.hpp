#pragma once

#include <cstdint>

#include "lockstep/buffer.hpp"
#include "lockstep/error.hpp"
#include "lockstep/types.hpp"
#include "wire/frame.hpp"

namespace lockstep::wire {

/// The first `kFrameHeaderBytes` of every frame, after magic and version.
struct FrameHeader {
  std::uint16_t type = 0;
  FrameKind kind = FrameKind::kLink;
  /// None is defined yet: 0.
  std::uint8_t flags = 0;
  std::uint8_t source_bytes = 0;
  std::uint8_t target_bytes = 0;
  /// The whole frame, checksum included.
  std::uint32_t frame_bytes = 0;
  GroupId group;
  MessageId message_id;
  std::int64_t timestamp_ms = 0;
  std::uint32_t fields_bytes = 0;
  std::uint32_t entry_count = 0;
  /// Where a part's slice begins in the payload; 0 in other frames.
  std::uint64_t part_offset = 0;

  friend bool operator==(const FrameHeader&, const FrameHeader&) = default;
};

/// Writes `kFrameHeaderBytes` bytes.
void encode_frame_header(const FrameHeader& header, std::uint8_t* out);

/// Checks magic, version and that the frame is as long as it says, no more. Errors: kTruncated,
/// kBadMagic, kBadVersion, kBadLength, kTrailingBytes.
[[nodiscard]] Result<FrameHeader> decode_frame_header(ByteSpan frame);

}  // namespace lockstep::wire
