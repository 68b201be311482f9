#include "base/index_ranges.hpp"

#include <gtest/gtest.h>

#include <set>

namespace lockstep {
namespace {

IndexRange range(std::uint64_t first, std::uint64_t last) { return {Index(first), Index(last)}; }

TEST(IndexRanges, AddJoinsWhatTouches) {
  IndexRanges ranges;
  add(ranges, range(5, 6));
  add(ranges, range(1, 2));
  add(ranges, range(9, 9));
  EXPECT_EQ(ranges, (IndexRanges{range(1, 2), range(5, 6), range(9, 9)}));
  add(ranges, range(7, 7));
  EXPECT_EQ(ranges, (IndexRanges{range(1, 2), range(5, 7), range(9, 9)}));
  add(ranges, range(2, 8));
  EXPECT_EQ(ranges, (IndexRanges{range(1, 9)}));
  add(ranges, {});
  EXPECT_EQ(ranges, (IndexRanges{range(1, 9)}));
}

TEST(IndexRanges, SubtractSplits) {
  IndexRanges ranges{range(1, 9)};
  subtract(ranges, range(4, 5));
  EXPECT_EQ(ranges, (IndexRanges{range(1, 3), range(6, 9)}));
  subtract(ranges, range(3, 6));
  EXPECT_EQ(ranges, (IndexRanges{range(1, 2), range(7, 9)}));
  subtract(ranges, range(1, 100));
  EXPECT_TRUE(ranges.empty());
}

TEST(IndexRanges, AreASetOfIndexes) {
  IndexRanges ranges;
  std::set<std::uint64_t> expected;
  std::uint64_t random = 1;
  for (int step = 0; step < 2000; ++step) {
    random = random * 6364136223846793005 + 1442695040888963407;
    const std::uint64_t first = 1 + (random >> 33) % 40;
    const std::uint64_t last = first + (random >> 45) % 6;
    const bool adds = (random >> 60) % 2 == 0;
    adds ? add(ranges, range(first, last)) : subtract(ranges, range(first, last));
    for (std::uint64_t i = first; i <= last; ++i)
      adds ? (void)expected.insert(i) : (void)expected.erase(i);
    for (std::uint64_t i = 1; i <= 50; ++i) {
      ASSERT_EQ(contains(ranges, Index(i)), expected.contains(i)) << "step " << step;
    }
    for (std::size_t i = 1; i < ranges.size(); ++i) {
      ASSERT_GT(ranges[i].first, ranges[i - 1].last.next()) << "apart";
    }
  }
}

}  // namespace
}  // namespace lockstep
