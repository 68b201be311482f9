#include "wire/frame_header.hpp"

#include <algorithm>
#include <string>

#include "base/byte_codec.hpp"

namespace lockstep::wire {
namespace {

// Where the fields lie.
constexpr std::size_t kMagicAt = 0;
constexpr std::size_t kVersionAt = 4;
constexpr std::size_t kTypeAt = 6;
constexpr std::size_t kKindAt = 8;
constexpr std::size_t kFlagsAt = 9;
constexpr std::size_t kSourceBytesAt = 10;
constexpr std::size_t kTargetBytesAt = 11;
constexpr std::size_t kFrameBytesAt = 12;
constexpr std::size_t kGroupAt = 16;
constexpr std::size_t kMessageIdAt = 24;
constexpr std::size_t kTimestampAt = 40;
constexpr std::size_t kFieldsBytesAt = 48;
constexpr std::size_t kEntryCountAt = 52;
constexpr std::size_t kPartOffsetAt = 56;
static_assert(kPartOffsetAt + sizeof(std::uint64_t) == kFrameHeaderBytes);

FrameHeader read_fields(const std::uint8_t* in) {
  FrameHeader header;
  header.type = load_le<std::uint16_t>(in + kTypeAt);
  header.kind = static_cast<FrameKind>(in[kKindAt]);
  header.flags = in[kFlagsAt];
  header.source_bytes = in[kSourceBytesAt];
  header.target_bytes = in[kTargetBytesAt];
  header.frame_bytes = load_le<std::uint32_t>(in + kFrameBytesAt);
  header.group = GroupId(load_le<std::uint64_t>(in + kGroupAt));
  MessageId::Bytes id;
  std::copy_n(in + kMessageIdAt, id.size(), id.begin());
  header.message_id = MessageId(id);
  header.timestamp_ms = load_le<std::int64_t>(in + kTimestampAt);
  header.fields_bytes = load_le<std::uint32_t>(in + kFieldsBytesAt);
  header.entry_count = load_le<std::uint32_t>(in + kEntryCountAt);
  header.part_offset = load_le<std::uint64_t>(in + kPartOffsetAt);
  return header;
}

std::string length_text(std::size_t got, std::size_t said) {
  return "frame of " + std::to_string(got) + " bytes, its header says " + std::to_string(said);
}

}  // namespace

void encode_frame_header(const FrameHeader& header, std::uint8_t* out) {
  store_le(out + kMagicAt, kFrameMagic);
  store_le(out + kVersionAt, kFrameVersion);
  store_le(out + kTypeAt, header.type);
  out[kKindAt] = static_cast<std::uint8_t>(header.kind);
  out[kFlagsAt] = header.flags;
  out[kSourceBytesAt] = header.source_bytes;
  out[kTargetBytesAt] = header.target_bytes;
  store_le(out + kFrameBytesAt, header.frame_bytes);
  store_le(out + kGroupAt, header.group.value());
  std::copy_n(header.message_id.bytes().begin(), MessageId::kBytes, out + kMessageIdAt);
  store_le(out + kTimestampAt, header.timestamp_ms);
  store_le(out + kFieldsBytesAt, header.fields_bytes);
  store_le(out + kEntryCountAt, header.entry_count);
  store_le(out + kPartOffsetAt, header.part_offset);
}

Result<FrameHeader> decode_frame_header(ByteSpan frame) {
  if (frame.size() < kMinFrameBytes) {
    return Error(Errc::kTruncated, "frame of " + std::to_string(frame.size()) +
                                       " bytes; the shortest has " +
                                       std::to_string(kMinFrameBytes));
  }
  if (load_le<std::uint32_t>(frame.data() + kMagicAt) != kFrameMagic) return Error(Errc::kBadMagic);
  const auto version = load_le<std::uint16_t>(frame.data() + kVersionAt);
  if (version != kFrameVersion) {
    return Error(Errc::kBadVersion, "frame of version " + std::to_string(version) + "; known is " +
                                        std::to_string(kFrameVersion));
  }
  const FrameHeader header = read_fields(frame.data());
  if (header.frame_bytes < kMinFrameBytes || header.frame_bytes > kMaxFrameBytes) {
    return Error(Errc::kBadLength, length_text(frame.size(), header.frame_bytes));
  }
  if (frame.size() < header.frame_bytes) {
    return Error(Errc::kTruncated, length_text(frame.size(), header.frame_bytes));
  }
  if (frame.size() > header.frame_bytes) {
    return Error(Errc::kTrailingBytes, length_text(frame.size(), header.frame_bytes));
  }
  return header;
}

}  // namespace lockstep::wire
