#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace lockstep::guard {

/// A payload consists of words that begin with this. Nothing else in the process does, but for luck
/// of one in four thousand million a place.
inline constexpr std::uint32_t kPayloadMark = 0xC0B1E55D;
inline constexpr std::size_t kWordBytes = 8;

inline void mark_payload(std::span<std::uint8_t> payload, std::uint32_t number) {
  const std::uint64_t word = std::uint64_t{number} << 32U | kPayloadMark;
  for (std::size_t at = 0; at + kWordBytes <= payload.size(); at += kWordBytes) {
    // A store of one word: the compiler makes no call of it.
    std::memcpy(payload.data() + at, &word, kWordBytes);
  }
}

/// How many bytes of marked payloads lie in there, wherever they begin.
inline std::size_t marked_bytes(const void* memory, std::size_t bytes) {
  const auto* const begin = static_cast<const std::uint8_t*>(memory);
  std::size_t found = 0;
  for (std::size_t at = 0; at + kWordBytes <= bytes;) {
    std::uint32_t mark = 0;
    std::memcpy(&mark, begin + at, sizeof mark);
    const bool is_marked = mark == kPayloadMark;
    found += is_marked ? kWordBytes : 0;
    at += is_marked ? kWordBytes : 1;
  }
  return found;
}

}  // namespace lockstep::guard
