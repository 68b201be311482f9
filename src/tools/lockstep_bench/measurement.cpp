#include "tools/lockstep_bench/measurement.hpp"

#include <algorithm>
#include <chrono>
#include <set>
#include <stdexcept>
#include <thread>

#include "tools/lockstep_bench/process_statistics.hpp"
#include "tools/lockstep_bench/waiting.hpp"

namespace lockstep::bench {
namespace {

using nlohmann::json;

constexpr std::chrono::seconds kPatience{60};

void wait_for(double seconds) {
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
}

double grown(const json& from, const json& to, const char* counter) {
  return to.at(counter).get<double>() - from.at(counter).get<double>();
}

}  // namespace

Measurement::Measurement(Cluster& cluster, std::size_t leader, const Load& load)
    : cluster_(cluster), leader_(leader), load_(load) {
  cluster_.node(leader_).ask({{"do", "begin"},
                              {"payload_bytes", load.payload_bytes},
                              {"in_flight", load.in_flight},
                              {"rate_per_s", load.rate_per_s}});
  mark();
}

Measurement::~Measurement() try {
  cluster_.node(leader_).ask("end");
} catch (const std::exception&) {
  // Its process has ended, and the client with it.
}

std::vector<json> Measurement::ask_counters() {
  std::vector<json> counters(cluster_.size());
  for (std::size_t i = 0; i < cluster_.size(); ++i) {
    if (cluster_.answers(i)) counters[i] = cluster_.node(i).ask("counters");
  }
  return counters;
}

void Measurement::mark() {
  marked_ = ask_counters();
  cluster_.node(leader_).ask("mark");
}

bool Measurement::has_seen_any() {
  const json client = cluster_.node(leader_).ask("figures");
  return client.at("completed") > 0 || client.at("failed") > 0;
}

Figures Measurement::figures() {
  const json client = cluster_.node(leader_).ask("figures");
  const std::vector<json> now = ask_counters();
  if (client.at("failed") > 0) {
    throw std::runtime_error(
        "of the writes " + client.at("failed").dump() +
        " failed, the first: " + client.at("first_failure").get<std::string>());
  }
  Figures figures;
  figures.hash = now[leader_].at("hash");
  // Of the same answers as the counters that it divides.
  figures.seconds = grown(marked_[leader_], now[leader_], "at_ns") * 1e-9;
  const json& latency = client.at("latency_us");
  if (client.at("samples") > 0) {
    figures.latency = {latency.at("p50"), latency.at("p90"), latency.at("p99"), latency.at("p999"),
                       latency.at("max")};
  }
  figures.overloaded = client.at("overloaded");
  figures.unfinished = client.at("unfinished");
  if (load_.is_open()) {
    constexpr double kReached = 0.95;
    const double wanted = load_.rate_per_s * client.at("seconds").get<double>();
    figures.rate_reached = client.at("completed").get<double>() >= kReached * wanted;
  }

  double entries = grown(marked_[leader_], now[leader_], "committed");
  figures.throughput_per_s = entries / figures.seconds;
  figures.mb_per_s = figures.throughput_per_s * static_cast<double>(load_.payload_bytes) * 1e-6;
  entries = std::max(entries, 1.0);
  double appended = 0;
  double wire_bytes = 0;
  std::set<pid_t> processes;
  for (std::size_t i = 0; i < now.size(); ++i) {
    if (now[i].is_null() || marked_[i].is_null()) continue;
    appended += grown(marked_[i], now[i], "append_entries");
    wire_bytes += grown(marked_[i], now[i], "wire_bytes");
    const pid_t process = cluster_.node(i).process();
    if (!processes.insert(process).second) continue;
    const double cpu_us = grown(marked_[i], now[i], "cpu_ns") / entries * 1e-3;
    figures.cpu_us_per_entry_by_process.push_back(cpu_us);
    figures.cpu_us_per_entry += cpu_us;
    figures.peak_rss_mib.push_back(resident_memory(process).peak_mib);
  }
  const double frames = grown(marked_[leader_], now[leader_], "append_frames");
  figures.entries_per_frame = frames == 0 ? 0 : appended / frames;
  figures.wire_bytes_per_entry = wire_bytes / entries;
  figures.fsyncs_per_s = grown(marked_[leader_], now[leader_], "syncs") / figures.seconds;
  figures.disk_bytes_per_entry = grown(marked_[leader_], now[leader_], "file_bytes") / entries;
  return figures;
}

Figures measure(Cluster& cluster, const Load& load, double warmup_s, double duration_s) {
  Measurement measurement(cluster, cluster.await_leader(), load);
  wait_for(warmup_s);
  measurement.mark();
  wait_for(duration_s);
  // Of a machine so slow that nothing was done, there is nothing to tell yet.
  await("a write", kPatience, [&] { return measurement.has_seen_any(); });
  return measurement.figures();
}

}  // namespace lockstep::bench
