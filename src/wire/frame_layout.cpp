#include "wire/frame_layout.hpp"

#include <string>

#include "base/byte_codec.hpp"

namespace lockstep::wire {
namespace {

constexpr std::size_t kPayloadBytesAt = EntryHeader::kEncodedBytes - sizeof(std::uint64_t);

Error bad_length(const char* what) { return Error(Errc::kBadLength, what); }

bool count_fits_kind(const FrameHeader& header) {
  if (header.kind == FrameKind::kPart) return header.entry_count == 1;
  return header.kind == FrameKind::kEntries || header.entry_count == 0;
}

/// Steps over the entries by the lengths in their headers.
bool collect_entry_headers(ByteSpan entries, std::size_t count, std::vector<std::uint8_t>& out) {
  out.reserve(count * EntryHeader::kEncodedBytes);
  for (std::size_t i = 0; i < count; ++i) {
    if (entries.size() < EntryHeader::kEncodedBytes) return false;
    const ByteSpan header = entries.first(EntryHeader::kEncodedBytes);
    entries = entries.subspan(header.size());
    const auto payload_bytes = load_le<std::uint64_t>(header.data() + kPayloadBytesAt);
    if (payload_bytes > entries.size()) return false;
    out.insert(out.end(), header.begin(), header.end());
    entries = entries.subspan(static_cast<std::size_t>(payload_bytes));
  }
  return entries.empty();
}

}  // namespace

Result<FrameLayout> lay_out(ByteSpan frame, std::vector<std::uint8_t>& entry_headers) {
  entry_headers.clear();
  const Result<FrameHeader> decoded = decode_frame_header(frame);
  if (!decoded) return decoded.error();
  const FrameHeader& header = *decoded;
  if (header.kind > FrameKind::kPart) return Error(Errc::kBadField, "frame of unknown kind");
  if (!count_fits_kind(header)) return bad_length("entries in a frame of a kind that has none");

  const std::size_t names_bytes = std::size_t{header.source_bytes} + header.target_bytes;
  const std::size_t fixed_bytes = kMinFrameBytes + names_bytes;
  if (fixed_bytes > frame.size() || header.fields_bytes > frame.size() - fixed_bytes) {
    return bad_length("message fields longer than the frame");
  }
  const std::size_t rest = frame.size() - fixed_bytes - header.fields_bytes;
  if (header.entry_count > rest / (EntryHeader::kEncodedBytes + Digest::kBytes)) {
    return bad_length("more entries than the frame can hold");
  }
  const std::size_t digests_bytes = header.entry_count * Digest::kBytes;

  FrameLayout layout;
  layout.header = header;
  ByteReader reader(frame);
  (void)reader.raw(kFrameHeaderBytes);
  layout.source = reader.raw(header.source_bytes);
  layout.target = reader.raw(header.target_bytes);
  layout.fields_offset = reader.offset();
  layout.fields = reader.raw(header.fields_bytes);
  layout.entries_offset = reader.offset();
  layout.before_entries = frame.first(layout.entries_offset);
  layout.entries = reader.raw(rest - digests_bytes);
  layout.digests = reader.raw(digests_bytes);
  layout.checksum = reader.raw(Digest::kBytes);

  if (header.kind == FrameKind::kPart) {
    const ByteSpan entry_header = layout.entries.first(EntryHeader::kEncodedBytes);
    entry_headers.assign(entry_header.begin(), entry_header.end());
  } else if (!collect_entry_headers(layout.entries, header.entry_count, entry_headers)) {
    return bad_length("entries do not fill their place in the frame");
  }
  return layout;
}

}  // namespace lockstep::wire
