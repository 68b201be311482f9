#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.hpp"
#include "raw_frame.hpp"
#include "wire/frame_decoder.hpp"
#include "wire/frame_encoder.hpp"

namespace lockstep::wire {

inline constexpr std::size_t kEntryLimit = std::size_t{1} << 20;

/// Byte i is i modulo 251.
inline Bytes pattern(std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i % 251);
  return bytes;
}

inline Entry make_entry(std::uint64_t index, ByteSpan payload, GroupId group = GroupId(7),
                        EntryKind kind = EntryKind::kCommand) {
  Sha256 sha;
  return seal_entry(sha, {group, kind, Term(3), Index(index), payload.size()},
                    Payload(payload).release());
}
inline Entry make_entry(std::uint64_t index, std::string_view payload) {
  return make_entry(index, as_bytes(payload));
}

/// A heartbeat from n1 to n2 without data; what RawFrame makes by default.
inline ReplicationMessage make_message() {
  ReplicationMessage message;
  message.type = MessageType::kHeartbeat;
  message.group = GroupId(7);
  message.source_node = NodeId("n1");
  message.target_node = NodeId("n2");
  message.timestamp_ms = 1'700'000'000'123;
  MessageId::Bytes id;
  id.fill(0x5a);
  message.message_id = MessageId(id);
  return message;
}

inline ReplicationMessage make_batch(std::vector<Entry> entries,
                                     std::string_view fields = "fields") {
  ReplicationMessage message = make_message();
  message.type = MessageType::kAppendEntries;
  message.data = EntryBatch{SharedBuffer::copy_of(fields), std::move(entries)};
  return message;
}

inline std::vector<Bytes> encode_all(const ReplicationMessage& message) {
  FrameEncoder encoder;
  const auto frames = encoder.encode(message);
  std::vector<Bytes> flat;
  if (frames) {
    for (const OutgoingFrame& frame : *frames) flat.push_back(flatten(frame));
  }
  return flat;
}

/// The frame of a message that needs one only.
inline Bytes encode_one(const ReplicationMessage& message) { return encode_all(message).at(0); }

/// A fresh connection gets one frame.
inline Result<Received> decode_one(Bytes frame) {
  FrameDecoder decoder(kEntryLimit);
  return decoder.decode(SharedBuffer::adopt(std::move(frame)));
}

inline Bytes to_bytes(ByteSpan bytes) { return {bytes.begin(), bytes.end()}; }

inline bool same_entry(const Entry& a, const Entry& b) {
  return a.header == b.header && a.digest == b.digest &&
         to_bytes(a.encoded.bytes()) == to_bytes(b.encoded.bytes());
}

/// The entry as a part frame carries it: its header and one slice.
inline RawFrame raw_part(const Entry& entry, std::size_t offset, std::size_t length) {
  const ByteSpan encoded = entry.encoded.bytes();
  RawFrame frame;
  frame.type = 7;
  frame.kind = 5;
  frame.part_offset = offset;
  if (offset == 0) append(frame.fields, "fields");
  Bytes piece = to_bytes(encoded.first(EntryHeader::kEncodedBytes));
  append(piece, to_bytes(encoded.subspan(EntryHeader::kEncodedBytes + offset, length)));
  frame.entries = {piece};
  frame.digests = {to_bytes(entry.digest.bytes)};
  return frame;
}

/// All parts of an entry, cut at `part_bytes`.
inline std::vector<RawFrame> raw_parts(const Entry& entry, std::size_t part_bytes) {
  std::vector<RawFrame> parts;
  const std::size_t whole = entry.encoded.size() - EntryHeader::kEncodedBytes;
  for (std::size_t offset = 0; offset < whole; offset += part_bytes) {
    parts.push_back(raw_part(entry, offset, std::min(part_bytes, whole - offset)));
  }
  return parts;
}

}  // namespace lockstep::wire
