#include "guard/budget.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>

namespace lockstep::guard {
namespace {

constexpr const char* kFile = LOCKSTEP_SOURCE_DIR "/tests/guard/budget.json";

std::optional<double> budget_of(const std::string& workload, const std::string& figure) {
  std::ifstream file(kFile);
  const auto budget = nlohmann::json::parse(file, nullptr, false);
  if (!budget.is_object() || !budget.contains(workload)) return std::nullopt;
  const auto& figures = budget[workload];
  if (!figures.is_object() || !figures.contains(figure)) return std::nullopt;
  const auto& found = figures[figure];
  return found.is_number() ? std::optional(found.get<double>()) : std::nullopt;
}

std::string line_of(const std::string& figure, double measured) {
  std::array<char, 128> text{};
  std::snprintf(text.data(), text.size(), "\"%s\": %.*f", figure.c_str(), measured < 100 ? 2 : 0,
                measured);
  return text.data();
}

}  // namespace

void expect_within_budget(const std::string& workload, const std::string& figure, double measured) {
  const std::string line = line_of(figure, measured);
  const std::string advice = "write into tests/guard/budget.json, \"" + workload + "\": " + line;
  std::cout << workload << ", each entry: " << line << "\n";
  const auto budget = budget_of(workload, figure);
  ASSERT_TRUE(budget) << "it has no budget; " << advice;
  EXPECT_LE(measured, *budget * (1 + kTolerance))
      << "an entry has become dearer; LOCKSTEP_GUARD_CALL_SITES=1 tells where it allocates and "
         "copies (docs/benchmarks.md). If it is worth that, "
      << advice;
  if (measured < *budget * (1 - kWorthNoting)) {
    std::cout << "NOTE: far below the budget of " << *budget << ", which guards nothing any more; "
              << advice << "\n";
  }
}

}  // namespace lockstep::guard
