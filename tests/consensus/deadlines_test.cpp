// `Core::next_deadline`: an earlier tick finds nothing to do, and one at that time moves it on.
#include <gtest/gtest.h>

#include <algorithm>

#include "consensus/cluster.hpp"
#include "lockstep/split_mix.hpp"

namespace lockstep::consensus::test {
namespace {

using namespace std::chrono_literals;

const std::vector<NodeId> kMembers = {NodeId("1"), NodeId("2"), NodeId("3")};

bool is_nothing(const Effects& effects) {
  // The check of the quorum is no matter of one time: it is looked at with the heartbeats.
  for (const Notice& notice : effects.notices) {
    if (std::holds_alternative<QuorumLost>(notice)) return true;
  }
  return effects.messages_to_send_now.empty() && effects.messages_to_send_after_sync.empty() &&
         !effects.write && effects.reads_wanted.empty() && effects.answers.empty() &&
         effects.notices.empty();
}

void expect_honest(const Core& core, MonotonicTime now) {
  const MonotonicTime due = core.next_deadline();
  if (due > now) {
    Core early = core;
    early.tick(due - 1ns);
    EXPECT_TRUE(is_nothing(early.take_effects())) << to_string(core.role());
  }
  Core on_time = core;
  on_time.tick(std::max(due, now));
  EXPECT_GT(on_time.next_deadline(), std::max(due, now)) << to_string(core.role());
}

void act(Cluster& cluster, SplitMix64& rng) {
  const NodeId& node = kMembers[rng.below(3)];
  const NodeId& other = kMembers[rng.below(3)];
  const bool is_up = cluster.node(node).is_up();
  const bool leads = is_up && cluster.node(node).core->role() == Role::kLeader;
  switch (rng.below(12)) {
    case 0:
      return is_up ? cluster.crash(node) : void();
    case 1:
    case 2:
    case 3:
      return is_up ? void() : cluster.start(node);
    case 4:
      return node == other ? void() : cluster.disconnect(node, other);
    case 5:
    case 6:
      return node == other ? void() : cluster.connect(node, other);
    case 7:
      cluster.network().link(node, other).queue.clear();
      return;
    case 8:
      return leads ? cluster.propose(node, {"a"}) : void();
    case 9:
      return cluster.event(node, [&](Core& core) { core.transfer_leadership(CallId{9}, other); });
    case 10:
      cluster.node(node).holds_syncs = rng.below(2) == 0;
      return;
    default:
      if (rng.below(4) == 0) (void)cluster.campaign(node);
  }
}

class Deadlines : public ::testing::TestWithParam<bool> {};

TEST_P(Deadlines, AreWhenATickHasSomethingToDo) {
  for (std::uint64_t seed = 1; seed <= 30 && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    SplitMix64 rng(seed);
    Cluster cluster;
    cluster.options.elected = GetParam();
    cluster.options.random_seed = seed * 1000;
    cluster.add_founded(kMembers);
    for (const NodeId& member : kMembers) cluster.start(member);
    MonotonicTime now{1h};
    for (int step = 0; step < 300; ++step) {
      act(cluster, rng);
      cluster.tick_all(10ms);
      now += 10ms;
      if (rng.below(3) > 0) {
        ASSERT_TRUE(cluster.settle());
      }
      for (const auto& [name, node] : cluster.nodes()) {
        if (node.is_up()) expect_honest(*node.core, now);
      }
    }
    EXPECT_EQ(cluster.checkers().violation(), "");
  }
}

INSTANTIATE_TEST_SUITE_P(, Deadlines, ::testing::Values(true, false), [](const auto& leadership) {
  return leadership.param ? "OfElectedLeaders" : "OfAssignedLeaders";
});

TEST(NextDeadline, IsNotFurtherAwayThanAHeartbeatInterval) {
  Cluster cluster;
  cluster.add_founded(kMembers);
  cluster.start(kMembers[0]);
  const Core& core = *cluster.node(kMembers[0]).core;
  const MonotonicTime before = core.next_deadline();
  cluster.tick_all(10ms);
  EXPECT_EQ(core.next_deadline(), before + 10ms) << "of a node that waits for nothing";
}

}  // namespace
}  // namespace lockstep::consensus::test
