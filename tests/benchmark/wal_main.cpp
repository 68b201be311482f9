// The write-ahead log beside what the machine can do: a plain program that writes and syncs, in
// turns with it, so that whatever disturbs the machine hits both alike.
#include <algorithm>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "benchmark/wal_scenarios.hpp"

namespace lockstep::benchmark {

namespace {

struct Scenario {
  const char* name;
  void (*run)(Report&, const WALEffort&);
};

constexpr Scenario kScenarios[] = {
    {"one", one_at_a_time},  {"many", many_in_flight},           {"large", large_records},
    {"cpu", processor_time}, {"memory", memory_while_appending}, {"open", opening},
};

/// Made beside whatever is there, and removed with all that is in it.
class ScratchFolder {
 public:
  explicit ScratchFolder(const std::filesystem::path& parent) {
    std::string name = (parent / "lockstep-wal-bench-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make " + name);
    path_ = name;
  }
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  [[nodiscard]] std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

double load() {
  double average = 0;
  return ::getloadavg(&average, 1) == 1 ? average : 0;
}

[[noreturn]] void usage() {
  std::string names;
  for (const Scenario& scenario : kScenarios) names += std::string(" ") + scenario.name;
  throw std::invalid_argument(
      "usage: lockstep-wal-bench [--full] [--size MiB] [--folder PARENT] [SCENARIO...]\n"
      "scenarios:" +
      names +
      "\n"
      "  --full    slices five times as long, and opening a log of 10 GiB\n"
      "  --size    of the log that `open` compares with one of 100 MiB (1024)\n"
      "  --folder  where to work, on the disk that is measured (the temporary folder)");
}

void run(const std::vector<std::string>& words) {
  WALEffort effort;
  std::filesystem::path parent = std::filesystem::temp_directory_path();
  std::set<std::string> wanted;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const bool has_value = i + 1 < words.size();
    if (words[i] == "--full") {
      effort.scale = 5;
      effort.opened_mib = std::size_t{10} << 10;
    } else if (words[i] == "--size" && has_value) {
      effort.opened_mib = std::stoul(words[++i]);
    } else if (words[i] == "--folder" && has_value) {
      parent = words[++i];
    } else {
      wanted.insert(words[i]);
    }
  }
  for (const std::string& name : wanted) {
    if (std::none_of(std::begin(kScenarios), std::end(kScenarios),
                     [&](const Scenario& scenario) { return scenario.name == name; })) {
      usage();
    }
  }

  constexpr int kWidthOfNameAndFacts = 66;
  Report report(kWidthOfNameAndFacts);
  report.say(
      "Lockstep WAL benchmark. raw: one thread, write and fdatasync in a loop. lockstep:\n"
      "FileWALManager as it is by default, entries hashed beforehand. In turns; medians of " +
      std::to_string(effort.rounds) + "\nslices. " +
      std::to_string(std::thread::hardware_concurrency()) + " processors, load " +
      std::to_string(load()) + " before the first.");
  report.fact("benchmark", "lockstep-wal");
  report.fact("rounds", effort.rounds);
  report.fact("processors", std::thread::hardware_concurrency());
  report.fact("load_before", load());
  for (const Scenario& scenario : kScenarios) {
    if (!wanted.empty() && !wanted.contains(scenario.name)) continue;
    const ScratchFolder folder(parent);
    effort.folder = folder.path();
    scenario.run(report, effort);
  }
  report.fact("load_after", load());
  report.say("\nload " + std::to_string(load()) + " after the last");
  report.print_targets_and_json();
}

}  // namespace
}  // namespace lockstep::benchmark

int main(int argc, char** argv) {
  try {
    lockstep::benchmark::run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    std::cerr << error.what() << std::endl;
    return 1;
  }
}
