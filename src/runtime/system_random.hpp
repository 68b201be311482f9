#pragma once

#include <cstdint>

namespace lockstep {

/// Uniform over all 64-bit numbers, from the operating system.
[[nodiscard]] std::uint64_t system_random();

}  // namespace lockstep
