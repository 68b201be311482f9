#include "repair.hpp"

#include <algorithm>
#include <optional>

#include "base/byte_codec.hpp"
#include "base/digest.hpp"
#include "base/entry_codec.hpp"
#include "wire/frame.hpp"

namespace lockstep::fuzz {
namespace {

constexpr std::size_t kHeaderBytes = wire::kFrameHeaderBytes;

/// The header as it lies there, whatever it says.
struct Draft {
  wire::Bytes frame;

  template <class T>
  [[nodiscard]] T get(std::size_t at) const {
    return load_le<T>(frame.data() + at);
  }
  template <class T>
  void put(std::size_t at, T value) {
    store_le(frame.data() + at, value);
  }
  [[nodiscard]] std::size_t names_bytes() const { return std::size_t{frame[10]} + frame[11]; }
  [[nodiscard]] wire::FrameKind kind() const { return static_cast<wire::FrameKind>(frame[8]); }
  [[nodiscard]] std::size_t checksum_at() const { return frame.size() - Digest::kBytes; }
};

constexpr std::size_t kVersionAt = 4;
constexpr std::size_t kFrameBytesAt = 12;
constexpr std::size_t kFieldsBytesAt = 48;
constexpr std::size_t kEntryCountAt = 52;
constexpr std::size_t kPayloadBytesAt = 32;

/// Where the entries lie; empty when the lengths leave no room for as many.
struct Room {
  std::size_t begin = 0;
  std::size_t digests = 0;
  std::size_t count = 0;
};

std::optional<Room> room_for_entries(const Draft& draft) {
  Room room;
  room.begin = kHeaderBytes + draft.names_bytes() + draft.get<std::uint32_t>(kFieldsBytesAt);
  room.count = draft.get<std::uint32_t>(kEntryCountAt);
  const std::size_t end = draft.checksum_at();
  const std::size_t each = EntryHeader::kEncodedBytes + Digest::kBytes;
  if (room.begin > end || room.count > (end - room.begin) / each) return std::nullopt;
  room.digests = end - room.count * Digest::kBytes;
  return room;
}

void repair_lengths(Draft& draft) {
  draft.put(0, wire::kFrameMagic);
  draft.put(kVersionAt, wire::kFrameVersion);
  draft.put(kFrameBytesAt, static_cast<std::uint32_t>(draft.frame.size()));
  const std::size_t fields_at = kHeaderBytes + draft.names_bytes();
  if (draft.kind() < wire::FrameKind::kEntries && fields_at <= draft.checksum_at()) {
    draft.put(kFieldsBytesAt, static_cast<std::uint32_t>(draft.checksum_at() - fields_at));
  }
}

/// The last entry has the bytes that the others leave. Gives the headers back, for the checksum.
wire::Bytes repair_entries(Draft& draft, const Room& room, Repairs repairs) {
  wire::Bytes headers;
  Sha256 sha;
  std::size_t at = room.begin;
  for (std::size_t i = 0; i < room.count; ++i) {
    if (at + EntryHeader::kEncodedBytes > room.digests) break;
    const std::size_t most = room.digests - at - EntryHeader::kEncodedBytes;
    const bool is_part = draft.kind() == wire::FrameKind::kPart;
    if (i + 1 == room.count && !is_part && repairs.lengths) {
      draft.put(at + kPayloadBytesAt, std::uint64_t{most});
      draft.put(at, most > kLeafBytes ? kTreeEntryTag : kFlatEntryTag);
    }
    const auto payload_bytes = is_part ? most : draft.get<std::uint64_t>(at + kPayloadBytesAt);
    if (payload_bytes > most) break;
    const std::size_t size = EntryHeader::kEncodedBytes + static_cast<std::size_t>(payload_bytes);
    const ByteSpan entry = ByteSpan(draft.frame).subspan(at, size);
    const ByteSpan header = entry.first(EntryHeader::kEncodedBytes);
    headers.insert(headers.end(), header.begin(), header.end());
    if (repairs.entry_digests && !is_part) {
      const Digest digest = entry_digest(sha, entry);
      std::ranges::copy(digest.bytes, draft.frame.begin() + static_cast<std::ptrdiff_t>(
                                                                room.digests + i * Digest::kBytes));
    }
    at += size;
  }
  return headers;
}

}  // namespace

wire::Bytes repaired(ByteSpan bytes, Repairs repairs) {
  Draft draft{wire::Bytes(bytes.begin(), bytes.end())};
  if (draft.frame.size() < wire::kMinFrameBytes) draft.frame.resize(wire::kMinFrameBytes);
  if (repairs.lengths) repair_lengths(draft);
  const std::optional<Room> room = room_for_entries(draft);
  if (!room) return draft.frame;
  const wire::Bytes headers = repair_entries(draft, *room, repairs);
  const ByteSpan frame(draft.frame);
  const std::size_t covered = room->count == 0 ? draft.checksum_at() : room->begin;
  const ByteSpan digests = frame.subspan(room->digests, room->count * Digest::kBytes);
  Sha256 sha;
  const Digest checksum = sha.hash({frame.first(covered), headers, digests});
  std::ranges::copy(checksum.bytes,
                    draft.frame.begin() + static_cast<std::ptrdiff_t>(draft.checksum_at()));
  return draft.frame;
}

}  // namespace lockstep::fuzz
