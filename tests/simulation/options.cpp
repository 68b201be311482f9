#include "simulation/options.hpp"

#include <charconv>
#include <iostream>
#include <string_view>

namespace lockstep::sim {
namespace {

constexpr const char* kUsage =
    "lockstep-sim: whole groups on simulated time, disks and network (docs/simulation.md)\n"
    "  --seed S       the first seed; default 1\n"
    "  --seeds N      how many, one after another; default 1, or no end with --minutes\n"
    "  --minutes M    begins no other seed after so many minutes\n"
    "  --trace FILE   everything that happens, a line each\n"
    "  --hashes       the trace hash of each seed\n"
    "  --go-on        does not end at the first violation\n";

std::optional<std::uint64_t> number_in(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

std::optional<Options> parse_options(int argc, char** argv) {
  Options options;
  std::optional<std::uint64_t> seeds;
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (name == "--hashes" || name == "--go-on") {
      (name == "--hashes" ? options.hashes : options.go_on) = true;
      continue;
    }
    const std::string_view value = i + 1 < argc ? argv[++i] : "";
    const auto number = number_in(value);
    const bool takes_number = name == "--seed" || name == "--seeds" || name == "--minutes";
    if (takes_number && number) {
      if (name == "--seed") options.seed = *number;
      if (name == "--seeds") seeds = *number;
      if (name == "--minutes") options.minutes = *number;
    } else if (name == "--trace" && !value.empty()) {
      options.trace = value;
    } else {
      std::cerr << (name == "--help" ? "" : "not understood: " + std::string(name) + "\n")
                << kUsage;
      return std::nullopt;
    }
  }
  options.seeds = seeds.value_or(options.minutes ? ~std::uint64_t{0} : 1);
  return options;
}

}  // namespace lockstep::sim
