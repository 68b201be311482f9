#include "benchmark/limits/bare_run.hpp"

#include <signal.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "benchmark/child_process.hpp"
#include "benchmark/limits/disk_probe.hpp"

namespace lockstep::benchmark {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(BareSettings, payload_bytes, in_flight, batch, durability, hash,
                                   seconds, warmup_seconds, folder)

namespace {

constexpr std::string_view kLeader = "--bare-leader";
constexpr std::string_view kFollower = "--bare-follower";
constexpr std::size_t kMostInFlightBytes = std::size_t{64} << 20;

struct ProcessorTime {
  double all_s = 0, system_s = 0;
};

ProcessorTime processor_time(pid_t process) {
  clockid_t clock{};
  timespec spent{};
  if (::clock_getcpuclockid(process, &clock) != 0 || ::clock_gettime(clock, &spent) != 0) {
    throw std::runtime_error("a process of the bare pipeline has ended early");
  }
  std::ifstream file("/proc/" + std::to_string(process) + "/stat");
  std::string field;
  constexpr int kSystemTicksField = 15;  // proc(5); the name of the program has no space in it
  for (int i = 0; i < kSystemTicksField; ++i) file >> field;
  return {static_cast<double>(spent.tv_sec) + static_cast<double>(spent.tv_nsec) * 1e-9,
          std::stod(field) / static_cast<double>(::sysconf(_SC_CLK_TCK))};
}

}  // namespace

BareResult run_bare_pipeline(const BareSettings& wanted) {
  BareSettings settings = wanted;
  settings.in_flight =
      std::clamp<std::size_t>(kMostInFlightBytes / settings.payload_bytes, 1, settings.in_flight);
  const std::string words = nlohmann::json(settings).dump();
  ChildProcess n2({std::string(kFollower), words, "n2"}), n3({std::string(kFollower), words, "n3"});
  const std::string port2 = n2.read_line(), port3 = n3.read_line();
  ChildProcess n1({std::string(kLeader), words, port2, port3});
  const std::array<ChildProcess*, 3> processes{&n1, &n2, &n3};

  (void)n1.read_line();  // it is warm
  std::array<ProcessorTime, 3> before;
  std::ranges::transform(processes, before.begin(),
                         [](auto* p) { return processor_time(p->pid()); });
  const auto said = nlohmann::json::parse(n1.read_line());
  const double entries = said.at("entries"), seconds = said.at("seconds");

  BareResult result;
  for (std::size_t i = 0; i < processes.size(); ++i) {
    const ProcessorTime now = processor_time(processes[i]->pid());
    result.cpu_us_by_process[i] = (now.all_s - before[i].all_s) * 1e6 / entries;
    result.cpu_us_per_entry += result.cpu_us_by_process[i];
    result.system_cpu_us_per_entry += (now.system_s - before[i].system_s) * 1e6 / entries;
  }
  result.entries_per_s = entries / seconds;
  result.mb_per_s = result.entries_per_s * static_cast<double>(settings.payload_bytes) * 1e-6;
  const std::array<double, 5> us = said.at("latency_us");
  result.latency_us = {us[0], us[1], us[2], us[3], us[4]};
  result.fsyncs_per_s = said.at("syncs").get<double>() / seconds;
  result.entries_per_frame = entries / said.at("frames").get<double>();
  result.wire_bytes_per_entry = said.at("bytes").get<double>() / entries;
  result.in_flight = settings.in_flight;
  return result;
}

std::optional<int> run_as_bare_process(int argc, char** argv) {
  const std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
  if (words.empty() || !words[0].starts_with("--bare-")) return std::nullopt;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  try {
    if (words[0] == kDiskProbe) {
      run_disk_probe({words.begin() + 1, words.end()});
    } else {
      const BareSettings settings = nlohmann::json::parse(words.at(1));
      use_hash(settings.hash);
      if (words[0] == kFollower) {
        run_bare_follower(settings, words.at(2));
      } else {
        run_bare_leader(settings, {std::stoi(words.at(2)), std::stoi(words.at(3))});
      }
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bare pipeline: %s\n", error.what());
    return 1;
  }
  std::fflush(stdout);
  std::_Exit(0);  // with its threads
}

}  // namespace lockstep::benchmark
