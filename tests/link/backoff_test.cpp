#include "link/backoff.hpp"

#include <gtest/gtest.h>

namespace lockstep::link {
namespace {

using std::chrono::milliseconds;

TEST(Backoff, DoublesToItsMaximumAndStaysThere) {
  Backoff backoff(milliseconds(50), milliseconds(300));
  for (const int upper : {50, 100, 200, 300, 300}) {
    // The largest number modulo the span gives the upper end, 0 the middle.
    const auto span =
        static_cast<std::uint64_t>(std::chrono::nanoseconds(milliseconds(upper)).count() / 2);
    EXPECT_EQ(backoff.next(span), milliseconds(upper));
  }
}

TEST(Backoff, DrawsFromTheUpperHalf) {
  for (std::uint64_t random = 1; random != 0; random *= 3) {
    if (random > UINT64_MAX / 3) break;
    Backoff backoff(milliseconds(50), milliseconds(5000));
    const auto pause = backoff.next(random);
    EXPECT_GE(pause, milliseconds(25));
    EXPECT_LE(pause, milliseconds(50));
  }
  EXPECT_NE(Backoff(milliseconds(50), milliseconds(50)).next(1),
            Backoff(milliseconds(50), milliseconds(50)).next(2));
}

TEST(Backoff, StartsSmallAgainAfterAReset) {
  Backoff backoff(milliseconds(10), milliseconds(1000));
  for (int i = 0; i < 5; ++i) (void)backoff.next(0);
  EXPECT_EQ(backoff.next(0), milliseconds(160));
  backoff.reset();
  EXPECT_EQ(backoff.next(0), milliseconds(5));
}

}  // namespace
}  // namespace lockstep::link
