#include "guard/counts.hpp"

#include "guard/hooks.hpp"

namespace lockstep::guard {

void begin_counting() {
  counts = {};
  counting = true;
}

Counts end_counting() {
  counting = false;
  return counts;
}

}  // namespace lockstep::guard
