// The workload alone, without hooks, for whatever counts from outside: callgrind in
// instructions.cpp, or `perf stat` where the processor's counters are to be had.
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <string_view>

#include "guard/workload.hpp"

namespace {

/// 0: it is no number.
std::uint64_t number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? value : 0;
}

}  // namespace

int main(int argc, char** argv) {
  const auto argument = [&](int place) { return argc == 4 ? number(argv[place]) : 0; };
  const std::uint64_t in_flight = argument(1);
  const std::uint64_t warm_up = argument(2);
  const std::uint64_t measured = argument(3);
  if (in_flight == 0 || warm_up == 0 || measured == 0) {
    std::fputs("usage: lockstep-guard-workload IN_FLIGHT WARM_UP_ENTRIES MEASURED_ENTRIES\n",
               stderr);
    return 2;
  }
  lockstep::guard::Workload workload(in_flight);
  workload.warm_up(warm_up);
  workload.write_measured(measured);
  std::printf("%.1f entries a message\n", workload.entries_per_message());
}
