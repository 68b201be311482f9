// Clusters under random faults, one seed each: safety is checked after every step, then the faults
// stop and the cluster must converge.
#include <gtest/gtest.h>

#include "consensus/random_faults.hpp"

namespace lockstep::consensus::test {
namespace {

TEST(RandomFaults, AreSurvivedSafelyAndHealed) {
  const Tally floor = {{"messages lost", 3000},
                       {"messages overtaken", 4000},
                       {"messages repeated", 3000},
                       {"late syncs", 3000},
                       {"late reads", 600},
                       {"reads failed", 90},
                       {"proposals", 25000},
                       {"elections", 1000},
                       {"elected", 200},
                       {"quorums lost", 100},
                       {"clocks apart", 1500},
                       {"told to follow", 500},
                       {"told to hand over", 200},
                       {"reads", 2000},
                       {"reads answered", 400},
                       {"links cut", 500},
                       {"nodes cut off", 500},
                       {"connections lost", 500},
                       {"disks full", 500},
                       {"written again", 75},
                       {"prefixes released", 600},
                       {"snapshots installed", 30},
                       {"late installs", 15},
                       {"rot", 400},
                       {"rot that takes terms", 35},
                       {"crashes", 1500},
                       {"crashes with unsynced writes", 170},
                       {"entries agreed on", 20000}};
  const auto make = [](std::uint64_t seed, Tally& tally) {
    return std::make_unique<FaultsRun>(seed, tally);
  };
  run_seeds(600, 2000, make, floor);
}

}  // namespace
}  // namespace lockstep::consensus::test
