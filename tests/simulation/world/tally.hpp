#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace lockstep::sim {

/// How often what happened.
using Tally = std::map<std::string, std::uint64_t>;

inline void add(Tally& to, const Tally& from) {
  for (const auto& [what, count] : from) to[what] += count;
}

}  // namespace lockstep::sim
