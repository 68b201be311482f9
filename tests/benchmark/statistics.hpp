#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace lockstep::benchmark {

/// The smallest value that at least `q` (0 to 1) of the values do not exceed. Precondition: there
/// are values.
[[nodiscard]] inline double quantile(std::vector<double> values, double q) {
  const auto place =
      std::min(values.size() - 1, static_cast<std::size_t>(q * static_cast<double>(values.size())));
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(place);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

[[nodiscard]] inline double median(std::vector<double> values) {
  return quantile(std::move(values), 0.5);
}

}  // namespace lockstep::benchmark
