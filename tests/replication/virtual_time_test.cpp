// A group of replicas in virtual time, led by assignment.
#include <gtest/gtest.h>

#include "replication/virtual_group.hpp"

namespace lockstep::test {
namespace {

using namespace std::chrono_literals;

std::uint64_t run(std::uint64_t seed) {
  VirtualGroup group(seed, 3,
                     [](ReplicaOptions& options) { options.leadership = Leadership::kAssigned; });
  group.found();
  group.must_succeed([&](auto done) { group[1].manager->set_role(Role::kLeader, done); });
  int committed = 0;
  const auto write = [&](const std::string& text) {
    group[1].manager->replicate(Payload(text), [&](const WriteOutcome& outcome) {
      if (std::holds_alternative<WriteCommitted>(outcome)) ++committed;
    });
  };
  for (int i = 0; i < 100; ++i) {
    write("w" + std::to_string(i));
    group.simulated.run_for(10ms);
    if (i % 20 == 0) group.network.drop_connection(group.members()[0], group.members()[1]);
  }
  // Follower n3 is away for twelve minutes, and catches up.
  group.network.cut(group.members()[0], group.members()[2]);
  for (int i = 0; i < 24; ++i) {
    write("later " + std::to_string(i));
    group.simulated.run_for(30s);
  }
  EXPECT_EQ(committed, 124) << "a majority is left";
  EXPECT_LT(group[3].engine->count(), 124U);
  group.network.heal_all();
  group.simulated.run_for(1min);
  for (std::size_t i = 1; i <= 3; ++i) {
    EXPECT_EQ(group[i].engine->texts(), group[1].engine->texts());
    EXPECT_EQ(group[i].engine->count(), 124U);
  }
  return group.simulated.trace_hash();
}

TEST(VirtualTime, GroupReplicatesAndTheSeedDecidesHow) {
  const std::uint64_t trace = run(1);
  EXPECT_EQ(trace, run(1));
  EXPECT_NE(trace, run(2));
}

}  // namespace
}  // namespace lockstep::test
