#include "consensus/checkpoint_watch.hpp"

#include <gtest/gtest.h>

namespace lockstep::consensus::test {
namespace {

const NodeId kOther("n2");

Digest digest(std::uint8_t value) {
  Digest made;
  made.bytes[0] = value;
  return made;
}

TEST(CheckpointWatch, SaysNothingOfEqualOnes) {
  CheckpointWatch watch;
  EXPECT_TRUE(watch.made(Index(1024), digest(1)).empty());
  EXPECT_FALSE(watch.told(kOther, Index(1024), digest(1)));
  EXPECT_FALSE(watch.told(kOther, Index(2048), digest(2))) << "not made here yet";
  EXPECT_TRUE(watch.made(Index(2048), digest(2)).empty());
}

TEST(CheckpointWatch, NamesTheNewestEqualAndTheFirstDifferentOneOnce) {
  CheckpointWatch watch;
  for (std::uint8_t i = 1; i <= 4; ++i) (void)watch.made(Index(1024u * i), digest(i));
  EXPECT_FALSE(watch.told(kOther, Index(1024), digest(1)));
  EXPECT_FALSE(watch.told(kOther, Index(2048), digest(2)));
  const auto found = watch.told(kOther, Index(3072), digest(9));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->node, kOther);
  EXPECT_EQ(found->newest_equal, Index(2048));
  EXPECT_EQ(found->first_different, Index(3072));
  EXPECT_FALSE(watch.told(kOther, Index(4096), digest(9)));
  EXPECT_TRUE(watch.told(NodeId("n3"), Index(4096), digest(9))) << "each node for itself";
}

TEST(CheckpointWatch, WaitsForItsOwn) {
  CheckpointWatch watch;
  EXPECT_FALSE(watch.told(kOther, Index(1024), digest(1)));
  EXPECT_FALSE(watch.told(kOther, Index(2048), digest(9)));
  EXPECT_TRUE(watch.made(Index(1024), digest(1)).empty());
  const auto found = watch.made(Index(2048), digest(2));
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].newest_equal, Index(1024));
  EXPECT_EQ(found[0].first_different, Index(2048));
}

TEST(CheckpointWatch, KeepsABoundedNumber) {
  CheckpointWatch watch;
  for (std::uint64_t i = 1; i <= 200; ++i) {
    EXPECT_FALSE(watch.told(kOther, Index(100'000 + i), digest(1)));
  }
  for (std::uint64_t i = 1; i <= 200; ++i) (void)watch.made(Index(i), digest(1));
  EXPECT_FALSE(watch.own(Index(200 - CheckpointWatch::kKept)));
  EXPECT_TRUE(watch.own(Index(201 - CheckpointWatch::kKept)));
  EXPECT_FALSE(watch.told(kOther, Index(5), digest(2))) << "too old to say";
  EXPECT_TRUE(watch.made(Index(100'100), digest(2)).empty()) << "forgotten";
  EXPECT_EQ(watch.made(Index(100'200), digest(2)).size(), 1u);
}

}  // namespace
}  // namespace lockstep::consensus::test
