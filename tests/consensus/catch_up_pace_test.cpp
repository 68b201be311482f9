#include "consensus/catch_up_pace.hpp"

#include <gtest/gtest.h>

namespace lockstep::consensus::test {
namespace {

constexpr std::size_t kFull = 1600;

TEST(CatchUpPace, WhoGainsKeepsTheSmallestWindow) {
  CatchUpPace pace;
  EXPECT_EQ(pace.window(kFull), 100u);
  pace.look(Index{10}, Index{1000});
  pace.look(Index{110}, Index{1099});
  pace.look(Index{210}, Index{1100});
  EXPECT_EQ(pace.window(kFull), 100u);
}

TEST(CatchUpPace, WhoDoesNotGainGetsTwiceAsMuchUpToAll) {
  CatchUpPace pace;
  std::uint64_t at = 10;
  pace.look(Index{at}, Index{at + 1000});
  for (const std::size_t window : {200U, 400U, 800U, 1600U, 1600U}) {
    at += 100;
    pace.look(Index{at}, Index{at + 1000});
    EXPECT_EQ(pace.window(kFull), window);
  }
  pace.reset();
  EXPECT_EQ(pace.window(kFull), 100u);
}

TEST(CatchUpPace, WhoStandsStillIsNotHeldUpByItsWindow) {
  CatchUpPace pace;
  pace.look(Index{10}, Index{1000});
  pace.look(Index{10}, Index{2000});
  EXPECT_EQ(pace.window(kFull), 100u);
}

TEST(CatchUpPace, NoWindowIsEmpty) { EXPECT_EQ(CatchUpPace().window(3), 1u); }

}  // namespace
}  // namespace lockstep::consensus::test
