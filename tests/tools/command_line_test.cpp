#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tools/sample_log.hpp"

namespace lockstep::testing {
namespace {

using ::testing::HasSubstr;
using tools::ExitStatus;

TEST(CommandLine, HelpIsGivenAndNamesEveryCommand) {
  SimulatedDisk disk;
  const std::vector<std::vector<std::string>> asked = {
      {"--help"}, {"help"}, {"-h"}, {"dump", "--help"}, {"repair", "/log", "--help"}};
  for (const std::vector<std::string>& words : asked) {
    const Outcome outcome = run_tool(disk, words);
    EXPECT_EQ(outcome.status, ExitStatus::kWhole);
    for (const char* part : {"inspect", "dump", "verify", "--from-peer-dump", "--cut-tail"}) {
      EXPECT_THAT(outcome.out, HasSubstr(part));
    }
    EXPECT_EQ(outcome.err, "");
  }
}

TEST(CommandLine, WrongUsageIsSaidInOneSentence) {
  SimulatedDisk disk;
  const std::vector<std::pair<std::vector<std::string>, const char*>> wrong = {
      {{}, "name a command"},
      {{"look", "/log"}, "there is no command 'look'"},
      {{"inspect"}, "wants the folder"},
      {{"inspect", "/a", "/b"}, "'/b' is a second"},
      {{"inspect", "/log", "--yes"}, "inspect has no option --yes"},
      {{"verify", "/log", "--from", "3"}, "verify has no option --from"},
      {{"dump", "/log", "--from"}, "--from wants a value"},
      {{"dump", "/log", "--from", "0"}, "a number from 1 on, not '0'"},
      {{"dump", "/log", "--to", "12x"}, "not '12x'"},
      {{"dump", "/log", "--from", "9", "--to", "8"}, "--to lies before --from"},
      {{"repair", "/log"}, "one of --from-peer-dump FILE and --cut-tail"},
      {{"repair", "/log", "--cut-tail", "--from-peer-dump", "x"}, "one of --from-peer-dump"},
      {{"repair", "/log", "--from-peer-dump", "x", "--yes"}, "--yes belongs to --cut-tail"},
  };
  for (const auto& [words, sentence] : wrong) {
    const Outcome outcome = run_tool(disk, words);
    EXPECT_EQ(outcome.status, ExitStatus::kUsage) << sentence;
    EXPECT_THAT(outcome.err, HasSubstr(sentence));
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
    EXPECT_EQ(outcome.out, "");
  }
}

TEST(CommandLine, AFolderThatHoldsNoLogCannotBeRead) {
  SimulatedDisk disk;
  ASSERT_TRUE(disk.create_folder("/empty"));
  for (const char* folder : {"/empty", "/none"}) {
    for (const char* command : {"inspect", "dump", "verify"}) {
      const Outcome outcome = run_tool(disk, {command, folder});
      EXPECT_EQ(outcome.status, ExitStatus::kFailed) << command;
      EXPECT_THAT(outcome.err, HasSubstr(folder));
    }
    const Outcome outcome = run_tool(disk, {"repair", folder, "--cut-tail", "--yes"});
    EXPECT_EQ(outcome.status, ExitStatus::kFailed);
  }
  EXPECT_TRUE(disk.paths().empty()) << "a log was made by looking";
}

}  // namespace
}  // namespace lockstep::testing
