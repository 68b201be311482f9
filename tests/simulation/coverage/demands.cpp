#include "simulation/coverage/demands.hpp"

namespace lockstep::sim {
namespace {

constexpr std::uint64_t kSeedsThatHitAll = 1000;
/// Of so many seeds one must have change, snapshot and restart at once.
constexpr std::uint64_t kSeedsForAnOverlap = 10;

}  // namespace

std::vector<std::string> uncovered(std::uint64_t seeds, const Tally& marks,
                                   std::uint64_t overlapping) {
  std::vector<std::string> lacking;
  if (seeds < kSeedsThatHitAll) return lacking;
  for (const auto& [mark, hits] : marks) {
    if (hits * kSeedsThatHitAll >= seeds) continue;
    lacking.push_back("hit " + std::to_string(hits) + " times in " + std::to_string(seeds) +
                      " seeds: " + mark);
  }
  if (overlapping * kSeedsForAnOverlap < seeds) {
    lacking.push_back(std::to_string(overlapping) +
                      " seeds had change, snapshot and restart at once");
  }
  return lacking;
}

}  // namespace lockstep::sim
