#include "benchmark/limits/calibration.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <ctime>
#include <functional>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/digest.hpp"
#include "base/entry_codec.hpp"
#include "benchmark/io_thread.hpp"
#include "benchmark/limits/disk_probe.hpp"
#include "benchmark/pair.hpp"
#include "benchmark/traffic.hpp"

namespace lockstep::benchmark {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t kKiB = 1024;
constexpr std::size_t kRoundTripBytes = 256;

double seconds_since(Clock::time_point from) {
  return std::chrono::duration<double>(Clock::now() - from).count();
}

/// Of the calling thread: what else runs on the machine does not count.
double processor_seconds() {
  timespec spent{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
  return static_cast<double>(spent.tv_sec) + static_cast<double>(spent.tv_nsec) * 1e-9;
}

/// Of the quickest of many repetitions.
double best_processor_seconds(double seconds, const std::function<void()>& task) {
  double best = 1e9;
  for (const auto started = Clock::now(); seconds_since(started) < seconds;) {
    const double before = processor_seconds();
    task();
    best = std::min(best, processor_seconds() - before);
  }
  return best;
}

void measure_hashes(const CalibrationSettings& settings, Calibration& result) {
  Sha256 sha;
  const std::vector<std::uint8_t> stream(64 * kKiB, 0x5a);
  const double one = best_processor_seconds(settings.seconds_each, [&] { (void)sha.hash(stream); });
  result.hash_one_mb_s = static_cast<double>(stream.size()) * 1e-6 / one;

  const std::size_t encoded_bytes = EntryHeader::kEncodedBytes + settings.payload_bytes;
  const std::size_t count = std::max<std::size_t>(1, 64 * kKiB / encoded_bytes);
  std::vector<std::uint8_t> memory(count * encoded_bytes, 0x5a);
  std::vector<DigestedBytes> entries;
  for (std::size_t i = 0; i < count; ++i) {
    entries.push_back({{memory.data() + i * encoded_bytes, encoded_bytes}});
  }
  const double many =
      best_processor_seconds(settings.seconds_each, [&] { (void)entry_digests(sha, entries); });
  result.hash_entry_us = many * 1e6 / static_cast<double>(count);
  result.hash_many_mb_s = static_cast<double>(encoded_bytes) / result.hash_entry_us;
}

void measure_disk(const CalibrationSettings& settings, Calibration& result) {
  const auto probe = [&](std::size_t processes, std::size_t bytes) {
    return probe_disk(settings.folder, processes, bytes, settings.seconds_each);
  };
  result.fsync_4k_us = probe(1, 4 * kKiB).p50_us;
  result.fsync_64k_us = probe(1, 64 * kKiB).p50_us;
  result.fsync_4k_three_us = probe(3, 4 * kKiB).p50_us;
  const DiskProbe frames = probe(3, 64 * kKiB);
  const DiskProbe large = probe(3, kKiB * kKiB);
  result.fsync_64k_three_us = frames.p50_us;
  result.disk_three_mb_s = large.mb_per_s;
  // A straight line through both.
  constexpr double kFrameMb = 0.065536;
  constexpr double kLargeMb = 1.048576;
  result.disk_cpu_us_per_mb = (large.cpu_us - frames.cpu_us) / (kLargeMb - kFrameMb);
  result.sync_cpu_us = std::max(0.0, frames.cpu_us - kFrameMb * result.disk_cpu_us_per_mb);
}

void measure_loopback(const CalibrationSettings& settings, Calibration& result) {
  boost::asio::io_context context;
  boost::asio::ip::tcp::socket from(context), to(context);
  connect_over_loopback(from, to);
  double receiver_cpu = 0;
  double received = 0;
  const auto started = Clock::now();
  std::thread receiver([&] {
    std::vector<std::uint8_t> memory(256 * kKiB);
    boost::system::error_code error;
    while (!error) {
      received += static_cast<double>(to.read_some(boost::asio::buffer(memory), error));
    }
    receiver_cpu = processor_seconds();
  });
  const std::vector<std::uint8_t> memory(64 * kKiB, 0x5a);
  const double cpu_before = processor_seconds();
  boost::system::error_code error;
  while (!error && seconds_since(started) < settings.seconds_each) {
    from.write_some(boost::asio::buffer(memory), error);
  }
  const double sender_cpu = processor_seconds() - cpu_before;
  from.close();
  receiver.join();
  result.loopback_mb_s = received * 1e-6 / seconds_since(started);
  result.loopback_cpu_us_per_mb = (sender_cpu + receiver_cpu) * 1e12 / received;
}

double round_trip_us(std::unique_ptr<IPair> pair, double seconds) {
  const auto trips = [&](double count) {
    return measure_round_trips(*pair, kRoundTripBytes, static_cast<std::size_t>(count)).p50_us;
  };
  return trips(seconds * 1e6 / trips(100));
}

struct Member {
  const char* name;
  double Calibration::*value;
  bool more_is_better;
};
constexpr std::array kMembers{
    Member{"hash_one_mb_s", &Calibration::hash_one_mb_s, true},
    Member{"hash_many_mb_s", &Calibration::hash_many_mb_s, true},
    Member{"hash_entry_us", &Calibration::hash_entry_us, false},
    Member{"fsync_4k_us", &Calibration::fsync_4k_us, false},
    Member{"fsync_64k_us", &Calibration::fsync_64k_us, false},
    Member{"fsync_4k_three_us", &Calibration::fsync_4k_three_us, false},
    Member{"fsync_64k_three_us", &Calibration::fsync_64k_three_us, false},
    Member{"disk_three_mb_s", &Calibration::disk_three_mb_s, true},
    Member{"sync_cpu_us", &Calibration::sync_cpu_us, false},
    Member{"disk_cpu_us_per_mb", &Calibration::disk_cpu_us_per_mb, false},
    Member{"tcp_round_trip_us", &Calibration::tcp_round_trip_us, false},
    Member{"websocket_round_trip_us", &Calibration::websocket_round_trip_us, false},
    Member{"loopback_mb_s", &Calibration::loopback_mb_s, true},
    Member{"loopback_cpu_us_per_mb", &Calibration::loopback_cpu_us_per_mb, false},
};
static_assert(kMembers.size() * sizeof(double) == sizeof(Calibration));

}  // namespace

Calibration calibrate(const CalibrationSettings& settings) {
  Calibration result;
  measure_hashes(settings, result);
  measure_disk(settings, result);
  result.tcp_round_trip_us = round_trip_us(make_raw_tcp_pair(), settings.seconds_each);
  result.websocket_round_trip_us = round_trip_us(make_beast_pair(), settings.seconds_each);
  measure_loopback(settings, result);
  return result;
}

Drift drift(const Calibration& before, const Calibration& after) {
  Drift most;
  for (const Member& member : kMembers) {
    const auto [low, high] = std::minmax(before.*member.value, after.*member.value);
    const double share = low > 0 ? high / low - 1 : 0;
    if (share > most.share) most = {share, member.name};
  }
  return most;
}

Calibration best_of(const Calibration& one, const Calibration& other) {
  Calibration best;
  for (const Member& member : kMembers) {
    const auto [low, high] = std::minmax(one.*member.value, other.*member.value);
    best.*member.value = member.more_is_better ? high : low;
  }
  return best;
}

nlohmann::json to_json(const Calibration& calibration) {
  nlohmann::json json;
  for (const Member& member : kMembers) json[member.name] = calibration.*member.value;
  return json;
}

}  // namespace lockstep::benchmark
