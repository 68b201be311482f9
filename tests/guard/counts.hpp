#pragma once

#include <cstdint>

namespace lockstep::guard {

/// What this binary's own malloc, memcpy and their kin have seen while counting was on. It counts
/// what the whole process does, shared libraries included. For one thread.
struct Counts {
  /// Of malloc, calloc, realloc and what aligns; so of operator new too, and of OpenSSL.
  std::uint64_t allocations = 0;
  std::uint64_t allocated_bytes = 0;
  /// Bytes of marked payloads (payload_mark.hpp) in what memcpy and memmove have copied. A loop
  /// that the compiler writes itself is not seen: it makes such a call of what it finds long
  /// enough.
  std::uint64_t payload_bytes_copied = 0;
};

void begin_counting();
/// What was counted since `begin_counting`.
Counts end_counting();

}  // namespace lockstep::guard
