#pragma once

#include <sys/types.h>

#include <cstdint>

namespace lockstep::bench {

/// Processor time of all threads of this process, in the program and in the kernel.
[[nodiscard]] std::int64_t processor_ns();

struct ResidentMemory {
  double now_mib = 0;
  double peak_mib = 0;  ///< since the process began
};
/// Of any process, from /proc; zeros when there is none.
[[nodiscard]] ResidentMemory resident_memory(pid_t process);

}  // namespace lockstep::bench
