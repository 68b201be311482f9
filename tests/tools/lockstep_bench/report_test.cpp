#include "tools/lockstep_bench/report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace lockstep::bench {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

Figures some_figures() {
  Figures figures;
  figures.seconds = 2;
  figures.throughput_per_s = 123456.7;
  figures.mb_per_s = 31.6;
  figures.latency = {100, 200, 300, 400, 500};
  figures.cpu_us_per_entry_by_process = {1, 2, 3};
  figures.cpu_us_per_entry = 6;
  figures.peak_rss_mib = {10, 20, 30};
  return figures;
}

std::vector<std::string> keys_of(const json& object) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : object.items()) keys.push_back(key);
  return keys;
}

TEST(BenchReport, TheLastLineIsAnObjectWithTheKeysThatArePromised) {
  Options options;
  options.json = true;
  std::ostringstream out;
  Report report(options, out);
  json row = to_json(some_figures());
  row["facts"] = facts_of(options.cluster, options.load);
  add_limits(row, {.calibration = {{"before", {}}}, .limit_per_s = 250000.0});
  report.add("one", row);
  report.finish();
  const json last = json::parse(out.str());
  EXPECT_THAT(keys_of(last),
              ::testing::IsSupersetOf({"throughput_per_s", "mb_per_s", "latency_us",
                                       "cpu_us_per_entry", "peak_rss_mib", "fsyncs_per_s",
                                       "entries_per_frame", "wire_bytes_per_entry", "calibration",
                                       "limit_per_s", "ratio_to_limit", "facts", "runs"}));
  EXPECT_THAT(keys_of(last.at("latency_us")),
              ::testing::UnorderedElementsAre("p50", "p90", "p99", "p999", "max"));
  EXPECT_EQ(last.at("throughput_per_s"), 123500) << "four digits";
  EXPECT_NEAR(last.at("ratio_to_limit").get<double>(), 0.494, 0.001);
  EXPECT_EQ(last.at("runs").size(), 1U);
}

TEST(BenchReport, ThereIsNoRatioToALimitThatIsNotHonest) {
  json row = to_json(some_figures());
  add_limits(row, {.limit_per_s = 250000.0, .verdict = "limit not honest: 0.3", .honest = false});
  EXPECT_TRUE(row.at("ratio_to_limit").is_null());
  EXPECT_EQ(row.at("limit_verdict"), "limit not honest: 0.3");
}

TEST(BenchReport, WithoutSamplesThereIsNoLatency) {
  Figures figures = some_figures();
  figures.latency.reset();
  const json row = to_json(figures);
  EXPECT_TRUE(row.at("latency_us").is_null());
  Options options;
  std::ostringstream out;
  Report report(options, out);
  report.add("a run", row);
  EXPECT_THAT(out.str(), HasSubstr("latency_us -"));
}

TEST(BenchReport, SaysOfAnOpenLoopAloneWhetherItsRateWasReached) {
  Figures figures = some_figures();
  EXPECT_FALSE(to_json(figures).contains("rate_reached"));
  figures.rate_reached = false;
  EXPECT_EQ(to_json(figures).at("rate_reached"), false);
}

TEST(BenchReport, MarksARunThatWasNotQuietAndKeepsItsRatio) {
  json row = to_json(some_figures());
  add_limits(row, {.calibration = {{"drift", 0.2}}, .limit_per_s = 250000.0, .quiet = false});
  EXPECT_EQ(row.at("quiet"), false);
  EXPECT_TRUE(row.at("ratio_to_limit").is_number());
}

TEST(BenchReport, CountsInPlainWords) {
  EXPECT_EQ(counted(1, "process"), "1 process");
  EXPECT_EQ(counted(3, "process"), "3 processes");
  EXPECT_EQ(counted(1, "node"), "1 node");
  EXPECT_EQ(counted(2, "node"), "2 nodes");
}

TEST(BenchReport, TheTableShowsBothCalibrationsAndWhetherTheyDiffer) {
  for (const double drift : {0.1, 0.2}) {
    Options options;
    std::ostringstream out;
    Report report(options, out);
    json row = to_json(some_figures());
    add_limits(row, {.calibration = {{"before", {{"fsync_4k_us", 51.0}}},
                                     {"after", {{"fsync_4k_us", 62.0}}},
                                     {"drift", drift},
                                     {"drift_of", "fsync_4k_us"}}});
    report.add("a run", row);
    EXPECT_THAT(out.str(), HasSubstr("fsync_4k_us 51.0 62.0"));
    EXPECT_EQ(out.str().find("not quiet: fsync_4k_us") == std::string::npos, drift < 0.15);
  }
}

TEST(BenchReport, TheFourFactsStandBesideEveryRowOfTheTable) {
  Options options;
  std::ostringstream out;
  Report report(options, out);
  for (const double rate : {0.0, 500.0}) {
    options.load.rate_per_s = rate;
    json row = to_json(some_figures());
    row["facts"] = facts_of(options.cluster, options.load);
    report.add("a run", row);
  }
  for (const char* part : {"durability: fsync, sync, 3 processes", "payload: 256 B",
                           "batching: ", "closed loop, 128 in flight", "open loop, 500.0 writes/s",
                           "throughput_per_s 123500"}) {
    EXPECT_THAT(out.str(), HasSubstr(part));
  }
}

TEST(BenchReport, CsvHasAColumnForWhateverARowHas) {
  const std::vector<json> rows = {{{"name", "a, \"b\""}, {"latency_us", {{"p50", 1.5}}}},
                                  {{"name", "c"}, {"limit_per_s", nullptr}, {"quiet", true}}};
  EXPECT_EQ(to_csv(rows),
            "latency_us.p50,limit_per_s,name,quiet\n"
            "1.5,,\"a, \"\"b\"\"\",\n"
            ",,c,true\n");
}

}  // namespace
}  // namespace lockstep::bench
