#pragma once

#include <cstdint>
#include <string>

#include "simulation/history/operation.hpp"

namespace lockstep::sim {

enum class Linearizable { kYes, kNo, kUndecided };

struct LinearizabilityVerdict {
  Linearizable answer = Linearizable::kYes;
  /// The key that is not (or could not be decided in time), and its operations in order of call.
  std::string text;
};

/// Whether every operation can be given one moment between its call and its return so that, one
/// after another at these moments, all registers behave (Herlihy and Wing 1990). Searched as Wing
/// and Gong (1993) do, with Lowe's memory of what was tried (2017), each key by itself: a history
/// is linearizable if and only if that of each of its keys is. `max_steps`: of the search in each
/// key; beyond it the answer is kUndecided.
[[nodiscard]] LinearizabilityVerdict check_linearizability(const History& history,
                                                           std::uint64_t max_steps = 5'000'000);

}  // namespace lockstep::sim
