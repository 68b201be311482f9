#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tools/child.hpp"
#include "tools/sample_log.hpp"

namespace lockstep::testing {
namespace {

using nlohmann::json;

ChildOutcome run_bench(std::vector<std::string> words) {
  words.insert(words.end(), {"--no-calibration", "--duration", "0.5", "--warmup", "0.1"});
  return run_program(LOCKSTEP_BENCH, words);
}

json last_line_of(const std::string& text) {
  const std::size_t end = text.find_last_not_of('\n');
  const std::size_t begin = text.find_last_of('\n', end);
  return json::parse(text.substr(begin == std::string::npos ? 0 : begin + 1));
}

void expect_plausible(const json& figures, double in_flight) {
  const double throughput = figures.at("throughput_per_s");
  EXPECT_GT(throughput, 0);
  EXPECT_NEAR(figures.at("mb_per_s"), throughput * 100e-6, throughput * 1e-6);
  const json& latency = figures.at("latency_us");
  EXPECT_GT(latency.at("p50"), 0);
  for (const auto& [less, more] :
       {std::pair{"p50", "p90"}, {"p90", "p99"}, {"p99", "p999"}, {"p999", "max"}}) {
    EXPECT_LE(latency.at(less), latency.at(more));
  }
  // Little's law: what is under way is what comes in times how long it stays, and half of it stays
  // at least for the median.
  EXPECT_LE(throughput * latency.at("p50").get<double>() * 1e-6, in_flight * 2.5);
  EXPECT_GT(figures.at("cpu_us_per_entry"), 0);
  for (const json& memory : figures.at("peak_rss_mib")) EXPECT_GT(memory, 1);
  EXPECT_GT(figures.at("entries_per_frame"), 0);
  EXPECT_GE(figures.at("wire_bytes_per_entry"), 100);
}

TEST(LockstepBench, RunsAGroupOfProcessesAndTellsOfIt) {
  const TemporaryFolder out;
  const ChildOutcome outcome =
      run_bench({"throughput", "--payload", "100", "--in-flight", "16", "--leadership", "assigned",
                 "--hash", "openssl", "--out", out.path()});
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const json figures = last_line_of(outcome.out);
  expect_plausible(figures, 16);
  EXPECT_EQ(figures.at("hash"), "openssl") << "as the leader's process says";
  EXPECT_EQ(figures.at("cpu_us_per_entry_by_process").size(), 3U);
  EXPECT_GT(figures.at("fsyncs_per_s"), 0);
  EXPECT_EQ(figures.at("scenario"), "throughput");
  EXPECT_TRUE(figures.at("ratio_to_limit").is_null());
  json written;
  std::ifstream(out.path() + "/results.json") >> written;
  EXPECT_EQ(written, figures);
  EXPECT_TRUE(std::filesystem::exists(out.path() + "/results.csv"));
}

TEST(LockstepBench, RunsAGroupOfThreadsInMemory) {
  const ChildOutcome outcome =
      run_bench({"--threads", "--transport", "loopback", "--durability", "memory", "--payload",
                 "100", "--in-flight", "8", "--json"});
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(outcome.out.find('{'), 0U) << "nothing but the last line";
  const json figures = last_line_of(outcome.out);
  expect_plausible(figures, 8);
  EXPECT_EQ(figures.at("cpu_us_per_entry_by_process").size(), 1U);
  EXPECT_EQ(figures.at("fsyncs_per_s"), 0);
}

TEST(LockstepBench, RunsAnOpenLoop) {
  const ChildOutcome outcome =
      run_bench({"--rate", "200", "--payload", "100", "--leadership", "assigned"});
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const json figures = last_line_of(outcome.out);
  EXPECT_GT(figures.at("throughput_per_s"), 0);
  EXPECT_THAT(figures.at("facts").at("clients"), ::testing::HasSubstr("open loop, 200.0"));
}

TEST(LockstepBench, BringsAFollowerBackByEntriesAndBySnapshot) {
  for (const char* scenario : {"catch-up", "snapshot"}) {
    const ChildOutcome outcome =
        run_bench({scenario, "--size", "1", "--leadership", "assigned", "--json"});
    ASSERT_EQ(outcome.status, 0) << scenario << ": " << outcome.err;
    const json runs = last_line_of(outcome.out).at("runs");
    ASSERT_EQ(runs.size(), 2U);
    for (const json& run : runs) {
      EXPECT_GT(run.at("seconds"), 0);
      // The client may have written more before it ended.
      EXPECT_GT(run.at("mb_per_s").get<double>() * run.at("seconds").get<double>(), 1.03);
    }
    EXPECT_GT(runs[1].at("foreground").at("meanwhile").at("p99"), 0);
  }
}

TEST(LockstepBench, LosesALeaderInEachWay) {
  const ChildOutcome outcome = run_bench({"failover", "--trials", "1", "--json"});
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const json runs = last_line_of(outcome.out).at("runs");
  ASSERT_EQ(runs.size(), 4U);
  for (std::size_t way = 0; way < 3; ++way) {
    EXPECT_GT(runs[way].at("ms").at("p50"), 0) << runs[way].dump();
    EXPECT_TRUE(runs[way].contains("facts"));
  }
}

TEST(LockstepBench, TriesItsFolderOfResultsBeforeItMeasures) {
  // For longer than any test may take, if it measured first.
  const ChildOutcome outcome =
      run_program(LOCKSTEP_BENCH, {"--duration", "86400", "--out", "/dev/null/results"});
  EXPECT_EQ(outcome.status, 3);
  EXPECT_EQ(outcome.out, "");
  EXPECT_THAT(outcome.err, ::testing::HasSubstr("/dev/null/results"));
}

TEST(LockstepBench, SaysOfARateThatItHasNotReached) {
  const ChildOutcome outcome =
      run_bench({"--rate", "10000000", "--durability", "memory", "--json"});
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const json figures = last_line_of(outcome.out);
  EXPECT_EQ(figures.at("rate_reached"), false);
  EXPECT_GT(figures.at("unfinished"), 0);
  EXPECT_GT(figures.at("throughput_per_s"), 1000) << "completions are not starved";
}

TEST(LockstepBench, SaysWhatIsWrongWithItsOptions) {
  const ChildOutcome outcome = run_bench({"--nodes", "none"});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_EQ(outcome.out, "");
  EXPECT_THAT(outcome.err, ::testing::HasSubstr("--nodes takes a number from 1 to 9"));
}

}  // namespace
}  // namespace lockstep::testing
