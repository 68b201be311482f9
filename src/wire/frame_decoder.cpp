#include "wire/frame_decoder.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "base/byte_codec.hpp"
#include "base/entry_codec.hpp"
#include "wire/frame_layout.hpp"
#include "wire/link_body.hpp"
#include "wire/reassembly.hpp"
#include "wire/structured_data.hpp"

namespace lockstep::wire {
namespace {

std::string text_of(ByteSpan bytes) { return {bytes.begin(), bytes.end()}; }

Digest digest_at(ByteSpan bytes, std::size_t offset) {
  Digest digest;
  std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(offset), Digest::kBytes,
              digest.bytes.begin());
  return digest;
}

/// What a link frame has no use for is 0.
bool is_plain_link_header(const FrameHeader& header) {
  FrameHeader expected;
  expected.type = header.type;
  expected.kind = FrameKind::kLink;
  expected.frame_bytes = header.frame_bytes;
  expected.fields_bytes = header.fields_bytes;
  return header == expected;
}

template <class Frame, class Body>
Result<Received> to_received(Result<Body> body) {
  if (!body) return body.error();
  return Received(Frame{std::move(*body)});
}

Result<Received> decode_link(const FrameLayout& layout, const SharedBuffer& frame) {
  const auto type = static_cast<LinkType>(layout.header.type);
  if (type < LinkType::kHello || type > LinkType::kGoodbye) {
    return Error(Errc::kUnknownType, "link frame " + std::to_string(layout.header.type));
  }
  if (!is_plain_link_header(layout.header)) {
    return Error(Errc::kBadField, "link frame with header fields that it has no use for");
  }
  const SharedBuffer body = frame.slice(layout.fields_offset, layout.fields.size());
  switch (type) {
    case LinkType::kHello:
      return to_received<Hello>(decode_hello(body));
    case LinkType::kReady:
      return to_received<Ready>(decode_ready(body.bytes()));
    case LinkType::kRefuse:
      return to_received<Refusal>(decode_farewell(body.bytes()));
    case LinkType::kGoodbye:
      return to_received<Goodbye>(decode_farewell(body.bytes()));
  }
  return Error(Errc::kUnknownType);
}

/// The message without its data.
Result<ReplicationMessage> decode_envelope(const FrameLayout& layout) {
  const FrameHeader& header = layout.header;
  ReplicationMessage message;
  message.type = static_cast<MessageType>(header.type);
  if (!is_known(message.type)) return Error(Errc::kUnknownType, to_string(message.type));
  if (header.flags != 0) return Error(Errc::kBadField, "unknown flags");
  if (header.kind != FrameKind::kPart && header.part_offset != 0) {
    return Error(Errc::kBadField, "part offset in a frame that is no part");
  }
  if (header.kind == FrameKind::kNoData && header.fields_bytes != 0) {
    return Error(Errc::kBadField, "data in a frame of a kind that has none");
  }
  message.source_node = NodeId(text_of(layout.source));
  if (!message.source_node.is_valid()) return Error(Errc::kBadField, "invalid source node id");
  if (!layout.target.empty()) {
    message.target_node = NodeId(text_of(layout.target));
    if (!message.target_node->is_valid()) return Error(Errc::kBadField, "invalid target node id");
  }
  message.group = header.group;
  message.timestamp_ms = header.timestamp_ms;
  message.message_id = header.message_id;
  message.checksum = digest_at(layout.checksum, 0);
  return message;
}

Result<EntryHeader> decode_checked_header(ByteSpan encoded, GroupId group,
                                          std::size_t max_entry_bytes) {
  const std::optional<EntryHeader> header = decode_entry_header(encoded);
  if (!header) return Error(Errc::kBadField, "malformed entry header");
  if (header->group != group) {
    return Error(Errc::kBadField,
                 "entry " + to_string(header->index) + ": of another group than its message");
  }
  if (header->payload_bytes > max_entry_bytes) {
    return Error(Errc::kTooLarge, "entry " + to_string(header->index) + ": payload of " +
                                      std::to_string(header->payload_bytes) +
                                      " bytes; the limit here is " +
                                      std::to_string(max_entry_bytes));
  }
  return *header;
}

/// A part ends at a leaf or with the payload, lies inside it, and is not all of it. It begins at a
/// leaf because the part before it, which it must follow, ended at one.
bool is_well_cut(const EntryPart& part) {
  const std::uint64_t whole = part.header.payload_bytes;
  if (part.slice.empty() || part.slice.size() >= whole || part.offset >= whole ||
      part.slice.size() > whole - part.offset) {
    return false;
  }
  return part.slice.size() == whole - part.offset || part.slice.size() % kLeafBytes == 0;
}

}  // namespace

FrameDecoder::FrameDecoder(std::size_t max_entry_bytes) : max_entry_bytes_(max_entry_bytes) {}

