#pragma once

#include <chrono>
#include <cstdint>

#include "simulation/checkers/verdict.hpp"
#include "simulation/world/settings.hpp"
#include "simulation/world/tally.hpp"
#include "simulation/world/trace.hpp"

namespace lockstep::sim {

/// Counted once in each run in which members changed while a snapshot was on its way and a node
/// came back.
constexpr const char* kOverlapping = "seeds with change, snapshot and restart";

struct RunResult {
  Verdict verdict;
  Tally tally;
  /// How often each kind of fault was made.
  Tally faults;
  /// Rare branches that were taken (`Marks`).
  Tally marks;
  std::chrono::nanoseconds simulated{};
  /// Of everything that ran, in its order.
  std::uint64_t trace_hash = 0;
};

/// One seed from beginning to end: a group is founded, lives under faults, then the faults stop,
/// and it must come to agree with itself. Everything is decided by the seed.
[[nodiscard]] RunResult run(const Settings& settings, Trace::Write trace = {});

}  // namespace lockstep::sim
