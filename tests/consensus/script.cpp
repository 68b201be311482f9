#include "consensus/script.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "consensus/script_words.hpp"

namespace lockstep::consensus::test {
namespace {

constexpr std::size_t kTraceLines = 60;

}  // namespace

Script::Script() {
  cluster_.keeps_trace = true;
  add_setup_commands();
  add_node_commands();
  add_network_commands();
  add_disk_commands();
  add_expectations();
  add_expectations_of_messages();
  commands_["expect"] = [this](const Words& words) {
    const Words rest(words.begin() + 1, words.end());
    find(expectations_, rest)(rest);
  };
}

void Script::run(const std::filesystem::path& file) {
  std::ifstream in(file);
  ASSERT_TRUE(in) << "cannot read " << file;
  std::size_t at = 0;
  std::size_t expectations = 0;
  for (std::string line; std::getline(in, line);) {
    ++at;
    if (line.empty() || line.front() == '#') continue;
    if (line.starts_with("expect ")) ++expectations;
    cluster_.note("> " + line);
    std::string broken;
    try {
      run_line(line);
      broken = cluster_.checkers().violation();
    } catch (const std::exception& exception) {
      broken = exception.what();
    }
    if (broken.empty()) continue;
    std::string trace;
    const auto& lines = cluster_.trace();
    for (std::size_t i = lines.size() > kTraceLines ? lines.size() - kTraceLines : 0;
         i < lines.size(); ++i) {
      trace += lines[i] + "\n";
    }
    FAIL() << file.filename().string() << ":" << at << ": " << line << "\n  " << broken
           << "\nwhat happened before:\n"
           << trace;
  }
  EXPECT_GT(expectations, 0u) << "a script that expects nothing";
}

void Script::run_line(const std::string& line) {
  std::istringstream stream(line.substr(0, line.find(" #")));
  Words words;
  for (std::string word; stream >> word;) words.push_back(word);
  find(commands_, words)(words);
}

Script::Handler Script::find(const std::map<std::string, Handler>& handlers, const Words& words) {
  require(!words.empty(), "nothing to do");
  const auto found = handlers.find(words.front());
  require(found != handlers.end(), "unknown: " + words.front());
  return found->second;
}

Node& Script::node(const std::string& name) {
  require(cluster_.nodes().contains(id(name)), "no node " + name);
  return cluster_.node(id(name));
}

}  // namespace lockstep::consensus::test
