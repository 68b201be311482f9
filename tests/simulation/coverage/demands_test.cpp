// What a run of many seeds must have come across.
#include "simulation/coverage/demands.hpp"

#include <gtest/gtest.h>

namespace lockstep::sim {
namespace {

const Tally kAllHit{{"one", 2}, {"other", 7}};
const Tally kOneMissed{{"one", 0}, {"other", 7}};

TEST(Coverage, AThousandSeedsHitEachMark) {
  EXPECT_TRUE(uncovered(1000, kAllHit, 100).empty());
  const auto lacking = uncovered(1000, kOneMissed, 100);
  ASSERT_EQ(lacking.size(), 1u);
  EXPECT_EQ(lacking[0], "hit 0 times in 1000 seeds: one");
  EXPECT_EQ(uncovered(2001, kAllHit, 300).size(), 1u) << "each thousand";
}

TEST(Coverage, OneSeedInTenOverlapsChangeSnapshotAndRestart) {
  EXPECT_TRUE(uncovered(2000, kAllHit, 200).empty());
  const auto lacking = uncovered(2000, kAllHit, 199);
  ASSERT_EQ(lacking.size(), 1u);
  EXPECT_NE(lacking[0].find("199"), std::string::npos) << lacking[0];
}

TEST(Coverage, FewerSeedsNeedNotShowAnything) {
  EXPECT_TRUE(uncovered(999, kOneMissed, 0).empty());
}

}  // namespace
}  // namespace lockstep::sim
