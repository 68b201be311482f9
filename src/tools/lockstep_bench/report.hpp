#pragma once

#include <iosfwd>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tools/lockstep_bench/limits.hpp"
#include "tools/lockstep_bench/measurement.hpp"

namespace lockstep::bench {

/// The figures in the words of the JSON.
[[nodiscard]] nlohmann::json to_json(const Figures& figures);
/// The four facts that go with every figure.
[[nodiscard]] nlohmann::json facts_of(const ClusterSettings& cluster, const Load& load);
/// "1 node", "3 nodes".
[[nodiscard]] std::string counted(std::size_t number, const std::string& what);
/// Adds `calibration`, `limit_per_s` and `ratio_to_limit` to the figures of a run.
void add_limits(nlohmann::json& row, const Limits& limits);

/// Gathers what is measured: rows of a table as they come, and everything again at the end.
class Report {
 public:
  /// `out` gets the table (none: nobody) and the JSON.
  Report(const Options& options, std::ostream& out);

  void say(const std::string& text);
  /// A run: its name, `facts`, and figures, those of `to_json` among them or not.
  void add(const std::string& name, nlohmann::json row);
  [[nodiscard]] nlohmann::json whole() const;
  /// Writes the files of `--out` and the last line. Throws when a file cannot be written.
  void finish() const;

 private:
  const Options& options_;
  std::ostream& out_;
  std::vector<nlohmann::json> rows_;
};

/// One line a row, with all columns that any of them has.
[[nodiscard]] std::string to_csv(const std::vector<nlohmann::json>& rows);

}  // namespace lockstep::bench
