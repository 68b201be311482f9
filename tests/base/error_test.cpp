#include "lockstep/error.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace lockstep {
namespace {

constexpr int kLastCode = 119;

TEST(Errors, EveryCodeHasATextOfItsOwn) {
  std::set<std::string> texts;
  int codes = 0;
  for (int number = 1; number <= kLastCode; ++number) {
    const std::string text = lockstep_category().message(number);
    if (text == lockstep_category().message(9999)) continue;
    ++codes;
    EXPECT_TRUE(texts.insert(text).second) << text;
  }
  EXPECT_EQ(codes, 55);
  EXPECT_EQ(make_error_code(Errc::kStalled).value(), kLastCode);
  EXPECT_EQ(std::string(lockstep_category().name()), "lockstep");
}

TEST(Errors, AnErrorIsTrueAndNoErrorIsNot) {
  EXPECT_FALSE(Error());
  const Error plain = Errc::kTooLarge;
  EXPECT_TRUE(static_cast<bool>(plain));
  EXPECT_TRUE(plain == Errc::kTooLarge);
  EXPECT_FALSE(plain == Errc::kStopped);
  EXPECT_EQ(plain.message, "too large");
  EXPECT_EQ(Error(Errc::kTooLarge, "17 MiB").message, "17 MiB");
  const Error system = std::make_error_code(std::errc::io_error);
  EXPECT_FALSE(system == Errc::kIo);
}

TEST(Errors, ConditionsSayWhatToDo) {
  const auto advises = [](Errc code, Advice advice) { return Error(code) == advice; };
  EXPECT_TRUE(advises(Errc::kNotLeader, Advice::kTryAnotherNode));
  EXPECT_TRUE(advises(Errc::kSyncFailed, Advice::kTryAnotherNode));
  EXPECT_TRUE(advises(Errc::kOverloaded, Advice::kBackOffAndRetry));
  EXPECT_TRUE(advises(Errc::kNotConnected, Advice::kBackOffAndRetry));
  EXPECT_TRUE(advises(Errc::kInvalidArgument, Advice::kFixTheCall));
  EXPECT_TRUE(advises(Errc::kNotSupported, Advice::kFixTheCall));
  EXPECT_TRUE(advises(Errc::kBadChecksum, Advice::kCorruption));
  EXPECT_TRUE(advises(Errc::kBadEntryDigest, Advice::kCorruption));
  EXPECT_TRUE(advises(Errc::kLeadershipLost, Advice::kOutcomeUnknown));
  EXPECT_FALSE(advises(Errc::kNotLeader, Advice::kOutcomeUnknown))
      << "it was not written: the outcome is known";
  EXPECT_FALSE(advises(Errc::kOverloaded, Advice::kFixTheCall));
  EXPECT_FALSE(Error(std::make_error_code(std::errc::io_error)) == Advice::kCorruption);
  for (int number = 1; number <= 5; ++number) {
    EXPECT_NE(advice_category().message(number), advice_category().message(99));
  }
}

TEST(Errors, ProblemsBecomeOneErrorThatNamesAll) {
  EXPECT_TRUE(to_result({}).has_value());
  const Result<> result = to_result({{"node", "is empty"}, {"port", "is taken"}});
  ASSERT_FALSE(result.has_value());
  EXPECT_TRUE(result.error() == Errc::kInvalidArgument);
  EXPECT_EQ(result.error().message, "node: is empty; port: is taken");
}

TEST(Errors, AskingAFailedResultForItsValueThrowsItsError) {
  const Result<int> result = Error(Errc::kReleased, "index 7");
  try {
    (void)result.value();
    FAIL() << "value() of a failed result";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code(), make_error_code(Errc::kReleased));
  }
}

}  // namespace
}  // namespace lockstep
