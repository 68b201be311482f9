#include "simulation/world/settings.hpp"

#include "lockstep/split_mix.hpp"

namespace lockstep::sim {
namespace {

using namespace std::chrono_literals;

void draw_replica(SplitMix64& numbers, ReplicaOptions& replica) {
  // The shipped default mostly; the bench's now and then.
  const std::uint64_t speed = numbers.below(8);
  replica.heartbeat_interval = speed == 0 ? 50ms : speed < 3 ? 100ms : 200ms;
  replica.election_timeout_min = 5 * replica.heartbeat_interval;
  replica.election_timeout_max = 2 * replica.election_timeout_min;
  replica.leadership = numbers.below(5) == 0 ? Leadership::kAssigned : Leadership::kElected;
  replica.retry_interval = replica.heartbeat_interval * (2 + numbers.below(4));
  replica.vote_timeout = 2s;
  replica.write_timeout = 1s + 1s * numbers.below(6);
  replica.stall_limit = 2s + 1s * numbers.below(4);
  const std::size_t caches[] = {0, 500, 5000, 1 << 20};
  replica.tail_cache_bytes = caches[numbers.below(std::size(caches))];
  const std::size_t batches[] = {200, 2000, 60000};
  replica.max_batch_bytes = batches[numbers.below(std::size(batches))];
  replica.max_in_flight_messages = 1 + numbers.below(8);
  const std::uint64_t thresholds[] = {0, 0, 5'000, 30'000};
  replica.compaction_threshold_bytes = thresholds[numbers.below(std::size(thresholds))];
  const std::uint64_t kept[] = {0, 3'000, 64 << 20};
  replica.retention_bytes = kept[numbers.below(std::size(kept))];
  const std::uint64_t paces[] = {0, 0, 20'000};
  replica.snapshot_bytes_per_second = paces[numbers.below(std::size(paces))];
  if (numbers.below(2) == 0) replica.snapshot_folder = "/snapshots";
  replica.max_apply_batch_bytes = numbers.below(2) == 0 ? 300 : 1 << 20;
}

void draw_wal(SplitMix64& numbers, FileWALOptions& wal) {
  wal.segment_bytes = std::size_t{64 << 10} << numbers.below(2);
  wal.zero_fill_bytes = 4 << 10;
  wal.cache_bytes = numbers.below(2) == 0 ? 500 : 20000;
  wal.low_space_bytes = 20 << 10;
  wal.ballast_bytes = 8 << 10;
  wal.scrub_bytes_per_second = numbers.below(2) == 0 ? 0 : 4 << 10;
}

}  // namespace

Settings draw_settings(std::uint64_t seed) {
  SplitMix64 numbers(seed ^ 0x5e771465);
  Settings settings;
  settings.seed = seed;
  const std::size_t sizes[] = {3, 3, 3, 3, 3, 5, 5, 5, 0, 0};
  settings.nodes = sizes[numbers.below(std::size(sizes))];
  if (settings.nodes == 0) settings.nodes = 1 + numbers.below(7);
  settings.faults_last = 60s + 1s * numbers.below(10);
  settings.settling_limit = 60s;
  draw_replica(numbers, settings.replica);
  draw_wal(numbers, settings.wal);
  const std::chrono::microseconds syncs[] = {100us, 2000us, 20000us};
  settings.slowest_sync = syncs[numbers.below(std::size(syncs))];
  const std::uint64_t flushes[] = {1, 4, 40};
  settings.engine_flushes_one_in = flushes[numbers.below(std::size(flushes))];
  settings.clients = 3 + numbers.below(4);
  settings.keys = 2 + numbers.below(5);
  settings.operations = 450;
  settings.mean_between_faults = 8s + 1s * numbers.below(30);
  settings.kinds_left_out_percent = numbers.below(80);
  settings.links.delay = 100us + 1us * numbers.below(3000);
  settings.links.jitter = 1us * numbers.below(5000);
  settings.links.repeated_after_reconnect = numbers.below(2) == 0 ? 0 : numbers.below(30);
  settings.members_change = settings.nodes >= 3 && numbers.below(2) == 0;
  if (settings.members_change) settings.spares = numbers.below(3);
  settings.replica.readmit_strangers = settings.members_change && numbers.below(2) == 0;
  if (settings.members_change || numbers.below(4) != 0)
    settings.mean_between_changes = 2s + 1s * numbers.below(15);
  return settings;
}

std::string to_string(const Settings& settings) {
  const auto ms = [](std::chrono::nanoseconds time) {
    return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(time).count()) +
           " ms";
  };
  return "seed " + std::to_string(settings.seed) + ": " + std::to_string(settings.nodes) +
         (settings.replica.leadership == Leadership::kElected ? " nodes that elect"
                                                              : " nodes that are led") +
         ", heartbeat " + ms(settings.replica.heartbeat_interval) + ", " +
         std::to_string(settings.clients) + " clients, " +
         (settings.members_change ? std::to_string(settings.spares) + " spares, " : "") +
         std::to_string(settings.keys) + " keys, a fault of each kind every " +
         ms(settings.mean_between_faults) + ", without " +
         std::to_string(settings.kinds_left_out_percent) + " % of the kinds";
}

}  // namespace lockstep::sim
