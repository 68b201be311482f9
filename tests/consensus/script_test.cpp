#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "consensus/script.hpp"

namespace lockstep::consensus::test {
namespace {

std::vector<std::string> script_names() {
  std::vector<std::string> names;
  const std::filesystem::path folder = LOCKSTEP_SOURCE_DIR "/tests/consensus/scripts";
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    if (file.path().extension() == ".txt") names.push_back(file.path().stem().string());
  }
  std::ranges::sort(names);
  return names;
}

class Scripts : public testing::TestWithParam<std::string> {};

TEST_P(Scripts, Holds) {
  const std::string file = LOCKSTEP_SOURCE_DIR "/tests/consensus/scripts/" + GetParam() + ".txt";
  Script().run(file);
}

INSTANTIATE_TEST_SUITE_P(Consensus, Scripts, testing::ValuesIn(script_names()),
                         [](const auto& script) { return script.param; });

/// The words in backquotes of the table's second column.
TEST(ScriptsReadme, NamesScriptsThatAreThere) {
  const std::vector<std::string> names = script_names();
  std::ifstream readme(LOCKSTEP_SOURCE_DIR "/tests/consensus/scripts/README.md");
  bool in_table = false;
  std::size_t named = 0;
  for (std::string line; std::getline(readme, line);) {
    in_table = in_table || line == "## The rules and their scripts";
    if (!in_table || !line.starts_with("| ")) continue;
    std::istringstream cells(line.substr(line.find(" | ") + 3));
    std::string name;
    while (std::getline(cells, name, '`') && std::getline(cells, name, '`')) {
      EXPECT_TRUE(std::ranges::binary_search(names, name)) << name;
      ++named;
    }
  }
  EXPECT_GT(named, 50u);
}

}  // namespace
}  // namespace lockstep::consensus::test
