#include "consensus/progress.hpp"

#include <gtest/gtest.h>

namespace lockstep::consensus::test {
namespace {

constexpr MonotonicTime kStart{std::chrono::seconds(100)};

MonotonicTime at(int milliseconds) { return kStart + std::chrono::milliseconds(milliseconds); }

/// Level with a log that ends at 10, and streaming.
Progress streaming(WindowLimits limits = {1000, 3}) {
  Progress progress(limits, Index{11});
  progress.sent(Index{10}, 0, kStart);
  EXPECT_TRUE(progress.accepted(Index{10}, kStart));
  EXPECT_FALSE(progress.is_probing());
  return progress;
}

TEST(Progress, ProbesWithOneMessageAtATime) {
  Progress progress({1000, 3}, Index{11});
  EXPECT_TRUE(progress.is_probing());
  EXPECT_TRUE(progress.may_send());
  progress.sent(Index{14}, 400, kStart);
  EXPECT_FALSE(progress.may_send());
  // It may have to be repeated from there.
  EXPECT_EQ(progress.next_index(), Index{11});
}

TEST(Progress, StreamsBehindAnAcceptedProbe) {
  Progress progress({1000, 3}, Index{11});
  progress.sent(Index{14}, 400, kStart);
  EXPECT_TRUE(progress.accepted(Index{14}, kStart));
  EXPECT_FALSE(progress.is_probing());
  EXPECT_EQ(progress.match_index(), Index{14});
  EXPECT_EQ(progress.next_index(), Index{15});
  EXPECT_TRUE(progress.may_send());
}

TEST(Progress, AWordFromBeforeTheProbedPlaceIsNewsButNoAnswer) {
  Progress progress({1000, 3}, Index{11});
  progress.sent(Index{14}, 400, kStart);
  EXPECT_TRUE(progress.accepted(Index{5}, kStart));
  EXPECT_TRUE(progress.is_probing());
  EXPECT_EQ(progress.next_index(), Index{11});
  EXPECT_FALSE(progress.may_send());
}

TEST(Progress, AProbeThatTheFollowerIsStillWritingIsNotSentAgain) {
  Progress progress = streaming();
  progress.lost();
  progress.sent(Index{14}, 400, kStart);
  // The answer to a heartbeat: nothing new.
  EXPECT_FALSE(progress.accepted(Index{10}, at(1)));
  EXPECT_TRUE(progress.is_probing());
  EXPECT_FALSE(progress.may_send());
  // A part of what was sent before the link was lost: the logs meet, and the probe is under way.
  EXPECT_TRUE(progress.accepted(Index{12}, at(2)));
  EXPECT_FALSE(progress.is_probing());
  EXPECT_EQ(progress.next_index(), Index{15});
}

TEST(Progress, StreamsUpToTheWindowOfMessages) {
  Progress progress = streaming();
  progress.sent(Index{11}, 10, kStart);
  progress.sent(Index{12}, 10, kStart);
  EXPECT_TRUE(progress.may_send());
  progress.sent(Index{13}, 10, kStart);
  EXPECT_FALSE(progress.may_send());
  EXPECT_EQ(progress.next_index(), Index{14});
  EXPECT_TRUE(progress.accepted(Index{12}, kStart));
  EXPECT_TRUE(progress.may_send());
}

TEST(Progress, StreamsUpToTheWindowOfBytesButAlwaysOne) {
  Progress progress = streaming({1000, 100});
  progress.sent(Index{11}, 5000, kStart);
  EXPECT_FALSE(progress.may_send());
  EXPECT_TRUE(progress.accepted(Index{11}, kStart));
  EXPECT_TRUE(progress.may_send());
  progress.sent(Index{12}, 999, kStart);
  EXPECT_TRUE(progress.may_send());
  progress.sent(Index{13}, 1, kStart);
  EXPECT_FALSE(progress.may_send());
}

TEST(Progress, APartOfAMessageFreesNothing) {
  Progress progress = streaming({1000, 1});
  progress.sent(Index{15}, 10, kStart);
  EXPECT_TRUE(progress.accepted(Index{13}, kStart));
  EXPECT_FALSE(progress.may_send());
  EXPECT_TRUE(progress.accepted(Index{15}, kStart));
  EXPECT_TRUE(progress.may_send());
}

TEST(Progress, AcksNeverGoBack) {
  Progress progress = streaming();
  progress.sent(Index{12}, 10, kStart);
  EXPECT_TRUE(progress.accepted(Index{12}, kStart));
  EXPECT_FALSE(progress.accepted(Index{11}, kStart));
  EXPECT_EQ(progress.match_index(), Index{12});
  EXPECT_EQ(progress.next_index(), Index{13});
}

TEST(Progress, ARefusalMovesTheProbeToTheHint) {
  Progress progress({1000, 3}, Index{101});
  progress.sent(Index{110}, 10, kStart);
  EXPECT_TRUE(progress.rejected(Index{100}, Index{40}));
  EXPECT_EQ(progress.next_index(), Index{41});
  EXPECT_TRUE(progress.may_send());
}

TEST(Progress, ARefusalAlwaysMovesBackAtLeastOne) {
  Progress progress({1000, 3}, Index{101});
  progress.sent(Index{110}, 10, kStart);
  EXPECT_TRUE(progress.rejected(Index{100}, Index{200}));
  EXPECT_EQ(progress.next_index(), Index{100});
}

TEST(Progress, NeverProbesBelowWhatMatches) {
  Progress progress({1000, 3}, Index{101});
  progress.sent(Index{110}, 10, kStart);
  EXPECT_TRUE(progress.accepted(Index{50}, kStart));
  EXPECT_TRUE(progress.rejected(Index{100}, Index{3}));
  EXPECT_EQ(progress.next_index(), Index{51});
}

TEST(Progress, OldRefusalsAreIgnored) {
  Progress progress({1000, 3}, Index{101});
  progress.sent(Index{110}, 10, kStart);
  EXPECT_TRUE(progress.rejected(Index{100}, Index{40}));
  progress.sent(Index{45}, 10, kStart);
  // The same once more, repeated on the wire.
  EXPECT_FALSE(progress.rejected(Index{100}, Index{40}));
  EXPECT_EQ(progress.next_index(), Index{41});
  EXPECT_FALSE(progress.may_send());
  EXPECT_TRUE(progress.accepted(Index{45}, kStart));
  // And one about something that matches by now.
  EXPECT_FALSE(progress.rejected(Index{45}, Index{2}));
  EXPECT_FALSE(progress.is_probing());
}

TEST(Progress, ARefusalWhileStreamingStartsAProbe) {
  Progress progress = streaming();
  progress.sent(Index{12}, 10, kStart);
  progress.sent(Index{14}, 10, kStart);
  EXPECT_TRUE(progress.rejected(Index{12}, Index{10}));
  EXPECT_TRUE(progress.is_probing());
  EXPECT_EQ(progress.next_index(), Index{11});
  EXPECT_TRUE(progress.may_send());
}

TEST(Progress, ALostLinkStartsOverFromWhatMatches) {
  Progress progress = streaming();
  progress.sent(Index{12}, 10, kStart);
  progress.lost();
  EXPECT_TRUE(progress.is_probing());
  EXPECT_EQ(progress.next_index(), Index{11});
}

TEST(Progress, ALostLinkLeavesAProbeAtItsPlace) {
  Progress progress({1000, 3}, Index{101});
  progress.sent(Index{110}, 10, kStart);
  progress.lost();
  EXPECT_EQ(progress.next_index(), Index{101});
  EXPECT_TRUE(progress.may_send());
  progress.stalled(kStart);
  EXPECT_EQ(progress.next_index(), Index{101});
  EXPECT_FALSE(progress.may_send());
}

TEST(Progress, SilenceCountsFromTheLastProgress) {
  Progress progress = streaming();
  EXPECT_FALSE(progress.is_silent_since(at(1000)));  // nothing is under way
  progress.sent(Index{11}, 10, at(0));
  progress.sent(Index{12}, 10, at(50));
  EXPECT_TRUE(progress.is_silent_since(at(0)));
  EXPECT_TRUE(progress.accepted(Index{11}, at(60)));
  EXPECT_FALSE(progress.is_silent_since(at(59)));
  // The answer to a heartbeat is none to what is under way.
  EXPECT_FALSE(progress.accepted(Index{11}, at(500)));
  EXPECT_TRUE(progress.is_silent_since(at(60)));
  EXPECT_TRUE(progress.accepted(Index{12}, at(600)));
  EXPECT_FALSE(progress.is_silent_since(at(10000)));
}

TEST(Progress, AStalledSendIsTriedAgainAtTheNextSignOfLifeOrAfterSilence) {
  Progress progress = streaming();
  progress.sent(Index{12}, 10, kStart);
  progress.stalled(at(5));
  EXPECT_FALSE(progress.may_send());
  EXPECT_TRUE(progress.is_silent_since(at(5)));
  EXPECT_FALSE(progress.accepted(Index{10}, at(6)));
  EXPECT_TRUE(progress.may_send());
  EXPECT_EQ(progress.next_index(), Index{11});
}

TEST(Progress, ASmallerWindowStillLetsOneMessageThrough) {
  Progress progress = streaming();
  EXPECT_TRUE(progress.may_send_within(1));
  progress.sent(Index{11}, 100, kStart);
  EXPECT_FALSE(progress.may_send_within(100));
  EXPECT_TRUE(progress.may_send_within(101));
  EXPECT_TRUE(progress.may_send());
}

}  // namespace
}  // namespace lockstep::consensus::test
