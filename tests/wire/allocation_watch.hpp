#pragma once

#include <cstddef>

namespace lockstep::wire {

/// The largest single allocation by `new` since it was made.
class AllocationWatch {
 public:
  AllocationWatch();
  [[nodiscard]] std::size_t largest() const;
  /// How many there were.
  [[nodiscard]] std::size_t count() const;
};

}  // namespace lockstep::wire
