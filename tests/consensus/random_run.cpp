#include "consensus/random_run.hpp"

#include <gtest/gtest.h>

#include <iostream>

namespace lockstep::consensus::test {
namespace {

constexpr std::size_t kTraceLines = 120;
/// Of the seeds, under sanitizers, which are slow.
#if defined(LOCKSTEP_SANITIZED)
constexpr std::uint64_t kShare = 4;
#else
constexpr std::uint64_t kShare = 1;
#endif

/// The end of what happened in a seed that failed.
std::string trace_of(RandomRun& again, int steps) {
  again.keep_trace();
  (void)again.run(steps);
  const auto& lines = again.cluster().trace();
  std::string text;
  for (std::size_t i = lines.size() > kTraceLines ? lines.size() - kTraceLines : 0;
       i < lines.size(); ++i) {
    text += lines[i] + "\n";
  }
  return text;
}

}  // namespace

std::string RandomRun::run(int steps) {
  for (int step = 0; step < steps; ++step) {
    one_step(step);
    if (const std::string broken = violation(); !broken.empty()) {
      return "step " + std::to_string(step) + ": " + broken;
    }
  }
  const std::string stuck = converge();
  return violation().empty() ? stuck : violation();
}

void RandomRun::connect_all() {
  for (const NodeId& a : names_) {
    for (const NodeId& b : names_) {
      if (a < b) cluster_.connect(a, b);
    }
  }
}

std::string RandomRun::violation() const {
  if (!cluster_.checkers().violation().empty()) return cluster_.checkers().violation();
  for (const auto& [name, node] : cluster_.nodes()) {
    if (node.failure) return name.str() + " failed: " + node.failure->message;
  }
  return {};
}

void run_seeds(std::uint64_t seeds, int steps, const MakeRandomRun& make, const Tally& floor) {
  seeds /= kShare;
  Tally tally;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    const std::string broken = make(seed, tally)->run(steps);
    if (broken.empty() && !testing::Test::HasFailure()) continue;
    Tally ignored;
    FAIL() << "seed " << seed << ": " << broken << "\nand before that:\n"
           << trace_of(*make(seed, ignored), steps);
  }
  if (kShare > 1) return;  // too few to say how often
  for (const auto& [what, least] : floor) EXPECT_GE(tally[what], least) << what;
  if (testing::Test::HasFailure()) {
    for (const auto& [what, count] : tally) std::cout << what << ": " << count << "\n";
  }
}

}  // namespace lockstep::consensus::test
