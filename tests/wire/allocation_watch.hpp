#pragma once

#include <cstddef>

namespace lockstep::wire {

/// What `new` has allocated since this was made; one at a time counts.
class AllocationWatch {
 public:
  AllocationWatch();
  /// The largest single allocation.
  [[nodiscard]] std::size_t largest() const;
  /// How many there were.
  [[nodiscard]] std::size_t count() const;
  /// The most bytes at a time beyond those that were in use before.
  [[nodiscard]] std::size_t peak() const;
};

}  // namespace lockstep::wire
