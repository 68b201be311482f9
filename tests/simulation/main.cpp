// lockstep-sim: whole groups on simulated time, disks and network, one seed after another.
#include <chrono>
#include <cstdio>
#include <deque>
#include <fstream>
#include <iostream>

#include "simulation/coverage/demands.hpp"
#include "simulation/coverage/marks.hpp"
#include "simulation/options.hpp"
#include "simulation/run/run.hpp"

namespace lockstep::sim {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kLastPage = 70;

std::string text_of(const Tally& tally) {
  std::string text;
  for (const auto& [what, count] : tally) {
    text += (text.empty() ? "" : ", ") + what + " " + std::to_string(count);
  }
  return text;
}

/// The same run once more, now with everybody listening.
void tell_of(const Settings& settings, const RunResult& result) {
  std::deque<std::string> page;
  (void)run(settings, [&](const std::string& line) {
    page.push_back(line);
    if (page.size() > kLastPage) page.pop_front();
  });
  for (const std::string& line : page) std::cout << line << "\n";
  std::cout << to_string(settings) << "\n"
            << "VIOLATED in seed " << settings.seed << ": " << result.verdict.property << ": "
            << result.verdict.what << std::endl;
}

/// All that was run.
struct Sum {
  std::uint64_t seeds = 0;
  std::uint64_t violations = 0;
  std::chrono::nanoseconds simulated{};
  Tally tally;
  Tally faults;
  Tally marks;
};

void print_table(const Tally& tally) {
  for (const auto& [what, count] : tally) {
    std::printf("  %-44s %12llu\n", what.c_str(), static_cast<unsigned long long>(count));
  }
}

void print(const Sum& sum, std::chrono::duration<double> real) {
  std::cout << "what happened:\n";
  std::cout.flush();
  print_table(sum.tally);
  std::puts("rare branches:");
  print_table(sum.marks);
  std::fflush(stdout);
  const auto operations = sum.tally.find("operations");
  char numbers[160];
  std::snprintf(
      numbers, sizeof(numbers), "%llu seeds, %.2f simulated hours, %llu operations, ",
      static_cast<unsigned long long>(sum.seeds),
      std::chrono::duration<double>(sum.simulated).count() / 3600,
      static_cast<unsigned long long>(operations == sum.tally.end() ? 0 : operations->second));
  char speed[80];
  std::snprintf(speed, sizeof(speed), "%.1f seeds per second",
                static_cast<double>(sum.seeds) / real.count());
  std::cout << numbers << "faults: " << text_of(sum.faults) << "; " << sum.violations
            << " violations; " << speed << std::endl;
}

int simulate(const Options& options) {
  const auto began = Clock::now();
  Sum sum;
  for (const char* mark : Marks::names()) sum.marks[mark] = 0;
  const auto has_time = [&] {
    return !options.minutes || Clock::now() - began < std::chrono::minutes(*options.minutes);
  };
  for (std::uint64_t seed = options.seed; sum.seeds < options.seeds && has_time(); ++seed) {
    const Settings settings = draw_settings(seed);
    Trace::Write trace;
    std::ofstream file;
    if (!options.trace.empty()) {
      file.open(options.trace, seed == options.seed ? std::ios::trunc : std::ios::app);
      file << to_string(settings) << "\n";
      trace = [&](const std::string& line) { file << line << "\n"; };
    }
    const RunResult result = run(settings, trace);
    ++sum.seeds;
    sum.simulated += result.simulated;
    add(sum.tally, result.tally);
    add(sum.faults, result.faults);
    add(sum.marks, result.marks);
    if (options.hashes) {
      std::printf("%llu %016llx\n", static_cast<unsigned long long>(seed),
                  static_cast<unsigned long long>(result.trace_hash));
      std::fflush(stdout);
    }
    if (!result.verdict.broken()) continue;
    ++sum.violations;
    tell_of(settings, result);
    if (!options.go_on) break;
  }
  if (sum.violations == 0) {
    const auto overlapping = sum.tally.find(kOverlapping);
    for (const std::string& what : uncovered(
             sum.seeds, sum.marks, overlapping == sum.tally.end() ? 0 : overlapping->second)) {
      ++sum.violations;
      std::cout << "VIOLATED: uncovered: " << what << "\n";
    }
  }
  print(sum, Clock::now() - began);
  return sum.violations == 0 ? 0 : 1;
}

}  // namespace
}  // namespace lockstep::sim

int main(int argc, char** argv) {
  const auto options = lockstep::sim::parse_options(argc, argv);
  if (!options) return 2;
  return lockstep::sim::simulate(*options);
}
