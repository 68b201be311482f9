#pragma once

#include <cstddef>

#include "lockstep/error.hpp"

namespace lockstep::guard {

/// Instructions of the program, of all its libraries but those that hash: what these need depends
/// on the processor, which they ask what it can do.
struct Instructions {
  double per_entry = 0;
  double hashing_per_entry = 0;
};

/// Runs the workload, `entries` long, under callgrind, which counts every instruction: the same on
/// every machine, and also where a virtual machine or a container has no counters of the
/// processor's (perf). Errors: kNotSupported: there is no valgrind; kIo: it failed.
[[nodiscard]] Result<Instructions> count_instructions(std::size_t in_flight, std::uint64_t entries);

}  // namespace lockstep::guard
