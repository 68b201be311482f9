#include "consensus/configuration_codec.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/byte_codec.hpp"
#include "consensus/cluster.hpp"

namespace lockstep::consensus::test {
namespace {

BootstrapRecord full_record() {
  BootstrapRecord record = founding_record({NodeId("a"), NodeId("bb"), NodeId("ccc")});
  record.configuration.outgoing_voters = {{NodeId("a"), incarnation_of(NodeId("a"))}};
  record.configuration.learners = {{NodeId(std::string(64, 'x')), incarnation_of(NodeId("x"))}};
  return record;
}

TEST(ConfigurationCodec, RoundTrip) {
  for (const BootstrapRecord& record : {full_record(), founding_record({NodeId("only")})}) {
    const auto decoded = decode_record(encode(record));
    ASSERT_TRUE(decoded);
    EXPECT_EQ(*decoded, record);
  }
}

TEST(ConfigurationCodec, EveryPrefixIsRefused) {
  const auto bytes = encode(full_record());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(decode_record(ByteSpan(bytes).first(size))) << size << " bytes";
  }
}

TEST(ConfigurationCodec, TrailingBytesAreRefused) {
  ByteWriter writer;
  writer.raw(encode(full_record()));
  writer.u8(0);
  EXPECT_FALSE(decode_record(writer.bytes()));
}

TEST(ConfigurationCodec, AnotherFormatIsRefused) {
  auto bytes = encode(full_record());
  for (int format = 0; format < 256; ++format) {
    bytes[0] = static_cast<std::uint8_t>(format);
    EXPECT_EQ(decode_record(bytes).has_value(), format == 1);
  }
}

/// It is the digest's work to find damage; what still decodes must at least be one set of members.
TEST(ConfigurationCodec, AnyDamagedByteIsRefusedOrAnotherWholeRecord) {
  const BootstrapRecord record = full_record();
  const auto bytes = encode(record);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    auto damaged = bytes;
    damaged[i] ^= 0x81;
    const auto decoded = decode_record(damaged);
    if (!decoded) continue;
    EXPECT_NE(*decoded, record) << "byte " << i;
    EXPECT_EQ(encode(*decoded), damaged);
  }
}

TEST(ConfigurationCodec, ACountBeyondTheBytesAllocatesNothing) {
  auto bytes = encode(full_record());
  const std::size_t count_at = 1 + ClusterId::kBytes + Epoch::kBytes;
  ASSERT_EQ(bytes[count_at], full_record().configuration.voters.size());
  std::fill_n(bytes.begin() + count_at, 4, std::uint8_t{0xff});
  EXPECT_FALSE(decode_record(bytes));
}

TEST(ConfigurationCodec, WhatNamesNobodyIsRefused) {
  BootstrapRecord record = full_record();
  record.cluster = ClusterId{};
  EXPECT_FALSE(decode_record(encode(record)));

  record = full_record();
  record.epoch = Epoch{};
  EXPECT_FALSE(decode_record(encode(record)));

  record = full_record();
  record.configuration.voters.clear();
  EXPECT_FALSE(decode_record(encode(record)));

  record = full_record();
  record.configuration.voters[1].node = NodeId{};
  EXPECT_FALSE(decode_record(encode(record)));

  record = full_record();
  record.configuration.voters[1].node = NodeId("not valid");
  EXPECT_FALSE(decode_record(encode(record)));

  record = full_record();
  record.configuration.voters[1].incarnation = Incarnation{};
  EXPECT_FALSE(decode_record(encode(record)));

  record = full_record();
  record.configuration.voters[1].node = record.configuration.voters[0].node;
  EXPECT_FALSE(decode_record(encode(record)));
}

}  // namespace
}  // namespace lockstep::consensus::test
