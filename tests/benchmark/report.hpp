#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace lockstep::benchmark {

/// Gathers figures; prints them as a table as they come, and as one line of JSON at the end.
class Report {
 public:
  explicit Report(int contestant_width = 18) : contestant_width_(contestant_width) {}

  struct Figure {
    std::string name;
    double value;
  };

  /// A line of facts that hold for the figures below.
  void say(const std::string& text);
  void fact(const std::string& name, nlohmann::json value) { json_[name] = std::move(value); }
  void add(const std::string& title, const std::string& contestant,
           const std::vector<Figure>& figures);
  enum class Is { kAtMost, kAtLeast };
  /// A figure that must not pass a limit.
  void judge(const std::string& title, const std::string& what, double value, Is is, double target);
  void print_targets_and_json() const;

 private:
  const int contestant_width_;
  nlohmann::json json_ = nlohmann::json::object();
  std::vector<std::string> targets_;
  std::string last_title_;
};

}  // namespace lockstep::benchmark
