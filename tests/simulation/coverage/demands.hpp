#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "simulation/world/tally.hpp"

namespace lockstep::sim {

/// What so many seeds should have come across and did not, a line each: a branch that a thousand of
/// them never took is not tested by them. None: fewer seeds than that need not show anything.
/// `marks`: how often each was hit, those never hit too. `overlapping`: how many of the seeds had
/// change, snapshot and restart at once.
[[nodiscard]] std::vector<std::string> uncovered(std::uint64_t seeds, const Tally& marks,
                                                 std::uint64_t overlapping);

}  // namespace lockstep::sim
