#pragma once

#include <cstdint>
#include <optional>

#include "lockstep/buffer.hpp"
#include "lockstep/error.hpp"
#include "lockstep/types.hpp"

// The frame of a segment file; docs/wal-format.md has it byte by byte.
namespace lockstep {

inline constexpr std::uint32_t kSegmentVersion = 1;
/// The unit that a disk writes or loses as a whole; batches begin at multiples of it.
inline constexpr std::size_t kSectorBytes = 512;
/// The segment header fills one sector and lies there twice.
inline constexpr std::uint64_t kFirstBatchOffset = 2 * kSectorBytes;

[[nodiscard]] constexpr std::uint64_t align_to_sector(std::uint64_t offset) {
  return (offset + kSectorBytes - 1) / kSectorBytes * kSectorBytes;
}

struct SegmentHeader {
  std::uint64_t number = 0;
  /// Random, part of every checksum of the segment.
  std::uint64_t nonce = 0;
  GroupId group;
  NodeId node;
  Incarnation incarnation;
};

/// Writes one sector.
void encode_segment_header(const SegmentHeader& header, std::uint8_t* out);
/// From one of its two copies, as far as `bytes` goes. Errors: kCorruption, kNewerFormat.
[[nodiscard]] Result<SegmentHeader> decode_segment_header(ByteSpan bytes);

/// What changed how often; compared across damage, it tells what the damage has swallowed.
struct LogCounters {
  std::uint32_t truncations = 0;
  std::uint32_t state_version = 0;
  std::uint32_t boundary_version = 0;
  /// The lowest index truncated since the segment began; 0: none.
  Index truncated_min;

  /// 0: there was none.
  void note_truncation(Index from) {
    if (from == Index{}) return;
    if (truncated_min == Index{} || from < truncated_min) truncated_min = from;
  }
};

struct BatchHeader {
  static constexpr std::size_t kEncodedBytes = 128;

  std::uint64_t number = 0;
  std::uint64_t body_bytes = 0;
  std::uint32_t body_crc = 0;
  std::uint32_t records = 0;
  /// Everything in this segment before this offset was synced when the batch was made.
  std::uint64_t proven_end = 0;
  /// The batch begins by dropping this index and all that follow; 0: it does not.
  Index truncate_from;
  /// Of the first entry; without one, the index after `last`.
  Index first_index;
  Term first_term;
  /// The end of the log after the batch.
  EntryId last;
  /// After the batch.
  LogCounters counters;
  /// After the batch: see `WALState`.
  std::optional<Index> newest_configuration;
  /// The damaged entries that the batch replaces by copies; empty: none. Such a batch holds nothing
  /// else.
  IndexRange repaired;
};

/// What every checksum of a batch starts from, so that a batch counts at its own place only.
[[nodiscard]] std::uint32_t batch_seed(std::uint64_t nonce, std::uint64_t offset,
                                       std::uint64_t number);

/// Writes `BatchHeader::kEncodedBytes` bytes.
void encode_batch_header(const BatchHeader& header, std::uint64_t nonce, std::uint64_t offset,
                         std::uint8_t* out);
/// Empty when there is no batch header, or not one that was written at this place.
[[nodiscard]] std::optional<BatchHeader> decode_batch_header(ByteSpan bytes, std::uint64_t nonce,
                                                             std::uint64_t offset);

}  // namespace lockstep
