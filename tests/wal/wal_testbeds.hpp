#pragma once

#include <cstddef>
#include <string>

#include "lockstep/testing/wal_conformance/testbed.hpp"

// The logs that ship, for the conformance kit. They use public headers only: a pattern for others.
namespace lockstep::testing {

/// `FileWALManager` on a simulated disk, in virtual time, with small segments.
[[nodiscard]] WALUnderTest simulated_file_wal_under_test(std::string name, std::size_t cache_bytes);
/// `FileWALManager` in a temporary folder, with threads of its own.
[[nodiscard]] WALUnderTest real_file_wal_under_test();
[[nodiscard]] WALUnderTest memory_wal_under_test();

}  // namespace lockstep::testing
