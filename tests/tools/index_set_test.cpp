#include "tools/lockstep_wal/index_set.hpp"

#include <gtest/gtest.h>

#include <set>

#include "lockstep/split_mix.hpp"

namespace lockstep::tools {
namespace {

std::set<std::uint64_t> members(const IndexSet& set) {
  std::set<std::uint64_t> all;
  Index before{};
  for (const IndexRange& range : set.ranges()) {
    EXPECT_FALSE(range.empty());
    if (before != Index{}) {
      EXPECT_GT(range.first, before.next()) << "ranges touch";
    }
    before = range.last;
    for (std::uint64_t i = range.first.value(); i <= range.last.value(); ++i) all.insert(i);
  }
  return all;
}

TEST(IndexSet, IsASetOfIndexes) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    SplitMix64 numbers(seed);
    IndexSet set;
    std::set<std::uint64_t> slow;
    for (int step = 0; step < 20; ++step) {
      const std::uint64_t first = 1 + numbers.next() % 40;
      const std::uint64_t last = first + numbers.next() % 8 - 1;  // sometimes empty
      const IndexRange range{Index(first), Index(last)};
      const bool add = numbers.next() % 3 != 0;
      if (add) set.add(range);
      if (!add) set.subtract(range);
      for (std::uint64_t i = first; i <= last; ++i) {
        if (add) slow.insert(i);
        if (!add) slow.erase(i);
      }
      ASSERT_EQ(members(set), slow) << "seed " << seed;
      ASSERT_EQ(set.size(), slow.size());
      ASSERT_EQ(set.contains(Index(first)), slow.count(first) == 1);
    }
    std::erase_if(slow, [](std::uint64_t i) { return i < 10 || i > 20; });
    EXPECT_EQ(members(set.within(IndexRange{Index(10), Index(20)})), slow);
  }
}

TEST(IndexSet, HoldsTheLastIndexThereIs) {
  const Index last{~std::uint64_t{0}};
  IndexSet set(IndexRange{Index(5), last});
  set.add({Index(7), last});
  set.subtract({Index(9), Index(9)});
  EXPECT_TRUE(set.contains(last));
  EXPECT_FALSE(set.contains(Index(9)));
}

}  // namespace
}  // namespace lockstep::tools
