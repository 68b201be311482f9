// The bytes of docs/wal-format.md.
#include "wal/segment_format.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <vector>

#include "base/hex.hpp"
#include "wal/record_codec.hpp"

namespace lockstep {
namespace {

BatchHeader sample_header() {
  BatchHeader header;
  header.number = 0x11;
  header.body_bytes = 0x2222;
  header.body_crc = 0x33333333;
  header.records = 4;
  header.proven_end = 0x5500;
  header.truncate_from = Index(6);
  header.first_index = Index(7);
  header.first_term = Term(9);
  header.last = {Index(8), Term(10)};
  header.counters = {11, 12, 13, Index(14)};
  return header;
}

constexpr std::uint64_t kNonce = 0x0123456789abcdef;
constexpr std::uint64_t kOffset = 1024;

TEST(SegmentFormat, ABatchHeaderIsWhatTheDocumentSays) {
  std::array<std::uint8_t, BatchHeader::kEncodedBytes> bytes{};
  encode_batch_header(sample_header(), kNonce, kOffset, bytes.data());
  EXPECT_EQ(hex(ByteSpan(bytes).first(4)), hex(as_bytes("LSB1")));
  EXPECT_EQ(hex(ByteSpan(bytes).subspan(8)),
            "1100000000000000"
            "2222000000000000"
            "33333333"
            "04000000"
            "0055000000000000"
            "0600000000000000"
            "0700000000000000"
            "0800000000000000"
            "0900000000000000"
            "0a00000000000000"
            "0b000000"
            "0c000000"
            "0d000000"
            "00000000"
            "0e00000000000000"
            "000000000000000000000000000000000000000000000000");
  const auto decoded = decode_batch_header(bytes, kNonce, kOffset);
  ASSERT_TRUE(decoded);
  std::array<std::uint8_t, BatchHeader::kEncodedBytes> again{};
  encode_batch_header(*decoded, kNonce, kOffset, again.data());
  EXPECT_EQ(bytes, again);
}

TEST(SegmentFormat, ABatchHeaderTellsTheNewestConfigurationOrNothing) {
  const std::vector<std::optional<Index>> all = {std::nullopt, Index(0), Index(0x15)};
  for (const std::optional<Index>& newest : all) {
    BatchHeader header = sample_header();
    header.newest_configuration = newest;
    header.repaired = {Index(3), Index(4)};
    std::array<std::uint8_t, BatchHeader::kEncodedBytes> bytes{};
    encode_batch_header(header, kNonce, kOffset, bytes.data());
    EXPECT_EQ(hex(ByteSpan(bytes).subspan(92, 4)), newest ? "01000000" : "00000000");
    EXPECT_EQ(hex(ByteSpan(bytes).subspan(120)),
              newest == Index(0x15) ? "1500000000000000" : "0000000000000000");
    const auto decoded = decode_batch_header(bytes, kNonce, kOffset);
    ASSERT_TRUE(decoded);
    EXPECT_EQ(decoded->newest_configuration, newest);
    EXPECT_EQ(decoded->repaired, header.repaired);
  }
}

TEST(SegmentFormat, ABatchHeaderCountsAtItsOwnPlaceOnly) {
  std::array<std::uint8_t, BatchHeader::kEncodedBytes> bytes{};
  encode_batch_header(sample_header(), kNonce, kOffset, bytes.data());
  EXPECT_FALSE(decode_batch_header(bytes, kNonce + 1, kOffset));
  EXPECT_FALSE(decode_batch_header(bytes, kNonce, kOffset + kSectorBytes));
  EXPECT_FALSE(decode_batch_header(ByteSpan(bytes).first(127), kNonce, kOffset));
  EXPECT_NE(batch_seed(1, 2, 3), batch_seed(1, 2, 4));
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    auto flipped = bytes;
    flipped[bit / 8] = static_cast<std::uint8_t>(flipped[bit / 8] ^ (1U << bit % 8));
    EXPECT_FALSE(decode_batch_header(flipped, kNonce, kOffset)) << bit;
  }
}

TEST(SegmentFormat, ASegmentHeaderIsWhatTheDocumentSays) {
  const SegmentHeader header{0x11, kNonce, GroupId(7), NodeId("n1"), Incarnation({1, 2, 3})};
  std::array<std::uint8_t, kSectorBytes> bytes{};
  encode_segment_header(header, bytes.data());
  EXPECT_EQ(hex(ByteSpan(bytes).first(12)), hex(as_bytes("LSWALSEG")) + "01000000");
  EXPECT_EQ(hex(ByteSpan(bytes).subspan(16, 44)),
            "1100000000000000"
            "efcdab8967452301"
            "0700000000000000"
            "01020300000000000000000000000000"
            "026e3100");
  const auto decoded = decode_segment_header(bytes);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->number, header.number);
  EXPECT_EQ(decoded->nonce, header.nonce);
  EXPECT_EQ(decoded->group, header.group);
  EXPECT_EQ(decoded->node, header.node);
  EXPECT_EQ(decoded->incarnation, header.incarnation);
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    auto flipped = bytes;
    flipped[bit / 8] = static_cast<std::uint8_t>(flipped[bit / 8] ^ (1U << bit % 8));
    EXPECT_FALSE(decode_segment_header(flipped)) << bit;
  }
}

TEST(RecordCodec, EveryCutOfARecordIsRefused) {
  StateRecord state;
  state.identity.node = NodeId("n1");
  state.hard_state = {Term(3), NodeId("n2")};
  state.install_intent = InstallIntent{"snap", {Index(5), Term(2)}};
  Boundary boundary;
  boundary.last = {Index(9), Term(3)};
  boundary.configuration.voters = {{NodeId("n1"), {}}};
  boundary.digests_since.resize(2);
  WALState log;
  log.boundary = boundary;
  log.term_runs = {{Term(3), Index(10)}};
  log.configuration_indexes = {Index(10)};
  log.damaged = {{Index(11), Index(12)}};
  LogMap map;
  map.begin_segment({1, 2, 3});
  map.add_batch(1024, 2048, {Index(10), Index(12)});

  const auto encoded_state = encode_state(state);
  const auto encoded_boundary = encode_boundary(boundary);
  const auto encoded_summary = encode_summary(log, map, {Index(12), Term(3)}, {1, 2, 3, Index(4)});
  ASSERT_TRUE(decode_state(encoded_state));
  EXPECT_EQ(decode_state(encoded_state)->install_intent, state.install_intent);
  EXPECT_EQ(decode_boundary(encoded_boundary), boundary);
  const auto summary = decode_summary(encoded_summary);
  ASSERT_TRUE(summary);
  EXPECT_EQ(summary->state.damaged, log.damaged);
  EXPECT_EQ(summary->state.boundary, boundary);
  EXPECT_EQ(summary->map.extents().at(0).places.at(0).offset, 1024U);
  EXPECT_EQ(summary->promised_counters.truncated_min, Index(4));
  for (std::size_t size = 0; size < encoded_state.size(); ++size) {
    EXPECT_FALSE(decode_state(ByteSpan(encoded_state).first(size)));
  }
  for (std::size_t size = 0; size < encoded_boundary.size(); ++size) {
    EXPECT_FALSE(decode_boundary(ByteSpan(encoded_boundary).first(size)));
  }
  for (std::size_t size = 0; size < encoded_summary.size(); ++size) {
    EXPECT_FALSE(decode_summary(ByteSpan(encoded_summary).first(size)));
  }
}

}  // namespace
}  // namespace lockstep
