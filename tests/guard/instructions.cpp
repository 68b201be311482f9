#include "guard/instructions.hpp"

#include <unistd.h>

#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

namespace lockstep::guard {
namespace {

/// One number for each library of what callgrind has written: lines of `ob=LIBRARY`, and lines of
/// place and cost that belong to the last one. Behind `calls=` stands what the callee has cost,
/// which is counted where it belongs.
std::map<std::string, std::uint64_t> by_library(std::istream& profile) {
  std::map<std::string, std::uint64_t> costs;
  std::string library;
  std::string line;
  while (std::getline(profile, line)) {
    if (line.starts_with("ob=")) library = line.substr(3);
    if (line.starts_with("calls="))
      std::getline(profile, line);
    else if (!line.empty() && std::isdigit(static_cast<unsigned char>(line.front())) != 0) {
      costs[library] += std::strtoull(line.substr(line.find(' ')).c_str(), nullptr, 10);
    }
  }
  return costs;
}

bool hashes(const std::string& library) {
  return library.find("libcrypto") != std::string::npos ||
         library.find("libIPSec_MB") != std::string::npos;
}

}  // namespace

Result<Instructions> count_instructions(std::size_t in_flight, std::uint64_t entries) {
  if (std::system("valgrind --version > /dev/null 2>&1") != 0) {
    return Error(Errc::kNotSupported,
                 "unmeasured: there is no valgrind here (Debian and Ubuntu: valgrind)");
  }
  const auto stem =
      std::filesystem::temp_directory_path() / ("lockstep-guard-" + std::to_string(getpid()));
  const std::string profile = stem.string() + ".callgrind";
  const std::string log = stem.string() + ".log";
  const std::string command =
      "valgrind --tool=callgrind --compress-strings=no --compress-pos=no --collect-atstart=no"
      " '--toggle-collect=lockstep::guard::Workload::write_measured*'"
      " --callgrind-out-file=" +
      profile + " " + LOCKSTEP_GUARD_WORKLOAD + " " + std::to_string(in_flight) + " " +
      std::to_string(entries / 2) + " " + std::to_string(entries) + " > " + log + " 2>&1";
  const bool ran = std::system(command.c_str()) == 0;
  std::ifstream file(profile);
  const auto costs = by_library(file);
  std::filesystem::remove(profile);
  if (!ran || costs.empty()) return Error(Errc::kIo, command + " failed; see " + log);
  std::filesystem::remove(log);

  Instructions found;
  for (const auto& [library, cost] : costs) {
    (hashes(library) ? found.hashing_per_entry : found.per_entry) +=
        static_cast<double>(cost) / static_cast<double>(entries);
  }
  return found;
}

}  // namespace lockstep::guard
