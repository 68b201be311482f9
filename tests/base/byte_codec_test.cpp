#include "base/byte_codec.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace lockstep {
namespace {

using Bytes = std::vector<std::uint8_t>;

TEST(ByteWriter, WritesLittleEndian) {
  ByteWriter writer;
  writer.u8(0x01);
  writer.u16(0x0302);
  writer.u32(0x07060504);
  writer.u64(0x0f0e0d0c0b0a0908);
  EXPECT_EQ(writer.size(), 15u);
  Bytes expected(15);
  for (std::size_t i = 0; i < expected.size(); ++i) expected[i] = static_cast<std::uint8_t>(i + 1);
  EXPECT_EQ(writer.bytes(), expected);
}

TEST(ByteReader, ReadsBackWhatWasWritten) {
  MessageId::Bytes id_bytes{};
  id_bytes[3] = 9;
  Digest digest;
  digest.bytes[31] = 7;
  ByteWriter writer;
  writer.number(Index(12));
  writer.id(MessageId(id_bytes));
  writer.digest(digest);
  writer.node(NodeId("n1"));
  writer.node(NodeId());
  writer.short_text("text");
  writer.sized(as_bytes("sized"));
  writer.u32(2);
  writer.u16(3);
  writer.u16(4);
  const Bytes bytes = writer.take();

  ByteReader reader(bytes);
  EXPECT_EQ(reader.number<Index>(), Index(12));
  EXPECT_EQ(reader.id<MessageId>(), MessageId(id_bytes));
  EXPECT_EQ(reader.digest(), digest);
  EXPECT_EQ(reader.node(), NodeId("n1"));
  EXPECT_EQ(reader.node(), NodeId());
  EXPECT_EQ(reader.short_text(), "text");
  const ByteSpan sized = reader.sized();
  EXPECT_EQ(std::string(sized.begin(), sized.end()), "sized");
  EXPECT_EQ(reader.count(2), 2u);
  EXPECT_FALSE(reader.complete());
  EXPECT_EQ(reader.remaining(), 4u);
  EXPECT_EQ(reader.u16(), 3);
  EXPECT_EQ(reader.u16(), 4);
  EXPECT_TRUE(reader.complete());
  EXPECT_EQ(reader.offset(), bytes.size());
}

TEST(ByteReader, AReadBeyondTheEndYieldsZeroAndIsRemembered) {
  const Bytes bytes = {1, 2, 3};
  ByteReader reader(bytes);
  EXPECT_EQ(reader.u16(), 0x0201);
  EXPECT_FALSE(reader.failed());
  EXPECT_EQ(reader.u32(), 0u);
  EXPECT_TRUE(reader.failed());
  EXPECT_EQ(reader.u8(), 0) << "the byte that is left must not be read after a failure";
  EXPECT_FALSE(reader.complete());
}

TEST(ByteReader, EveryTruncationFails) {
  ByteWriter writer;
  writer.u64(1);
  writer.node(NodeId("node"));
  writer.sized(as_bytes("abc"));
  for (std::size_t size = 0; size < writer.size(); ++size) {
    ByteReader reader(ByteSpan(writer.bytes()).first(size));
    (void)reader.u64();
    (void)reader.node();
    (void)reader.sized();
    EXPECT_FALSE(reader.complete()) << size;
    EXPECT_TRUE(reader.failed()) << size;
  }
}

TEST(ByteReader, AnInvalidNodeIdFails) {
  ByteWriter writer;
  writer.short_text("not valid");
  ByteReader reader(writer.bytes());
  (void)reader.node();
  EXPECT_TRUE(reader.failed());
}

TEST(ByteReader, ACountOfMoreThanCanFollowFails) {
  ByteWriter writer;
  writer.u32(3);
  writer.raw(Bytes(11));
  ByteReader fits(writer.bytes());
  EXPECT_EQ(fits.count(3), 3u);
  ByteReader too_many(writer.bytes());
  EXPECT_EQ(too_many.count(4), 0u);
  EXPECT_TRUE(too_many.failed());
}

}  // namespace
}  // namespace lockstep
