#include "benchmark/report.hpp"

#include <array>
#include <cmath>
#include <cstdio>

namespace lockstep::benchmark {
namespace {

double rounded(double value) {
  const double scale = std::abs(value) < 100 ? 1000 : 10;
  return std::round(value * scale) / scale;
}

std::string text_of(double value) {
  std::array<char, 64> text{};
  const int digits = std::abs(value) < 10 ? 2 : std::abs(value) < 1000 ? 1 : 0;
  std::snprintf(text.data(), text.size(), "%.*f", digits, value);
  return text.data();
}

}  // namespace

void Report::say(const std::string& text) { std::printf("%s\n", text.c_str()); }

void Report::add(const std::string& title, const std::string& contestant,
                 const std::vector<Figure>& figures) {
  if (title != last_title_) std::printf("\n%s\n", title.c_str());
  last_title_ = title;
  std::printf("  %-*s", contestant_width_, contestant.c_str());
  for (const Figure& figure : figures) {
    std::printf("  %s %s", figure.name.c_str(), text_of(figure.value).c_str());
    json_["cases"][title][contestant][figure.name] = rounded(figure.value);
  }
  std::printf("\n");
  std::fflush(stdout);
}

void Report::judge(const std::string& title, const std::string& what, double value, Is is,
                   double target) {
  const bool met = is == Is::kAtMost ? value <= target : value >= target;
  const std::string limit = (is == Is::kAtMost ? "<= " : ">= ") + text_of(target);
  json_["targets"].push_back({{"case", title},
                              {"what", what},
                              {"value", rounded(value)},
                              {"target", limit},
                              {"met", met}});
  targets_.push_back((met ? "  met   " : "  MISS  ") + text_of(value) + " (" + limit + ")  " +
                     title + ": " + what);
}

void Report::print_targets_and_json() const {
  std::printf("\ntargets\n");
  for (const std::string& line : targets_) std::printf("%s\n", line.c_str());
  std::printf("\n%s\n", json_.dump().c_str());
}

}  // namespace lockstep::benchmark
