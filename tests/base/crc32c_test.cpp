#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

#include "base/digest.hpp"

namespace lockstep {
namespace {

/// Bit by bit, as the definition has it.
std::uint32_t crc32c_by_bits(ByteSpan bytes) {
  std::uint32_t crc = 0xffffffff;
  for (const std::uint8_t byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82f63b78u : 0u);
  }
  return ~crc;
}

std::vector<std::uint8_t> counting(std::size_t size) {
  std::vector<std::uint8_t> bytes(size);
  std::iota(bytes.begin(), bytes.end(), std::uint8_t{0});
  return bytes;
}

// RFC 3720 B.4.
TEST(Crc32c, GivesKnownValues) {
  EXPECT_EQ(crc32c(std::vector<std::uint8_t>(32, 0x00)), 0x8a9136aau);
  EXPECT_EQ(crc32c(std::vector<std::uint8_t>(32, 0xff)), 0x62a8ab43u);
  EXPECT_EQ(crc32c(counting(32)), 0x46dd794eu);
  std::vector<std::uint8_t> falling = counting(32);
  std::reverse(falling.begin(), falling.end());
  EXPECT_EQ(crc32c(falling), 0x113fdb5cu);
  EXPECT_EQ(crc32c(as_bytes("123456789")), 0xe3069283u);
  EXPECT_EQ(crc32c({}), 0u);
}

TEST(Crc32c, BothImplementationsAgreeWithTheDefinition) {
  const std::vector<std::uint8_t> bytes = counting(600);
  for (std::size_t offset = 0; offset < 9; ++offset) {
    for (std::size_t length = 0; length < 80; ++length) {
      const ByteSpan piece = ByteSpan(bytes).subspan(offset * 7, length);
      const std::uint32_t expected = crc32c_by_bits(piece);
      ASSERT_EQ(crc32c(piece), expected) << offset << '+' << length;
      ASSERT_EQ(crc32c_portable(piece), expected) << offset << '+' << length;
    }
  }
  EXPECT_EQ(crc32c(bytes, 0x12345678), crc32c_portable(bytes, 0x12345678));
}

TEST(Crc32c, ContinuesFromASeed) {
  const std::vector<std::uint8_t> bytes = counting(100);
  const std::uint32_t whole = crc32c(bytes);
  for (const std::size_t cut : {0u, 1u, 8u, 33u, 100u}) {
    const std::uint32_t first = crc32c(ByteSpan(bytes).first(cut));
    EXPECT_EQ(crc32c(ByteSpan(bytes).subspan(cut), first), whole) << cut;
  }
}

}  // namespace
}  // namespace lockstep
