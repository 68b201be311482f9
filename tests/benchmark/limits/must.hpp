#pragma once

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>

namespace lockstep::benchmark {

/// Throws what the operating system has against `what`, unless it was `done`.
inline void must(bool done, const std::string& what) {
  if (!done) throw std::runtime_error(what + ": " + std::strerror(errno));
}

}  // namespace lockstep::benchmark
