#include "tools/lockstep_bench/report.hpp"

#include <array>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iomanip>
#include <ostream>
#include <set>
#include <stdexcept>

#include "benchmark/limits/calibration.hpp"

namespace lockstep::bench {
namespace {

using nlohmann::json;

constexpr std::array kFiles = {"results.json", "results.csv"};

/// Four digits are more than any of them deserves.
double rounded(double value) {
  if (value == 0 || !std::isfinite(value)) return 0;
  const double scale = std::pow(10, 3 - std::floor(std::log10(std::abs(value))));
  return std::round(value * scale) / scale;
}

void round_all(json& value) {
  if (value.is_number_float()) value = rounded(value.get<double>());
  if (!value.is_structured()) return;
  for (json& part : value) round_all(part);
}

std::string text_of(const json& value) {
  if (value.is_null()) return "-";
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_number_float()) return value.dump();
  const double number = value.get<double>();
  std::array<char, 64> text{};
  const int digits = std::abs(number) < 10 ? 2 : std::abs(number) < 1000 ? 1 : 0;
  std::snprintf(text.data(), text.size(), "%.*f", digits, number);
  return text.data();
}

/// Each figure before and after the run.
void print_calibration(std::ostream& out, const json& calibration) {
  if (!calibration.contains("before") || !calibration.contains("after")) return;
  out << "    calibration, before and after:\n";
  std::size_t count = 0;
  for (const auto& [name, before] : calibration.at("before").items()) {
    const std::string shown =
        name + " " + text_of(before) + " " + text_of(calibration.at("after").at(name));
    out << (count % 3 == 0 ? "      " : "  ") << std::left << std::setw(36) << shown;
    if (++count % 3 == 0) out << "\n";
  }
  if (count % 3 != 0) out << "\n";
  if (calibration.at("drift") > benchmark::kMostDrift) {
    out << "    not quiet: " << text_of(calibration.at("drift_of")) << " differs by "
        << text_of(json(calibration.at("drift").get<double>() * 100)) << " %\n";
  }
}

/// What the table shows of a row besides its name and facts.
void print_figures(std::ostream& out, const json& row) {
  std::size_t width = 0;
  for (const auto& [name, value] : row.items()) {
    if (name == "facts" || name == "name" || name == "calibration" || name == "pipeline") continue;
    const std::string shown = name + " " + (value.is_structured() ? value.dump() : text_of(value));
    if (width > 0 && width + shown.size() > 96) {
      out << "\n";
      width = 0;
    }
    out << (width == 0 ? "    " : "  ") << shown;
    width += shown.size() + 2;
  }
  out << "\n";
  if (row.contains("calibration")) print_calibration(out, row.at("calibration"));
}

json latency_us(const Latency& latency) {
  return {{"p50", latency.p50_us},
          {"p90", latency.p90_us},
          {"p99", latency.p99_us},
          {"p999", latency.p999_us},
          {"max", latency.max_us}};
}

std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",\"\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char letter : text) quoted += letter == '"' ? "\"\"" : std::string(1, letter);
  return quoted + "\"";
}

void write_file(const std::filesystem::path& path, const std::string& text) {
  std::ofstream file(path);
  file << text;
  file.close();
  if (!file) throw std::runtime_error("cannot write " + path.string());
}

}  // namespace

json to_json(const Figures& figures) {
  json row = {{"seconds", figures.seconds},
              {"hash", figures.hash},
              {"throughput_per_s", figures.throughput_per_s},
              {"mb_per_s", figures.mb_per_s},
              {"latency_us", figures.latency ? latency_us(*figures.latency) : json()},
              {"cpu_us_per_entry", figures.cpu_us_per_entry},
              {"cpu_us_per_entry_by_process", figures.cpu_us_per_entry_by_process},
              {"peak_rss_mib", figures.peak_rss_mib},
              {"fsyncs_per_s", figures.fsyncs_per_s},
              {"disk_bytes_per_entry", figures.disk_bytes_per_entry},
              {"entries_per_frame", figures.entries_per_frame},
              {"wire_bytes_per_entry", figures.wire_bytes_per_entry},
              {"overloaded", figures.overloaded},
              {"unfinished", figures.unfinished}};
  if (figures.rate_reached) row["rate_reached"] = *figures.rate_reached;
  return row;
}

