#pragma once

#include <string>

namespace lockstep::sim {

/// The first property that was found broken; empty while all hold.
struct Verdict {
  std::string property;
  std::string what;

  [[nodiscard]] bool broken() const { return !property.empty(); }
  void violated(const std::string& which, const std::string& how) {
    if (broken()) return;
    property = which;
    what = how;
  }
};

}  // namespace lockstep::sim
