#include "demo_options.hpp"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace lockstep_demo {
namespace {

std::variant<DemoOptions, UsageError> parse(std::initializer_list<std::string_view> arguments) {
  return parse_demo_options(std::vector<std::string_view>(arguments));
}

DemoOptions options(std::initializer_list<std::string_view> arguments) {
  const auto parsed = parse(arguments);
  if (const auto* error = std::get_if<UsageError>(&parsed)) {
    ADD_FAILURE() << error->text;
    return {};
  }
  return std::get<DemoOptions>(parsed);
}

std::string error(std::initializer_list<std::string_view> arguments) {
  const auto parsed = parse(arguments);
  const auto* found = std::get_if<UsageError>(&parsed);
  if (found == nullptr) return "";
  constexpr std::string_view kHint = " (--help lists all options)";
  EXPECT_TRUE(found->text.ends_with(kHint)) << found->text;
  return found->text.substr(0, found->text.size() - kHint.size());
}

TEST(DemoOptions, DefaultsAreThreeNodesAndTheSample) {
  const DemoOptions defaults = options({});
  EXPECT_EQ(defaults.nodes, 3U);
  EXPECT_FALSE(defaults.input);
  EXPECT_FALSE(defaults.generated);
  EXPECT_FALSE(defaults.data_dir);
  EXPECT_FALSE(defaults.json);
  EXPECT_FALSE(defaults.keep);
  EXPECT_FALSE(defaults.help);
}

TEST(DemoOptions, TakesEveryOptionInEitherForm) {
  const DemoOptions apart =
      options({"--input", "a b.jsonl", "--data-dir", "d", "--nodes", "9", "--json", "--keep"});
  EXPECT_EQ(apart.input, "a b.jsonl");
  EXPECT_EQ(apart.data_dir, "d");
  EXPECT_EQ(apart.nodes, 9U);
  EXPECT_TRUE(apart.json);
  EXPECT_TRUE(apart.keep);

  const DemoOptions joined = options({"--input=x=y", "--data-dir=-d", "--nodes=4"});
  EXPECT_EQ(joined.input, "x=y");
  EXPECT_EQ(joined.data_dir, "-d");
  EXPECT_EQ(joined.nodes, 4U);
}

TEST(DemoOptions, EitherGeneratorOptionAsksForGeneratedInput) {
  const DemoOptions both = options({"--payload-bytes", "4096", "--count", "7"});
  ASSERT_TRUE(both.generated);
  EXPECT_EQ(both.generated->payload_bytes, 4096U);
  EXPECT_EQ(both.generated->count, 7U);

  const DemoOptions bytes = options({"--payload-bytes", "256"});
  ASSERT_TRUE(bytes.generated);
  EXPECT_EQ(bytes.generated->payload_bytes, 256U);
  EXPECT_EQ(bytes.generated->count, GeneratedInputOptions{}.count);

  const DemoOptions count = options({"--count", "1000000"});
  ASSERT_TRUE(count.generated);
  EXPECT_EQ(count.generated->payload_bytes, GeneratedInputOptions{}.payload_bytes);
  EXPECT_EQ(count.generated->count, 1'000'000U);
}

TEST(DemoOptions, TheLeaderIsElectedUnlessSaidOtherwise) {
  EXPECT_TRUE(options({}).elected);
  EXPECT_TRUE(options({"--leadership", "elected"}).elected);
  EXPECT_FALSE(options({"--leadership=assigned"}).elected);
  EXPECT_EQ(error({"--leadership", "none"}),
            "--leadership: got none; it must be elected or assigned");
}

TEST(DemoOptions, HelpIsGivenWhateverElseIsThere) {
  EXPECT_TRUE(options({"--help"}).help);
  EXPECT_TRUE(options({"-h"}).help);
  EXPECT_TRUE(options({"--nodes", "77", "--nonsense", "--help"}).help);
}

TEST(DemoOptions, HelpNamesEveryOption) {
  const std::string help = help_text();
  for (const std::string_view name : {"--input", "--data-dir", "--nodes", "--leadership",
                                      "--payload-bytes", "--count", "--json", "--keep", "--help"}) {
    EXPECT_NE(help.find("  " + std::string(name) + " "), std::string::npos) << name;
  }
  EXPECT_NE(help.find("3 to 9"), std::string::npos);
  EXPECT_NE(help.find("256 to 16777216"), std::string::npos);
}

TEST(DemoOptions, RefusesWhatItDoesNotKnow) {
  EXPECT_EQ(error({"--node", "3"}), "--node: there is no such option");
  EXPECT_EQ(error({"-n"}), "-n: there is no such option");
  EXPECT_EQ(error({""}),
            ": an argument without an option; a file to replicate is given as --input FILE");
  EXPECT_EQ(error({"wal.jsonl"}),
            "wal.jsonl: an argument without an option; a file to replicate is given as --input "
            "FILE");
}

TEST(DemoOptions, RefusesNumbersOutOfRange) {
  for (const std::string_view value :
       {"2", "10", "-3", "+3", "3.0", "three", "3 ", "0x3", "99999999999999999999999"}) {
    EXPECT_EQ(error({"--nodes", value}),
              "--nodes: got " + std::string(value) + "; it must be a whole number from 3 to 9");
  }
  EXPECT_EQ(error({"--payload-bytes", "255"}),
            "--payload-bytes: got 255; it must be a whole number from 256 to 16777216");
  EXPECT_EQ(error({"--payload-bytes", "16777217"}),
            "--payload-bytes: got 16777217; it must be a whole number from 256 to 16777216");
  EXPECT_EQ(error({"--count", "0"}), "--count: got 0; it must be a whole number from 1 to 1000000");
  EXPECT_EQ(error({"--count", "1000001"}),
            "--count: got 1000001; it must be a whole number from 1 to 1000000");
}

TEST(DemoOptions, RefusesMissingAndUnwantedValues) {
  EXPECT_EQ(error({"--input"}), "--input: its value is missing; right is --input FILE");
  EXPECT_EQ(error({"--input", ""}), "--input: its value is missing; right is --input FILE");
  EXPECT_EQ(error({"--data-dir="}), "--data-dir: its value is missing; right is --data-dir DIR");
  EXPECT_EQ(error({"--count", "--json"}), "--count: its value is missing; right is --count M");
  EXPECT_EQ(error({"--json=yes"}), "--json: takes no value");
  EXPECT_EQ(error({"--nodes", "3", "--nodes=3"}), "--nodes: given twice; once is right");
  EXPECT_EQ(error({"--keep", "--keep"}), "--keep: given twice; once is right");
}

TEST(DemoOptions, RefusesWhatDoesNotGoTogether) {
  EXPECT_EQ(error({"--input", "f", "--count", "5"}),
            "--input: cannot be combined with --count, which asks for generated entries; give one "
            "of the two");
  EXPECT_EQ(error({"--payload-bytes", "512", "--input", "f"}),
            "--input: cannot be combined with --payload-bytes, which asks for generated entries; "
            "give one of the two");
  EXPECT_EQ(error({"--payload-bytes", "16777216", "--count", "65"}),
            "--count: got 65; with --payload-bytes 16777216 it must be at most 64, because all "
            "entries are held in memory");
  EXPECT_EQ(error({"--payload-bytes", "16777216", "--count", "64"}), "");
  EXPECT_NE(error({"--payload-bytes", "16777216"}), "") << "the default count is too many";
}

// What passes here must not be refused by the generator.
TEST(DemoOptions, AgreesWithTheGeneratorOnTheLimits) {
  const DemoOptions most = options({"--payload-bytes", "16777216", "--count", "2"});
  EXPECT_FALSE(generate_input(*most.generated).error);
  const DemoOptions least = options({"--payload-bytes", "256", "--count", "1"});
  EXPECT_FALSE(generate_input(*least.generated).error);
}

}  // namespace
}  // namespace lockstep_demo
