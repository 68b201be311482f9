#include "lockstep/types.hpp"

#include <gtest/gtest.h>

#include <string>
#include <type_traits>

#include "base/hex.hpp"

namespace lockstep {
namespace {

static_assert(!std::is_convertible_v<Term, Index> && !std::is_constructible_v<Term, Index>);
static_assert(!std::is_convertible_v<std::uint64_t, Index>);
static_assert(!std::is_constructible_v<Epoch, Incarnation>);

TEST(NodeIds, ValidOnesAreShortAndPlain) {
  for (const char* name : {"a", "Node-1", "10.0.0.1:8080", "x_y", "-", "0"}) {
    EXPECT_TRUE(NodeId(name).is_valid()) << name;
  }
  EXPECT_TRUE(NodeId(std::string(64, 'n')).is_valid());
}

TEST(NodeIds, OthersAreNot) {
  for (const char* name : {"", " ", "a b", "a/b", "a\n", "caf\xc3\xa9", "a?b", "a=b", "a&b"}) {
    EXPECT_FALSE(NodeId(name).is_valid()) << name;
  }
  EXPECT_FALSE(NodeId(std::string(65, 'n')).is_valid());
  EXPECT_FALSE(NodeId(std::string("a\0b", 3)).is_valid());
}

TEST(NodeIds, EmptyMeansNone) {
  EXPECT_TRUE(NodeId().is_none());
  EXPECT_FALSE(NodeId("n").is_none());
  EXPECT_EQ(to_string(NodeId("n")), "n");
}

TEST(Numbers, CountAndCompare) {
  EXPECT_EQ(Index(7).next(), Index(8));
  EXPECT_EQ(Index(7).previous(), Index(6));
  EXPECT_LT(Term(1), Term(2));
  EXPECT_EQ(to_string(Term(42)), "42");
}

TEST(IndexRanges, AreInclusiveAndMayBeEmpty) {
  EXPECT_TRUE(IndexRange().empty());
  EXPECT_EQ(IndexRange().size(), 0u);
  const IndexRange range{Index(3), Index(5)};
  EXPECT_EQ(range.size(), 3u);
  EXPECT_TRUE(range.contains(Index(3)));
  EXPECT_TRUE(range.contains(Index(5)));
  EXPECT_FALSE(range.contains(Index(2)));
  EXPECT_FALSE(range.contains(Index(6)));
}

TEST(Identifiers, PrintAsHex) {
  ClusterId::Bytes bytes{};
  bytes[0] = 0xab;
  bytes[15] = 0x01;
  EXPECT_EQ(to_string(ClusterId(bytes)), "ab000000000000000000000000000001");
  EXPECT_TRUE(ClusterId().is_none());
  EXPECT_FALSE(ClusterId(bytes).is_none());
  Digest digest;
  EXPECT_TRUE(digest.is_none());
  digest.bytes[31] = 0xf0;
  EXPECT_EQ(to_string(digest), "00000000000000000000000000000000000000000000000000000000000000f0");
  EXPECT_FALSE(digest.is_none());
  EXPECT_EQ(hex(as_bytes("\x01\xff")), "01ff");
}

}  // namespace
}  // namespace lockstep