json facts_of(const ClusterSettings& cluster, const Load& load) {
  const NodeSettings& node = cluster.node;
  const std::string members = counted(cluster.nodes, cluster.processes ? "process" : "node") +
                              (cluster.processes ? "" : " in one process");
  const std::string clients = load.is_open()
                                  ? "open loop, " + text_of(json(load.rate_per_s)) + " writes/s"
                                  : "closed loop, " + std::to_string(load.in_flight) + " in flight";
  return {
      {"durability", to_string(node.durability) + ", " +
                         (node.mode == ReplicationMode::kSync ? "sync" : "async") + ", " + members},
      {"payload", std::to_string(load.payload_bytes) + " B"},
      {"batching", "what has come meanwhile, over " + to_string(node.transport)},
      {"clients", "1 in the leader's process, " + clients}};
}

std::string counted(std::size_t number, const std::string& what) {
  const std::string ending = number == 1 ? "" : what.ends_with("s") ? "es" : "s";
  return std::to_string(number) + " " + what + ending;
}

void add_limits(json& row, const Limits& limits) {
  row["calibration"] = limits.calibration;
  row["limit_per_s"] = limits.limit_per_s;
  row["quiet"] = limits.calibration.is_null() ? json() : json(limits.quiet);
  row["ratio_to_limit"] = nullptr;
  if (!limits.pipeline.is_null()) row["pipeline"] = limits.pipeline;
  if (!limits.verdict.empty()) row["limit_verdict"] = limits.verdict;
  const bool compares = row.contains("throughput_per_s") && limits.limit_per_s.is_number();
  if (compares && limits.honest) {
    row["ratio_to_limit"] =
        rounded(row.at("throughput_per_s").get<double>() / limits.limit_per_s.get<double>());
  }
}

Report::Report(const Options& options, std::ostream& out) : options_(options), out_(out) {
  if (options_.out.empty()) return;
  // Better found out now than when all is measured.
  std::error_code error;
  std::filesystem::create_directories(options_.out, error);
  if (error) throw std::runtime_error("cannot make " + options_.out + ": " + error.message());
  for (const char* name : kFiles) write_file(std::filesystem::path(options_.out) / name, "");
}

void Report::say(const std::string& text) {
  if (!options_.json) out_ << text << "\n" << std::flush;
}

void Report::add(const std::string& name, json row) {
  row["name"] = name;
  round_all(row);
  if (!options_.json) {
    out_ << "\n  " << name << "\n";
    if (row.contains("facts")) {
      const json& facts = row.at("facts");
      out_ << "    [durability: " << text_of(facts.at("durability"))
           << " | payload: " << text_of(facts.at("payload"))
           << " | batching: " << text_of(facts.at("batching"))
           << " | clients: " << text_of(facts.at("clients")) << "]\n";
    }
    print_figures(out_, row);
    out_ << std::flush;
  }
  rows_.push_back(std::move(row));
}

json Report::whole() const {
  // Of a single run the figures stand at the top.
  json whole = rows_.size() == 1 ? rows_.front() : json::object();
  whole["benchmark"] = "lockstep-bench";
  whole["scenario"] = options_.scenario.empty() ? "run" : options_.scenario;
  whole["runs"] = rows_;
  return whole;
}

void Report::finish() const {
  const std::string text = whole().dump();
  if (!options_.out.empty()) {
    write_file(std::filesystem::path(options_.out) / kFiles[0], text + "\n");
    write_file(std::filesystem::path(options_.out) / kFiles[1], to_csv(rows_));
  }
  out_ << (options_.json ? "" : "\n") << text << std::endl;
}

std::string to_csv(const std::vector<json>& rows) {
  std::set<std::string> columns;
  std::vector<json> flat;
  for (const json& row : rows) {
    flat.push_back(row.flatten());
    for (const auto& [column, value] : flat.back().items()) columns.insert(column);
  }
  // By their names in the JSON, with dots: latency_us.p50.
  std::string text;
  for (std::string column : columns) {
    column.erase(0, 1);
    for (char& letter : column) letter = letter == '/' ? '.' : letter;
    text += (text.empty() ? "" : ",") + csv_cell(column);
  }
  text += "\n";
  for (const json& row : flat) {
    std::string line;
    for (const std::string& column : columns) {
      if (column != *columns.begin()) line += ",";
      const auto value = row.find(column);
      if (value == row.end() || value->is_null()) continue;
      line += csv_cell(value->is_string() ? value->get<std::string>() : value->dump());
    }
    text += line + "\n";
  }
  return text;
}

}  // namespace lockstep::bench
