#include "wire/frame_encoder.hpp"

#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "base/byte_codec.hpp"
#include "wire/frame_header.hpp"
#include "wire/link_body.hpp"
#include "wire/structured_data.hpp"

namespace lockstep::wire {
namespace {

/// Shorter message fields are copied behind the header: cheaper than one more piece to gather.
constexpr std::size_t kCopiedFieldsBytes = 1024;

constexpr std::size_t kPerEntryBytes = EntryHeader::kEncodedBytes + Digest::kBytes;

const NodeId& target_of(const ReplicationMessage& message) {
  static const NodeId kNone;
  return message.target_node ? *message.target_node : kNone;
}

std::size_t names_bytes(const ReplicationMessage& message) {
  return message.source_node.str().size() + target_of(message).str().size();
}

bool travels_in_parts(const EntryBatch& batch) {
  return batch.entries.size() == 1 && batch.entries[0].header.payload_bytes > kPartPayloadBytes;
}

Error invalid(std::string text) { return Error(Errc::kInvalidArgument, std::move(text)); }

Error check_envelope(const ReplicationMessage& message) {
  if (!is_known(message.type)) return invalid("type: " + to_string(message.type));
  if (!message.source_node.is_valid()) return invalid("source_node: not a valid node id");
  if (message.target_node && !message.target_node->is_valid()) {
    return invalid("target_node: not a valid node id");
  }
  return {};
}

Error check_entries(const ReplicationMessage& message, const std::vector<Entry>& entries) {
  for (const Entry& entry : entries) {
    const EntryHeader& header = entry.header;
    if (header.group != message.group) {
      return invalid("entry " + to_string(header.index) + ": of another group than its message");
    }
    if (header.payload_bytes > SIZE_MAX - EntryHeader::kEncodedBytes ||
        entry.encoded.size() != EntryHeader::kEncodedBytes + header.payload_bytes) {
      return invalid("entry " + to_string(header.index) + ": its buffer is not header and payload");
    }
  }
  return {};
}

Error too_large(const ReplicationMessage& message, std::size_t bytes, std::size_t entries) {
  std::string text = to_string(message.type) + " takes " + std::to_string(bytes) +
                     " bytes; a frame holds " + std::to_string(kMaxFrameBytes);
  if (entries > 1) text += "; send its " + std::to_string(entries) + " entries in smaller batches";
  return {Errc::kTooLarge, std::move(text)};
}

/// What one frame is made of.
struct Draft {
  FrameHeader header;
  std::string_view source;
  std::string_view target;
  SharedBuffer fields;
  std::span<const Entry> entries;
  /// In the place of the entries' own buffers, if it is a part.
  std::span<const SharedBuffer> part;
};

Draft draft_of(const ReplicationMessage& message, FrameKind kind, const SharedBuffer& fields) {
  Draft draft;
  draft.source = message.source_node.str();
  draft.target = target_of(message).str();
  draft.fields = fields;
  draft.header.type = static_cast<std::uint16_t>(message.type);
  draft.header.kind = kind;
  draft.header.group = message.group;
  draft.header.message_id = message.message_id;
  draft.header.timestamp_ms = message.timestamp_ms;
  return draft;
}

std::size_t size_of(const Draft& draft) {
  std::size_t size = kMinFrameBytes + draft.source.size() + draft.target.size() +
                     draft.fields.size() + draft.entries.size() * Digest::kBytes;
  if (draft.header.kind == FrameKind::kPart) {
    for (const SharedBuffer& piece : draft.part) size += piece.size();
  } else {
    for (const Entry& entry : draft.entries) size += entry.encoded.size();
  }
  return size;
}

SharedBuffer adopt_text(std::string text) {
  auto owner = std::make_shared<const std::string>(std::move(text));
  const ByteSpan view = as_bytes(*owner);
  return {std::move(owner), view};
}

std::uint8_t* put(std::uint8_t* out, ByteSpan bytes) {
  return std::copy(bytes.begin(), bytes.end(), out);
}

/// Head and tail share one piece of memory. Precondition: the frame fits `kMaxFrameBytes`.
OutgoingFrame build(Draft draft, MessageClass message_class, Sha256& sha,
                    std::vector<std::uint8_t>& entry_headers) {
  OutgoingFrame frame;
  frame.message_class = message_class;
  frame.size_bytes = size_of(draft);

  FrameHeader& header = draft.header;
  header.source_bytes = static_cast<std::uint8_t>(draft.source.size());
  header.target_bytes = static_cast<std::uint8_t>(draft.target.size());
  header.frame_bytes = static_cast<std::uint32_t>(frame.size_bytes);
  header.fields_bytes = static_cast<std::uint32_t>(draft.fields.size());
  header.entry_count = static_cast<std::uint32_t>(draft.entries.size());

  const bool copies_fields = draft.fields.size() <= kCopiedFieldsBytes;
  const std::size_t head_bytes = kFrameHeaderBytes + draft.source.size() + draft.target.size() +
                                 (copies_fields ? draft.fields.size() : 0);
  const std::size_t digests_bytes = draft.entries.size() * Digest::kBytes;
  const std::size_t own_bytes = head_bytes + digests_bytes + Digest::kBytes;
  const auto memory = std::make_shared_for_overwrite<std::uint8_t[]>(own_bytes);
  const SharedBuffer own(memory, {memory.get(), own_bytes});
  const SharedBuffer head = own.slice(0, head_bytes);
  const SharedBuffer tail = own.slice(head_bytes, own_bytes - head_bytes);

  encode_frame_header(header, memory.get());
  std::uint8_t* out = put(memory.get() + kFrameHeaderBytes, as_bytes(draft.source));
  out = put(out, as_bytes(draft.target));
  if (copies_fields) out = put(out, draft.fields.bytes());

  entry_headers.clear();
  entry_headers.reserve(draft.entries.size() * EntryHeader::kEncodedBytes);
  for (const Entry& entry : draft.entries) {
    const ByteSpan encoded = entry.encoded.bytes().first(EntryHeader::kEncodedBytes);
    entry_headers.insert(entry_headers.end(), encoded.begin(), encoded.end());
    out = put(out, entry.digest.bytes);
  }
  const Digest checksum = sha.hash({head.bytes(), copies_fields ? ByteSpan{} : draft.fields.bytes(),
                                    entry_headers, tail.bytes().first(digests_bytes)});
  put(out, checksum.bytes);

  frame.pieces.reserve(3 + draft.entries.size());
  frame.pieces.push_back(head);
  if (!copies_fields) frame.pieces.push_back(draft.fields);
  if (header.kind == FrameKind::kPart) {
    frame.pieces.insert(frame.pieces.end(), draft.part.begin(), draft.part.end());
    frame.payload_bytes = draft.part.back().size();
  } else {
    for (const Entry& entry : draft.entries) {
      frame.pieces.push_back(entry.encoded);
      frame.payload_bytes += entry.header.payload_bytes;
    }
  }
  frame.pieces.push_back(tail);
  return frame;
}

}  // namespace

std::vector<std::uint8_t> flatten(const OutgoingFrame& frame) {
  std::vector<std::uint8_t> bytes;
  bytes.reserve(frame.size_bytes);
  for (const SharedBuffer& piece : frame.pieces) {
    bytes.insert(bytes.end(), piece.bytes().begin(), piece.bytes().end());
  }
  return bytes;
}

std::size_t encoded_size(const ReplicationMessage& message) {
  const std::size_t envelope = kMinFrameBytes + names_bytes(message);
  if (const auto* json = std::get_if<StructuredData>(&message.data)) {
    return envelope + (*json ? text_size(**json) : 0);
  }
  if (const auto* bytes = std::get_if<SharedBuffer>(&message.data)) return envelope + bytes->size();
  const auto* batch = std::get_if<EntryBatch>(&message.data);
  if (batch == nullptr) return envelope;
  if (travels_in_parts(*batch)) {
    const std::size_t payload = batch->entries[0].encoded.size() - EntryHeader::kEncodedBytes;
    const std::size_t parts = (payload + kPartPayloadBytes - 1) / kPartPayloadBytes;
    return parts * (envelope + kPerEntryBytes) + batch->fields.size() + payload;
  }
  std::size_t size = envelope + batch->fields.size();
  for (const Entry& entry : batch->entries) size += entry.encoded.size() + Digest::kBytes;
  return size;
}

Result<std::vector<OutgoingFrame>> FrameEncoder::encode(const ReplicationMessage& message) {
  const auto* batch = std::get_if<EntryBatch>(&message.data);
  return encode(message, batch == nullptr ? SharedBuffer() : batch->fields);
}

Result<std::vector<OutgoingFrame>> FrameEncoder::encode(const ReplicationMessage& message,
                                                        const SharedBuffer& fields) {
  if (Error error = check_envelope(message)) return error;
  if (const auto* batch = std::get_if<EntryBatch>(&message.data)) {
    if (Error error = check_entries(message, batch->entries)) return error;
    if (travels_in_parts(*batch)) return encode_parts(message, fields);
    return encode_one(message, FrameKind::kEntries, fields, batch->entries);
  }
  if (const auto* bytes = std::get_if<SharedBuffer>(&message.data)) {
    return encode_one(message, FrameKind::kBytes, *bytes, {});
  }
  if (const auto* json = std::get_if<StructuredData>(&message.data)) {
    if (!*json) return invalid("structured data: null pointer");
    Result<std::string> text = to_text(**json);
    if (!text) return text.error();
    return encode_one(message, FrameKind::kStructured, adopt_text(std::move(*text)), {});
  }
  return encode_one(message, FrameKind::kNoData, {}, {});
}

Result<std::vector<OutgoingFrame>> FrameEncoder::encode_one(const ReplicationMessage& message,
                                                            FrameKind kind,
                                                            const SharedBuffer& fields,
                                                            std::span<const Entry> entries) {
  Draft draft = draft_of(message, kind, fields);
  draft.entries = entries;
  const std::size_t size = size_of(draft);
  if (size > kMaxFrameBytes) return too_large(message, size, entries.size());
  std::vector<OutgoingFrame> frames;
  frames.push_back(build(std::move(draft), class_of(message), sha_, entry_headers_));
  return frames;
}

Result<std::vector<OutgoingFrame>> FrameEncoder::encode_parts(const ReplicationMessage& message,
                                                              const SharedBuffer& fields) {
  const std::vector<Entry>& entries = std::get<EntryBatch>(message.data).entries;
  const SharedBuffer header = entries[0].encoded.slice(0, EntryHeader::kEncodedBytes);
  const SharedBuffer payload = entries[0].payload();

  std::vector<OutgoingFrame> frames;
  frames.reserve((payload.size() + kPartPayloadBytes - 1) / kPartPayloadBytes);
  for (std::size_t offset = 0; offset < payload.size(); offset += kPartPayloadBytes) {
    const std::size_t length = std::min(kPartPayloadBytes, payload.size() - offset);
    const SharedBuffer pieces[] = {header, payload.slice(offset, length)};
    Draft draft = draft_of(message, FrameKind::kPart, offset == 0 ? fields : SharedBuffer());
    draft.header.part_offset = offset;
    draft.entries = entries;
    draft.part = pieces;
    const std::size_t size = size_of(draft);
    if (size > kMaxFrameBytes) return too_large(message, size, 1);
    frames.push_back(build(std::move(draft), class_of(message), sha_, entry_headers_));
  }
  return frames;
}

OutgoingFrame FrameEncoder::encode_link(LinkType type, std::vector<std::uint8_t> body) {
  Draft draft;
  draft.header.type = static_cast<std::uint16_t>(type);
  draft.header.kind = FrameKind::kLink;
  draft.fields = SharedBuffer::adopt(std::move(body));
  return build(std::move(draft), MessageClass::kControl, sha_, entry_headers_);
}

Result<OutgoingFrame> FrameEncoder::encode(const Hello& hello) {
  Result<std::vector<std::uint8_t>> body = encode_body(hello);
  if (!body) return body.error();
  return encode_link(LinkType::kHello, std::move(*body));
}

OutgoingFrame FrameEncoder::encode(const Ready& ready) {
  return encode_link(LinkType::kReady, encode_body(ready));
}

OutgoingFrame FrameEncoder::encode(const Refusal& refusal) {
  return encode_link(LinkType::kRefuse, encode_body(refusal));
}

OutgoingFrame FrameEncoder::encode(const Goodbye& goodbye) {
  return encode_link(LinkType::kGoodbye, encode_body(goodbye));
}

}  // namespace lockstep::wire
