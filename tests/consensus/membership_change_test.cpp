#include "consensus/membership_change.hpp"

#include <gtest/gtest.h>

#include "consensus/cluster.hpp"
#include "consensus/configuration_text.hpp"

namespace lockstep::consensus::test {
namespace {

using std::chrono::milliseconds;

Member member(const std::string& name, int generation = 0) {
  return {NodeId(name), incarnation_of(NodeId(name), generation)};
}

MembershipRequest request(MemberChange kind, const std::string& node, std::uint8_t operation = 0) {
  OperationId::Bytes bytes{};
  bytes[0] = operation;
  return {kind, NodeId(node), OperationId(bytes)};
}

/// The next configuration, or the error's name and text.
std::string after(const std::string& now, MemberChange kind, const std::string& node,
                  int generation = 0) {
  const auto next = change(configuration_from(now), request(kind, node), member(node, generation));
  return next ? text_of(*next) : next.error().message;
}

TEST(MembershipChange, LearnersComeAndGoInOneStep) {
  EXPECT_EQ(after("1+2", MemberChange::kAddLearner, "3"), "1+2~3");
  EXPECT_EQ(after("1+2~3", MemberChange::kAddLearner, "4"), "1+2~3+4");
  EXPECT_EQ(after("1+2~3+4", MemberChange::kRemove, "3"), "1+2~4");
  EXPECT_EQ(after("1+2~3", MemberChange::kAddLearner, "3", 1), "1+2~3.1");
}

TEST(MembershipChange, VotersComeAndGoByAJointConfiguration) {
  EXPECT_EQ(after("1+2~3+4", MemberChange::kPromote, "3"), "1+2+3<1+2~4");
  EXPECT_EQ(after("1+2+3~4", MemberChange::kRemove, "2"), "1+3<1+2+3~4");
  EXPECT_EQ(after("1+2+3", MemberChange::kAddLearner, "2", 1), "1+3<1+2+3~2.1");
  for (const std::string joint : {"1+2+3<1+2~4", "1+3<1+2+3~2.1"}) {
    const Configuration last = final_of(configuration_from(joint));
    EXPECT_FALSE(last.is_joint());
    EXPECT_EQ(last.voters, configuration_from(joint).voters);
    EXPECT_EQ(last.learners, configuration_from(joint).learners);
  }
}

TEST(MembershipChange, SaysWhatWouldBeRight) {
  EXPECT_EQ(after("1+2", MemberChange::kAddLearner, "2"), "2 is a voter already");
  EXPECT_EQ(after("1+2", MemberChange::kPromote, "3"),
            "3 is no learner of this group: add it first");
  EXPECT_EQ(after("1+2", MemberChange::kRemove, "3"), "3 is no member of this group");
  EXPECT_EQ(after("1~2", MemberChange::kRemove, "1"),
            "1 is the only voter: promote another member first");
  EXPECT_EQ(after("1~2", MemberChange::kAddLearner, "1", 1),
            "1 is the only voter: promote another member first");
}

TEST(MembershipChange, IsDoneOnlyForTheSameData) {
  const Configuration now = configuration_from("1+2~3");
  EXPECT_TRUE(is_done(now, request(MemberChange::kAddLearner, "3"), member("3")));
  EXPECT_FALSE(is_done(now, request(MemberChange::kAddLearner, "3"), member("3", 1)));
  EXPECT_TRUE(is_done(now, request(MemberChange::kPromote, "2"), {}));
  EXPECT_FALSE(is_done(now, request(MemberChange::kPromote, "3"), {}));
}

TEST(MembershipChange, TheNewestOperationsAreNamed) {
  Configuration now = configuration_from("1+2");
  for (int i = 1; i <= 70; ++i) {
    const auto kind = i % 2 == 1 ? MemberChange::kAddLearner : MemberChange::kRemove;
    now = change(now, request(kind, "3", static_cast<std::uint8_t>(i)), member("3")).value();
  }
  EXPECT_EQ(now.operations.size(), 64U);
  EXPECT_TRUE(has_made(now, request(MemberChange::kRemove, "3", 7).operation));
  EXPECT_FALSE(has_made(now, request(MemberChange::kRemove, "3", 6).operation));
  EXPECT_FALSE(has_made(now, OperationId{})) << "nobody asks for it again";
}

TEST(MembershipChange, WhoeverLostItsDataIsOwedAPromotionUntilItHasItOrIsRemoved) {
  const Member lost = member("3", 1);
  const MembershipRequest readmission{MemberChange::kAddLearner, lost.node,
                                      readmission_of(lost.incarnation)};
  const Configuration now =
      final_of(change(configuration_from("1+2+3"), readmission, lost).value());
  EXPECT_TRUE(is_owed_promotion(now, lost));
  EXPECT_FALSE(is_owed_promotion(now, member("3")));
  EXPECT_TRUE(is_owed_promotion(
      change(now, request(MemberChange::kAddLearner, "4"), member("4")).value(), lost));
  for (const MemberChange kind : {MemberChange::kPromote, MemberChange::kRemove}) {
    EXPECT_FALSE(is_owed_promotion(change(now, request(kind, "3"), lost).value(), lost));
  }
}

class CatchingUp : public testing::Test {
 protected:
  CatchUp::State look(std::uint64_t match, std::uint64_t last, std::uint64_t progress = 0) {
    return catch_up_.look(Index(match), match + progress, Index(last), now_, milliseconds(100),
                          milliseconds(1000));
  }
  MonotonicTime now_{std::chrono::hours(1)};
  CatchUp catch_up_{Index(50), now_};
};

TEST_F(CatchingUp, EndsWithARoundShorterThanAnElectionTimeOut) {
  EXPECT_EQ(look(10, 60), CatchUp::State::kGoesOn);
  now_ += milliseconds(500);
  EXPECT_EQ(look(50, 90), CatchUp::State::kGoesOn) << "the round took too long";
  now_ += milliseconds(99);
  EXPECT_EQ(look(89, 95), CatchUp::State::kGoesOn) << "it goes to 90";
  EXPECT_EQ(look(90, 95), CatchUp::State::kCaughtUp);
}

TEST_F(CatchingUp, TakesTenRounds) {
  std::uint64_t last = 50;
  for (int round = 1; round < CatchUp::kMaxRounds; ++round) {
    now_ += milliseconds(100);
    EXPECT_EQ(look(last, last + 10), CatchUp::State::kGoesOn) << round;
    last += 10;
  }
  now_ += milliseconds(100);
  EXPECT_EQ(look(last, last + 10), CatchUp::State::kTooSlow);
}

TEST_F(CatchingUp, IsGivenUpWithoutProgressHoweverLongItTakes) {
  for (std::uint64_t match = 1; match < 10; ++match) {
    now_ += milliseconds(999);
    EXPECT_EQ(look(match, 60), CatchUp::State::kGoesOn);
  }
  now_ += milliseconds(999);
  EXPECT_EQ(look(9, 60, 1), CatchUp::State::kGoesOn) << "a snapshot gets on, entries do not";
  now_ += milliseconds(999);
  EXPECT_EQ(look(9, 60, 1), CatchUp::State::kGoesOn);
  now_ += milliseconds(1);
  EXPECT_EQ(look(9, 60, 1), CatchUp::State::kStandsStill);
}

}  // namespace
}  // namespace lockstep::consensus::test
