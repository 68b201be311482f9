#pragma once

#include <cstdint>
#include <span>

namespace lockstep {

/// Uniform over all 64-bit numbers, from the operating system.
[[nodiscard]] std::uint64_t system_random();
/// Fills bytes likewise, with one system call for each 256.
void system_random(std::span<std::uint8_t> bytes);

}  // namespace lockstep
