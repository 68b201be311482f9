#include "tools/lockstep_bench/options.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tools/lockstep_bench/scenarios.hpp"

namespace lockstep::bench {
namespace {

using ::testing::HasSubstr;

TEST(BenchOptions, HaveWhatIsShippedAsDefaults) {
  const auto options = parse({});
  ASSERT_TRUE(options) << options.error().message;
  EXPECT_EQ(options->scenario, "");
  EXPECT_EQ(options->cluster.nodes, 3U);
  EXPECT_TRUE(options->cluster.processes);
  EXPECT_EQ(options->cluster.node.durability, Durability::kFsync);
  EXPECT_EQ(options->cluster.node.hash, hash_in_use());
  EXPECT_EQ(options->cluster.node.mode, ReplicationMode::kSync);
  EXPECT_EQ(options->cluster.node.leadership, Leadership::kElected);
  EXPECT_EQ(options->load.payload_bytes, 256U);
  EXPECT_EQ(options->load.in_flight, 128U);
  EXPECT_FALSE(options->load.is_open());
  EXPECT_TRUE(options->calibrate);
}

TEST(BenchOptions, AreTakenAsGiven) {
  const auto options =
      parse({"throughput",   "--nodes",     "5",           "--threads", "--payload",
             "4096",         "--in-flight", "7",           "--mode",    "async",
             "--durability", "memory",      "--hash",      "openssl",   "--leadership",
             "assigned",     "--json",      "--transport", "loopback",  "--duration",
             "0.5",          "--warmup",    "0",           "--out",     "x",
             "--folder",     "/tmp"});
  ASSERT_TRUE(options) << options.error().message;
  EXPECT_EQ(options->scenario, "throughput");
  EXPECT_EQ(options->cluster.nodes, 5U);
  EXPECT_FALSE(options->cluster.processes);
  EXPECT_EQ(options->cluster.node.durability, Durability::kMemory);
  EXPECT_EQ(options->cluster.node.hash, HashBy::kOpenSsl);
  EXPECT_EQ(options->cluster.node.transport, Transport::kLoopback);
  EXPECT_EQ(options->cluster.node.mode, ReplicationMode::kAsync);
  EXPECT_EQ(options->cluster.node.leadership, Leadership::kAssigned);
  EXPECT_EQ(options->load.payload_bytes, 4096U);
  EXPECT_EQ(options->load.in_flight, 7U);
  EXPECT_DOUBLE_EQ(options->duration_s, 0.5);
  EXPECT_DOUBLE_EQ(options->warmup_s, 0);
  EXPECT_TRUE(options->json);
  EXPECT_EQ(options->out, "x");
}

TEST(BenchOptions, ThatAreWrongAreSaidInOneSentence) {
  const std::vector<std::pair<std::vector<std::string>, const char*>> wrong = {
      {{"--nodes", "0"}, "--nodes takes a number from 1 to 9, not '0'"},
      {{"--nodes", "three"}, "not 'three'"},
      {{"--payload", "256B"}, "not '256B'"},
      {{"--payload", "16777217"}, "from 1 to 16777216"},
      {{"--in-flight"}, "--in-flight wants a value"},
      {{"--rate", "0"}, "--rate takes a number from 1"},
      {{"--duration", "-1"}, "--duration takes a number from 0.1 to 86400"},
      {{"--hash", "md5"}, "--hash takes one of openssl"},
      {{"--durability", "disk"}, "one of fsync, none, memory, not 'disk'"},
      {{"--mode", "both"}, "one of sync, async"},
      {{"--leadership", "mine"}, "one of elected, assigned"},
      {{"--transport", "tcp"}, "one of websocket, loopback"},
      {{"--transport", "loopback"}, "needs --threads"},
      {{"--threads", "--processes"}, "not both"},
      {{"--rate", "5", "--in-flight", "3"}, "one of the two"},
      {{"--speed", "5"}, "there is no option --speed"},
      {{"fast"}, "there is no scenario 'fast', only latency"},
      {{"latency", "throughput"}, "'throughput' is a second"},
      {{"--folder", "/none/at/all"}, "/none/at/all is no folder"},
      {{"catch-up", "--nodes", "2"}, "catch-up needs at least --nodes 3"},
      {{"snapshot", "--nodes", "1"}, "snapshot needs at least --nodes 3"},
      {{"slow-follower", "--nodes", "2"}, "slow-follower needs at least --nodes 3"},
      {{"failover", "--nodes", "1"}, "failover needs at least --nodes 3"},
      {{"sweep", "--payload", "64"}, "sweep has no use for --payload"},
      {{"sweep", "--in-flight", "64"}, "sweep has no use for --in-flight"},
      {{"sweep", "--rate", "64"}, "sweep has no use for --rate"},
      {{"scale", "--nodes", "3"}, "scale has no use for --nodes"},
      {{"catch-up", "--rate", "64"}, "catch-up has no use for --rate"},
      {{"throughput", "--size", "64"}, "throughput has no use for --size"},
  };
  for (const auto& [words, sentence] : wrong) {
    const auto options = parse(words);
    ASSERT_FALSE(options) << sentence;
    EXPECT_TRUE(options.error() == Errc::kInvalidArgument);
    EXPECT_THAT(options.error().message, HasSubstr(sentence));
  }
}

TEST(BenchOptions, HelpNamesEveryScenarioAndStopsReading) {
  const auto options = parse({"--help", "--nonsense"});
  ASSERT_TRUE(options);
  EXPECT_TRUE(options->help);
  for (const Scenario& scenario : scenarios()) EXPECT_THAT(help(), HasSubstr(scenario.name));
}

}  // namespace
}  // namespace lockstep::bench
