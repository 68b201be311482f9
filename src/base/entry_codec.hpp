#pragma once

#include <cstdint>
#include <optional>

#include "lockstep/entry.hpp"

namespace lockstep {

/// Payloads up to this size are hashed in one piece, larger ones as a list of leaves of this size
/// (the last one may be shorter).
inline constexpr std::size_t kLeafBytes = 4096;

/// The first field of an encoded header; it separates the domains of the three hashes.
inline constexpr std::uint32_t kFlatEntryTag = 0x3145534c;  // "LSE1"
inline constexpr std::uint32_t kTreeEntryTag = 0x3154534c;  // "LST1"
inline constexpr std::uint32_t kLeafTag = 0x314c534c;       // "LSL1"

/// Writes `EntryHeader::kEncodedBytes` bytes: tag u32, group u64, kind u32, term u64, index u64,
/// payload length u64.
void encode_entry_header(const EntryHeader& header, std::uint8_t* out);

/// Empty when the tag is unknown or does not fit the length, or when index or term is 0. Unknown
/// kinds pass: refusing them is the replica's decision. Precondition: `bytes.size() >=
/// EntryHeader::kEncodedBytes`.
[[nodiscard]] std::optional<EntryHeader> decode_entry_header(ByteSpan bytes);

}  // namespace lockstep
