#include "wal/segment_format.hpp"

#include <algorithm>
#include <array>

#include "base/byte_codec.hpp"
#include "base/digest.hpp"

namespace lockstep {
namespace {

constexpr std::uint64_t kSegmentMagic = 0x4745534c4157534c;  // "LSWALSEG"
constexpr std::uint32_t kBatchMagic = 0x3142534c;            // "LSB1"
constexpr std::size_t kSegmentCrcOffset = 12;
constexpr std::size_t kBatchCrcOffset = 4;
constexpr std::uint32_t kTellsNewestConfiguration = 1;

/// Of all bytes, with the four at `crc_offset` taken as zeros.
std::uint32_t crc_without_field(ByteSpan bytes, std::size_t crc_offset, std::uint32_t seed) {
  constexpr std::array<std::uint8_t, 4> kZeros{};
  std::uint32_t crc = crc32c(bytes.first(crc_offset), seed);
  crc = crc32c(kZeros, crc);
  return crc32c(bytes.subspan(crc_offset + kZeros.size()), crc);
}

}  // namespace

void encode_segment_header(const SegmentHeader& header, std::uint8_t* out) {
  ByteWriter writer;
  writer.u64(kSegmentMagic);
  writer.u32(kSegmentVersion);
  writer.u32(0);  // the checksum's place
  writer.u64(header.number);
  writer.u64(header.nonce);
  writer.number(header.group);
  writer.id(header.incarnation);
  writer.node(header.node);
  std::fill_n(out, kSectorBytes, std::uint8_t{0});
  std::copy(writer.bytes().begin(), writer.bytes().end(), out);
  store_le(out + kSegmentCrcOffset, crc_without_field({out, kSectorBytes}, kSegmentCrcOffset, 0));
}

Result<SegmentHeader> decode_segment_header(ByteSpan bytes) {
  if (bytes.size() < kSectorBytes) return Error(Errc::kCorruption, "the segment header is cut off");
  ByteReader reader(bytes.first(kSectorBytes));
  const std::uint64_t magic = reader.u64();
  const std::uint32_t version = reader.u32();
  const std::uint32_t crc = reader.u32();
  if (magic != kSegmentMagic ||
      crc != crc_without_field(bytes.first(kSectorBytes), kSegmentCrcOffset, 0)) {
    return Error(Errc::kCorruption, "the segment header is damaged");
  }
  if (version > kSegmentVersion) {
    return Error(Errc::kNewerFormat, "the segment has format " + std::to_string(version) +
                                         ", this library knows up to " +
                                         std::to_string(kSegmentVersion));
  }
  SegmentHeader header;
  header.number = reader.u64();
  header.nonce = reader.u64();
  header.group = reader.number<GroupId>();
  header.incarnation = reader.id<Incarnation>();
  header.node = reader.node();
  if (reader.failed()) return Error(Errc::kCorruption, "the segment header is malformed");
  return header;
}

std::uint32_t batch_seed(std::uint64_t nonce, std::uint64_t offset, std::uint64_t number) {
  std::array<std::uint8_t, 24> bytes;
  store_le(bytes.data(), nonce);
  store_le(bytes.data() + 8, offset);
  store_le(bytes.data() + 16, number);
  return crc32c(bytes);
}

void encode_batch_header(const BatchHeader& header, std::uint64_t nonce, std::uint64_t offset,
                         std::uint8_t* out) {
  std::fill_n(out, BatchHeader::kEncodedBytes, std::uint8_t{0});
  store_le(out, kBatchMagic);
  store_le(out + 8, header.number);
  store_le(out + 16, header.body_bytes);
  store_le(out + 24, header.body_crc);
  store_le(out + 28, header.records);
  store_le(out + 32, header.proven_end);
  store_le(out + 40, header.truncate_from.value());
  store_le(out + 48, header.first_index.value());
  store_le(out + 56, header.last.index.value());
  store_le(out + 64, header.first_term.value());
  store_le(out + 72, header.last.term.value());
  store_le(out + 80, header.counters.truncations);
  store_le(out + 84, header.counters.state_version);
  store_le(out + 88, header.counters.boundary_version);
  if (header.newest_configuration) {
    store_le(out + 92, kTellsNewestConfiguration);
    store_le(out + 120, header.newest_configuration->value());
  }
  store_le(out + 96, header.counters.truncated_min.value());
  if (!header.repaired.empty()) {
    store_le(out + 104, header.repaired.first.value());
    store_le(out + 112, header.repaired.last.value());
  }
  const std::uint32_t seed = batch_seed(nonce, offset, header.number);
  store_le(out + kBatchCrcOffset,
           crc_without_field({out, BatchHeader::kEncodedBytes}, kBatchCrcOffset, seed));
}

std::optional<BatchHeader> decode_batch_header(ByteSpan bytes, std::uint64_t nonce,
                                               std::uint64_t offset) {
  if (bytes.size() < BatchHeader::kEncodedBytes) return std::nullopt;
  bytes = bytes.first(BatchHeader::kEncodedBytes);
  ByteReader reader(bytes);
  if (reader.u32() != kBatchMagic) return std::nullopt;
  const std::uint32_t crc = reader.u32();
  BatchHeader header;
  header.number = reader.u64();
  if (crc != crc_without_field(bytes, kBatchCrcOffset, batch_seed(nonce, offset, header.number))) {
    return std::nullopt;
  }
  header.body_bytes = reader.u64();
  header.body_crc = reader.u32();
  header.records = reader.u32();
  header.proven_end = reader.u64();
  header.truncate_from = reader.number<Index>();
  header.first_index = reader.number<Index>();
  header.last.index = reader.number<Index>();
  header.first_term = reader.number<Term>();
  header.last.term = reader.number<Term>();
  header.counters.truncations = reader.u32();
  header.counters.state_version = reader.u32();
  header.counters.boundary_version = reader.u32();
  const bool tells_newest_configuration = reader.u32() == kTellsNewestConfiguration;
  header.counters.truncated_min = reader.number<Index>();
  const IndexRange repaired{reader.number<Index>(), reader.number<Index>()};
  if (repaired.first != Index{}) header.repaired = repaired;
  const auto newest_configuration = reader.number<Index>();
  if (tells_newest_configuration) header.newest_configuration = newest_configuration;
  return header;
}

}  // namespace lockstep
