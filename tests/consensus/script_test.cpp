#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
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

}  // namespace
}  // namespace lockstep::consensus::test