FrameDecoder::~FrameDecoder() = default;

std::size_t FrameDecoder::held_bytes() const {
  std::size_t sum = 0;
  for (const auto& reassembly : reassemblies_) sum += reassembly ? reassembly->held_bytes() : 0;
  return sum;
}

Result<Received> FrameDecoder::decode(const SharedBuffer& frame) {
  if (failed_) return *failed_;
  Result<Received> received = decode_frame(frame);
  if (!received) {
    failed_ = received.error();
    for (auto& reassembly : reassemblies_) reassembly.reset();
  }
  return received;
}

Result<Received> FrameDecoder::decode_frame(const SharedBuffer& frame) {
  const Result<FrameLayout> layout = lay_out(frame.bytes(), entry_headers_);
  if (!layout) return layout.error();
  const Digest checksum = sha_.hash({layout->before_entries, entry_headers_, layout->digests});
  if (checksum != digest_at(layout->checksum, 0)) return Error(Errc::kBadChecksum);
  if (layout->header.kind == FrameKind::kLink) return decode_link(*layout, frame);

  Result<ReplicationMessage> message = decode_envelope(*layout);
  if (!message) return message.error();
  const auto message_class = class_of(message->type, layout->header.entry_count > 0);
  auto& reassembly = reassemblies_[static_cast<std::size_t>(message_class)];
  if (layout->header.kind == FrameKind::kPart) {
    return take_part(*layout, std::move(*message), reassembly);
  }
  if (reassembly) {
    return Error(Errc::kBadPart, to_string(message->type) + " between the parts of an entry");
  }
  const SharedBuffer fields = frame.slice(layout->fields_offset, layout->fields.size());
  switch (layout->header.kind) {
    case FrameKind::kStructured: {
      Result<StructuredData> json = parse_text(fields.view());
      if (!json) return json.error();
      message->data = std::move(*json);
      break;
    }
    case FrameKind::kBytes:
      message->data = fields;
      break;
    case FrameKind::kEntries: {
      Result<std::vector<Entry>> entries = take_entries(*layout, frame);
      if (!entries) return entries.error();
      message->data = EntryBatch{fields, std::move(*entries)};
      break;
    }
    default:
      break;
  }
  return Received(std::move(*message));
}

Result<std::vector<Entry>> FrameDecoder::take_entries(const FrameLayout& layout,
                                                      const SharedBuffer& frame) {
  std::vector<Entry> entries;
  entries.reserve(layout.header.entry_count);
  std::size_t offset = layout.entries_offset;
  for (std::size_t i = 0; i < layout.header.entry_count; ++i) {
    const Result<EntryHeader> header =
        decode_checked_header(frame.bytes().subspan(offset), layout.header.group, max_entry_bytes_);
    if (!header) return header.error();
    const std::size_t size =
        EntryHeader::kEncodedBytes + static_cast<std::size_t>(header->payload_bytes);
    entries.push_back(
        {*header, digest_at(layout.digests, i * Digest::kBytes), frame.slice(offset, size)});
    offset += size;
  }
  if (const std::size_t good = count_verified(sha_, entries); good < entries.size()) {
    return Error(Errc::kBadEntryDigest, "entry " + to_string(entries[good].header.index));
  }
  return entries;
}

Result<Received> FrameDecoder::take_part(const FrameLayout& layout, ReplicationMessage message,
                                         std::unique_ptr<Reassembly>& reassembly) {
  const Result<EntryHeader> header =
      decode_checked_header(layout.entries, layout.header.group, max_entry_bytes_);
  if (!header) return header.error();
  const EntryPart part{*header, layout.entries.first(EntryHeader::kEncodedBytes),
                       digest_at(layout.digests, 0), layout.header.part_offset,
                       layout.entries.subspan(EntryHeader::kEncodedBytes)};
  if (!is_well_cut(part)) return Error(Errc::kBadPart, "part not cut at a leaf of its payload");

  if (part.offset == 0) {
    if (reassembly) return Error(Errc::kBadPart, "an entry begins between the parts of another");
    reassembly = std::make_unique<Reassembly>(std::move(message), layout.fields, part);
  } else if (!reassembly || !layout.fields.empty() || !reassembly->is_continued_by(message, part)) {
    return Error(Errc::kBadPart,
                 "part at offset " + std::to_string(part.offset) + " does not continue an entry");
  }
  reassembly->add(sha_, part.slice);
  if (!reassembly->is_complete()) return Received(PartTaken{});

  const std::unique_ptr<Reassembly> complete = std::move(reassembly);
  Result<ReplicationMessage> whole = std::move(*complete).finish(sha_);
  if (!whole) return whole.error();
  return Received(std::move(*whole));
}

}  // namespace lockstep::wire
