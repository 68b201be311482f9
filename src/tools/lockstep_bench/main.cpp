#include <signal.h>

#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include "benchmark/limits/bare_run.hpp"
#include "tools/lockstep_bench/interruption.hpp"
#include "tools/lockstep_bench/node_handle.hpp"
#include "tools/lockstep_bench/scenarios.hpp"

namespace {

constexpr int kUsage = 2;
constexpr int kFailed = 3;

int run(const std::vector<std::string>& words) {
  using namespace lockstep::bench;  // NOLINT: this program
  const auto options = parse(words);
  if (!options) {
    std::cerr << "lockstep-bench: " << options.error().message << '\n';
    return kUsage;
  }
  if (options->help) {
    std::cout << help();
    return 0;
  }
  // Calibration, nodes in this process, and the bare pipeline, which takes it from here.
  lockstep::use_hash(options->cluster.node.hash);
  Report report(*options, std::cout);
  lockstep::bench::run(*options, report);
  report.finish();
  return 0;
}

}  // namespace

int main(int argc, char** argv) try {
  if (const auto done = lockstep::benchmark::run_as_bare_process(argc, argv)) return *done;
  // A node that has ended is noticed by its answer that does not come.
  ::signal(SIGPIPE, SIG_IGN);
  const std::vector<std::string> words(argv + (argc > 0 ? 1 : 0), argv + argc);
  if (words.size() == 2 && words[0] == lockstep::bench::kNodeWord) {
    return lockstep::bench::run_node_process(words[1]);
  }
  lockstep::bench::end_on_signals();
  return run(words);
} catch (const std::exception& error) {
  std::cerr << "lockstep-bench: " << error.what() << '\n';
  return kFailed;
}
