#pragma once

#include "guard/counts.hpp"

namespace lockstep::guard {

// What the hooks add to while counting is on.
inline bool counting = false;
inline Counts counts;

}  // namespace lockstep::guard
