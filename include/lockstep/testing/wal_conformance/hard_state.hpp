#pragma once

// Term, vote, identity and install intent: what a node must not forget.

#include "lockstep/testing/wal_conformance/fixture.hpp"

namespace lockstep::testing {

class WALHardState : public WALConformance {};
LOCKSTEP_CONFORMANCE_GROUP(WALHardState);

TEST_P(WALHardState, SurvivesWithIdentityAndIntent) {
  const WALState fresh = open();
  WALWrite write = append(1, 1, 1);
  write.hard_state = HardState{Term(5), NodeId("b")};
  write.identity = fresh.identity;
  write.identity->cluster = ClusterId({1, 2, 3});
  write.identity->epoch = Epoch({4, 5, 6});
  write.install_intent = InstallIntent{"snap", {Index(9), Term(2)}};
  const WALWrite kept = write;
  EXPECT_FALSE(log_.write(std::move(write)));
  WALState state = reopen();
  EXPECT_EQ(state.hard_state, *kept.hard_state);
  EXPECT_EQ(state.identity, *kept.identity);
  EXPECT_EQ(state.install_intent, kept.install_intent);
  EXPECT_EQ(state.bounds, range(1, 1));
  WALWrite take_back;
  take_back.install_intent = InstallIntent{};
  take_back.hard_state = HardState{Term(6), NodeId()};
  EXPECT_FALSE(log_.write(std::move(take_back)));
  state = reopen();
  EXPECT_EQ(state.hard_state, (HardState{Term(6), NodeId()}));
  EXPECT_EQ(state.identity, *kept.identity) << "what a write does not name stays";
  EXPECT_FALSE(state.install_intent);
}

TEST_P(WALHardState, TheNewestCounts) {
  open();
  Answers<Error> answers;
  log_.together([&](IWALSource& log) {
    for (std::uint64_t term = 1; term <= 50; ++term) {
      WALWrite write;
      write.hard_state = HardState{Term(term), NodeId("n" + std::to_string(term))};
      log.write(std::move(write), log_.handler(answers));
    }
  });
  for (const Error& error : log_.wait(answers, 50)) EXPECT_FALSE(error) << error.message;
  EXPECT_EQ(reopen().hard_state, (HardState{Term(50), NodeId("n50")}));
}

TEST_P(WALHardState, OutlivesTruncationReleaseAndInstall) {
  open();
  const HardState vote{Term(7), NodeId("b")};
  WALWrite write = append(1, 6, 1, 1000);
  write.hard_state = vote;
  EXPECT_FALSE(log_.write(std::move(write)));
  EXPECT_FALSE(log_.write(truncate(5)));
  EXPECT_EQ(reopen().hard_state, vote);
  EXPECT_FALSE(log_.release(make_boundary(4, 1)));
  EXPECT_EQ(reopen().hard_state, vote);
  WALWrite install;
  install.boundary = make_boundary(20, 6);
  EXPECT_FALSE(log_.write(std::move(install)));
  EXPECT_EQ(reopen().hard_state, vote);
}

}  // namespace lockstep::testing
