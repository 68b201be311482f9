#pragma once

#include <string>

namespace lockstep::guard {

/// By how much a figure may be above its budget: compilers and libraries differ a little.
inline constexpr double kTolerance = 0.03;
/// A figure that is so much below it should be written down.
inline constexpr double kWorthNoting = 0.05;

/// A test's expectation that `measured`, an entry's cost in `workload`, is within budget.json. It
/// prints the figure, and what to write there when the test fails or the cost is far lower.
void expect_within_budget(const std::string& workload, const std::string& figure, double measured);

}  // namespace lockstep::guard
