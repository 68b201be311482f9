#pragma once

#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>

namespace lockstep::bench {

/// Asks `holds` every few milliseconds until it says yes. Throws when that has not come within
/// `limit`.
template <class Predicate>
void await(const std::string& what, std::chrono::milliseconds limit, Predicate holds) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > deadline) {
      throw std::runtime_error(what + ": not within " + std::to_string(limit.count() / 1000) +
                               " s");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

}  // namespace lockstep::bench
