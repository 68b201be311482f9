#include "consensus/read_ahead.hpp"

#include <gtest/gtest.h>

#include <string>

namespace lockstep::consensus::test {
namespace {

constexpr std::size_t kPayloadBytes = 100;
constexpr std::size_t kBytesInFrame = EntryHeader::kEncodedBytes + kPayloadBytes + Digest::kBytes;

std::vector<Entry> entries(std::uint64_t first, std::uint64_t last) {
  std::vector<Entry> result;
  for (std::uint64_t i = first; i <= last; ++i) {
    Entry entry;
    entry.header.index = Index{i};
    entry.header.payload_bytes = kPayloadBytes;
    entry.encoded = SharedBuffer::copy_of(
        as_bytes(std::string(EntryHeader::kEncodedBytes + kPayloadBytes, 'x')));
    result.push_back(entry);
  }
  return result;
}

/// A read from where one is wanted, answered.
void read(ReadAhead& ahead, std::uint64_t id, std::uint64_t first, std::uint64_t last) {
  ahead.started(id, Index{first});
  ASSERT_TRUE(ahead.finished(id));
  ahead.add(entries(first, last));
}

TEST(ReadAhead, AsksForMoreWhileWhatIsHereIsSent) {
  ReadAhead ahead(10 * kBytesInFrame);
  EXPECT_EQ(ahead.wanted_behind(Index{5}), Index{5});
  ahead.started(1, Index{5});
  EXPECT_EQ(ahead.wanted_behind(Index{5}), std::nullopt) << "one at a time";
  ASSERT_TRUE(ahead.finished(1));
  ahead.add(entries(5, 14));
  EXPECT_EQ(ahead.wanted_behind(Index{5}), std::nullopt) << "enough is here";
  EXPECT_EQ(ahead.take(Index{5}, 2 * kBytesInFrame).size(), 2u);
  EXPECT_EQ(ahead.wanted_behind(Index{7}), Index{15});
  ahead.started(2, Index{15});
  EXPECT_EQ(ahead.take(Index{7}, 100 * kBytesInFrame).size(), 8u);
  EXPECT_TRUE(ahead.empty());
  EXPECT_EQ(ahead.wanted_behind(Index{15}), std::nullopt) << "it is under way";
  EXPECT_TRUE(ahead.finished(2));
}

TEST(ReadAhead, TakesOneEntryOverTheBudget) {
  ReadAhead ahead(1);
  read(ahead, 1, 5, 6);
  const auto taken = ahead.take(Index{5}, 1);
  ASSERT_EQ(taken.size(), 1u);
  EXPECT_EQ(taken.front().header.index, Index{5});
  EXPECT_EQ(ahead.take(Index{6}, 2 * kBytesInFrame - 1).size(), 1u);
}

TEST(ReadAhead, WhoGoesBackForgetsWhatLiesElsewhere) {
  ReadAhead ahead(10 * kBytesInFrame);
  read(ahead, 1, 5, 14);
  EXPECT_EQ(ahead.take(Index{5}, 2 * kBytesInFrame).size(), 2u);
  ahead.started(2, Index{15});
  EXPECT_TRUE(ahead.take(Index{5}, kBytesInFrame).empty());
  EXPECT_EQ(ahead.wanted_behind(Index{5}), Index{5});
  EXPECT_TRUE(ahead.empty());
  EXPECT_FALSE(ahead.finished(2)) << "nobody waits for it";
}

TEST(ReadAhead, WhatDoesNotFollowIsIgnored) {
  ReadAhead ahead(10 * kBytesInFrame);
  read(ahead, 1, 5, 6);
  ahead.add(entries(8, 9));
  EXPECT_EQ(ahead.take(Index{5}, 100 * kBytesInFrame).size(), 2u);
  EXPECT_TRUE(ahead.empty());
  EXPECT_EQ(ahead.wanted_behind(Index{7}), Index{7});
}

}  // namespace
}  // namespace lockstep::consensus::test
