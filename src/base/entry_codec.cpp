#include "base/entry_codec.hpp"

#include "base/byte_codec.hpp"

namespace lockstep {
namespace {

std::uint32_t tag_of(std::uint64_t payload_bytes) {
  return payload_bytes > kLeafBytes ? kTreeEntryTag : kFlatEntryTag;
}

}  // namespace

void encode_entry_header(const EntryHeader& header, std::uint8_t* out) {
  store_le(out, tag_of(header.payload_bytes));
  store_le(out + 4, header.group.value());
  store_le(out + 12, static_cast<std::uint32_t>(header.kind));
  store_le(out + 16, header.term.value());
  store_le(out + 24, header.index.value());
  store_le(out + 32, header.payload_bytes);
}

std::optional<EntryHeader> decode_entry_header(ByteSpan bytes) {
  ByteReader reader(bytes.first(EntryHeader::kEncodedBytes));
  const std::uint32_t tag = reader.u32();
  EntryHeader header;
  header.group = reader.number<GroupId>();
  header.kind = static_cast<EntryKind>(reader.u32());
  header.term = reader.number<Term>();
  header.index = reader.number<Index>();
  header.payload_bytes = reader.u64();
  if (tag != tag_of(header.payload_bytes) || header.term == Term{} || header.index == Index{}) {
    return std::nullopt;
  }
  return header;
}

}  // namespace lockstep
