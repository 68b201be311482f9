#include "transport/log_limiter.hpp"

#include <gtest/gtest.h>

namespace lockstep::transport {
namespace {

using std::chrono::milliseconds;

int admitted(LogLimiter& limiter, link::Time at, int lines) {
  int result = 0;
  for (int i = 0; i < lines; ++i) result += limiter.admit(at).has_value();
  return result;
}

TEST(LogLimiter, LetsABurstThroughAndThenTwoASecond) {
  LogLimiter limiter;
  EXPECT_EQ(admitted(limiter, milliseconds(10'000), 1000), 20);
  EXPECT_EQ(admitted(limiter, milliseconds(10'499), 1000), 0);
  EXPECT_EQ(admitted(limiter, milliseconds(10'500), 1000), 1);
  EXPECT_EQ(admitted(limiter, milliseconds(13'000), 1000), 5);
  EXPECT_EQ(admitted(limiter, milliseconds(60'000), 1000), 20) << "a pause earns one burst";
}

TEST(LogLimiter, SaysHowManyWereLeftOut) {
  LogLimiter limiter;
  EXPECT_EQ(limiter.admit(milliseconds(0)), 0U);
  (void)admitted(limiter, milliseconds(0), 26);
  EXPECT_EQ(limiter.admit(milliseconds(500)), 7U);
  EXPECT_EQ(limiter.admit(milliseconds(1000)), 0U);
}

}  // namespace
}  // namespace lockstep::transport
