#pragma once

#include <cstddef>
#include <cstdint>

#include "collection_store_input.hpp"

namespace lockstep_demo {

/// The shortest line that holds every kind of generated entry: an entry is mostly its frame, and 64
/// bytes of it are the checksum.
inline constexpr std::size_t kMinPayloadBytes = 256;
inline constexpr std::size_t kMaxPayloadBytes = kMaxLineBytes;
inline constexpr std::size_t kMaxGeneratedCount = 1'000'000;

struct GeneratedInputOptions {
  std::size_t payload_bytes = 512;
  std::size_t count = 2000;
  std::uint64_t seed = 1;
};

/// `count` entries of Collection Store's shape, each exactly `payload_bytes` long and with a right
/// checksum, in transactions that insert, update, delete, and now and then roll back. The same
/// options give the same entries everywhere. Transactions end where the entries do, except that a
/// count of 1 is a lone BEGIN.
///
/// Options out of range are the result's error: payload_bytes from kMinPayloadBytes to
/// kMaxPayloadBytes, count from 1 to kMaxGeneratedCount, their product at most kMaxInputBytes.
[[nodiscard]] CollectionStoreInput generate_input(const GeneratedInputOptions& options);

}  // namespace lockstep_demo
