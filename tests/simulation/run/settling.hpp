#pragma once

#include <functional>

#include "simulation/world/world.hpp"

namespace lockstep::sim {

/// The faults stop and a quorum heals. From there on the group must elect, commit and converge
/// within `Settings::settling_limit`, and end in order; what is left then must be the same
/// everywhere. `acknowledged`: how many operations were, so far.
void settle(World& world, const std::function<std::uint64_t()>& acknowledged);

}  // namespace lockstep::sim
