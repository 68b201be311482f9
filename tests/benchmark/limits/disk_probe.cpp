#include "benchmark/limits/disk_probe.hpp"

#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <memory>
#include <sstream>

#include "benchmark/child_process.hpp"
#include "benchmark/limits/zero_filled_file.hpp"
#include "benchmark/statistics.hpp"

namespace lockstep::benchmark {
namespace {

constexpr std::size_t kFileBytes = std::size_t{32} << 20;

double processor_us() {
  timespec spent{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
  return static_cast<double>(spent.tv_sec) * 1e6 + static_cast<double>(spent.tv_nsec) * 1e-3;
}

}  // namespace

void run_disk_probe(const std::vector<std::string>& words) {
  using Clock = std::chrono::steady_clock;
  const int file = make_zero_filled_file(words.at(0), kFileBytes);
  const std::vector<std::uint8_t> record(std::stoul(words.at(1)), 0x5a);
  const double seconds = std::stod(words.at(2));
  std::printf("ready\n");
  (void)std::getchar();  // all of them begin at once

  const double cpu_before = processor_us();
  const auto started = Clock::now();
  std::vector<double> latencies_us;
  std::size_t place = 0;
  double elapsed = 0;
  do {
    const auto called = Clock::now();
    write_at(file, record.data(), record.size(), place);
    must(::fdatasync(file) == 0, "fdatasync");
    place = (place + record.size()) % kFileBytes;
    const auto now = Clock::now();
    latencies_us.push_back(std::chrono::duration<double, std::micro>(now - called).count());
    elapsed = std::chrono::duration<double>(now - started).count();
  } while (elapsed < seconds);
  const double mb = static_cast<double>(latencies_us.size() * record.size()) * 1e-6;
  const double cpu_us = (processor_us() - cpu_before) / static_cast<double>(latencies_us.size());
  std::printf("%f %f %f\n", median(latencies_us), mb / elapsed, cpu_us);
  (void)std::getchar();
}

DiskProbe probe_disk(const std::string& folder, std::size_t processes, std::size_t bytes,
                     double seconds) {
  std::vector<std::unique_ptr<ChildProcess>> children;
  for (std::size_t i = 0; i < processes; ++i) {
    const std::string path = folder + "/probe-" + std::to_string(::getpid()) + std::to_string(i);
    children.push_back(std::make_unique<ChildProcess>(std::vector<std::string>{
        std::string(kDiskProbe), path, std::to_string(bytes), std::to_string(seconds)}));
  }
  for (const auto& child : children) (void)child->read_line();
  for (const auto& child : children) child->write_line("go");
  std::vector<double> p50_us, mb_per_s, cpu_us;
  for (const auto& child : children) {
    DiskProbe said;
    std::istringstream(child->read_line()) >> said.p50_us >> said.mb_per_s >> said.cpu_us;
    p50_us.push_back(said.p50_us);
    mb_per_s.push_back(said.mb_per_s);
    cpu_us.push_back(said.cpu_us);
  }
  return {median(p50_us), median(mb_per_s), median(cpu_us)};
}

}  // namespace lockstep::benchmark
