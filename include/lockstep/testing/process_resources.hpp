#pragma once

#include <cstddef>
#include <optional>

#include "lockstep/export.hpp"

namespace lockstep::testing {

/// What this process holds of the machine, for tests that nothing grows.
struct ProcessResources {
  std::size_t resident_bytes = 0;
  std::size_t descriptors = 0;
  std::size_t threads = 0;
};

/// Read from /proc; none where there is no such thing. Hands unused memory of the allocator back
/// first, where that is possible, so that only what is held counts. Thread-safe.
[[nodiscard]] LOCKSTEP_EXPORT std::optional<ProcessResources> read_process_resources();

/// Built with a sanitizer, which keeps memory that the program has let go of, and slows everything.
[[nodiscard]] LOCKSTEP_EXPORT bool memory_is_instrumented();

}  // namespace lockstep::testing
