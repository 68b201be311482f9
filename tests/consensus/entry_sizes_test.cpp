#include "consensus/entry_sizes.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <vector>

#include "lockstep/split_mix.hpp"

namespace lockstep::consensus::test {
namespace {

std::uint64_t sum_after(const std::vector<std::uint64_t>& sizes, std::uint64_t index) {
  std::uint64_t sum = 0;
  for (std::size_t i = index; i < sizes.size(); ++i) sum += sizes[i];
  return sum;
}

TEST(EntrySizes, NothingAfterTheEnd) {
  EntrySizes sizes(Index{5});
  EXPECT_EQ(sizes.bytes_after(Index{5}), 0u);
  EXPECT_EQ(sizes.bytes_after(Index{9}), 0u);
  sizes.append(Index{6}, 100);
  EXPECT_EQ(sizes.bytes_after(Index{6}), 0u);
  EXPECT_EQ(sizes.bytes_after(Index{5}), 100u);
}

TEST(EntrySizes, EntriesFromBeforeTheStartCountWithTheMean) {
  EntrySizes sizes(Index{10});
  EXPECT_EQ(sizes.bytes_after(Index{4}), 0u);
  sizes.append(Index{11}, 100);
  sizes.append(Index{12}, 300);
  EXPECT_EQ(sizes.bytes_after(Index{7}), 400u + 3 * 200u);
}

TEST(EntrySizes, EqualSizesAreExactEverywhereAlsoAfterTruncation) {
  EntrySizes sizes(Index{0});
  for (std::uint64_t i = 1; i <= 1000; ++i) sizes.append(Index(i), 70);
  for (std::uint64_t i = 0; i <= 1000; ++i) {
    ASSERT_EQ(sizes.bytes_after(Index(i)), (1000 - i) * 70);
  }
  sizes.truncate_from(Index{501});
  EXPECT_EQ(sizes.bytes_after(Index{0}), 500u * 70u);
  sizes.append(Index{501}, 70);
  EXPECT_EQ(sizes.bytes_after(Index{450}), 51u * 70u);
  sizes.truncate_from(Index{1});
  EXPECT_EQ(sizes.bytes_after(Index{0}), 0u);
}

TEST(EntrySizes, TruncationIntoWhatWasThereBefore) {
  EntrySizes sizes(Index{100});
  for (std::uint64_t i = 101; i <= 300; ++i) sizes.append(Index(i), 10);
  sizes.truncate_from(Index{51});
  EXPECT_EQ(sizes.bytes_after(Index{0}), 0u);
  sizes.append(Index{51}, 40);
  EXPECT_EQ(sizes.bytes_after(Index{50}), 40u);
  EXPECT_EQ(sizes.bytes_after(Index{48}), 40u + 2 * 40u);
}

TEST(EntrySizes, TruncationBeyondTheEndIsNothing) {
  EntrySizes sizes(Index{0});
  sizes.append(Index{1}, 10);
  sizes.truncate_from(Index{2});
  EXPECT_EQ(sizes.bytes_after(Index{0}), 10u);
}

/// Off by less than what 64 entries can hold, as long as the log is short.
TEST(EntrySizes, StaysCloseToTheSum) {
  SplitMix64 rng(2);
  EntrySizes sizes(Index{0});
  std::vector<std::uint64_t> plain;
  for (int i = 0; i < 5000; ++i) {
    plain.push_back(40 + rng.below(1000));
    sizes.append(Index(plain.size()), plain.back());
  }
  for (std::uint64_t i = 0; i <= plain.size(); i += 7) {
    const auto wanted = static_cast<std::int64_t>(sum_after(plain, i));
    const auto actual = static_cast<std::int64_t>(sizes.bytes_after(Index(i)));
    ASSERT_LE(std::abs(wanted - actual), 64 * 1040);
  }
}

/// Two million entries: sparser sums, still true to within a thousandth.
TEST(EntrySizes, ALongLogIsThinnedOut) {
  EntrySizes sizes(Index{0});
  constexpr std::uint64_t kEntries = 2'000'000;
  for (std::uint64_t i = 1; i <= kEntries; ++i) sizes.append(Index(i), 50 + i % 2);
  const std::uint64_t all = sizes.bytes_after(Index{0});
  EXPECT_EQ(all, kEntries * 50 + kEntries / 2);
  const auto half = static_cast<double>(sizes.bytes_after(Index{kEntries / 2}));
  EXPECT_NEAR(half, static_cast<double>(all) / 2, static_cast<double>(all) / 1000);
}

}  // namespace
}  // namespace lockstep::consensus::test
