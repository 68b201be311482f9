#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace lockstep::sim {

struct Options {
  std::uint64_t seed = 1;
  std::uint64_t seeds = 1;
  std::optional<std::uint64_t> minutes;
  std::string trace;
  bool hashes = false;
  bool go_on = false;
};

/// None, with a message on stderr: they make no sense, or help was asked for.
[[nodiscard]] std::optional<Options> parse_options(int argc, char** argv);

}  // namespace lockstep::sim
