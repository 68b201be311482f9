#include "tools/lockstep_bench/process_statistics.hpp"

#include <time.h>

#include <fstream>
#include <string>

namespace lockstep::bench {

std::int64_t processor_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

ResidentMemory resident_memory(pid_t process) {
  ResidentMemory memory;
  std::ifstream status("/proc/" + std::to_string(process) + "/status");
  for (std::string word; status >> word;) {
    double kib = 0;
    if (word == "VmRSS:" && status >> kib) memory.now_mib = kib / 1024;
    if (word == "VmHWM:" && status >> kib) memory.peak_mib = kib / 1024;
  }
  return memory;
}

}  // namespace lockstep::bench
