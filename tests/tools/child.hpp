#pragma once

#include <string>
#include <vector>

namespace lockstep::testing {

/// What a program said and answered.
struct ChildOutcome {
  int status = -1;  // -1: it did not end by itself
  std::string out;
  std::string err;
};

/// Runs a program to its end.
[[nodiscard]] ChildOutcome run_program(const std::string& path,
                                       const std::vector<std::string>& words);

}  // namespace lockstep::testing
