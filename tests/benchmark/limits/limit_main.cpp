// The machine's limits alone: calibration, the bare pipeline, calibration.
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string_view>

#include "benchmark/limits/limit.hpp"

namespace lockstep::benchmark {
namespace {

constexpr std::string_view kUsage =
    "usage: lockstep-limit-bench [--payload BYTES] [--in-flight N] [--batch N]\n"
    "         [--durability fsync|none|memory] [--hash openssl|ipsec-mb] [--duration SECONDS]\n"
    "         [--warmup SECONDS] [--out FOLDER] [--bare]\n"
    "--out: where the files are made; its disk is measured. --bare: no calibration.\n";

struct Arguments {
  BareSettings settings;
  bool calibrates = true;
};

BareDurability durability_of(const std::string& word) {
  if (word == "fsync") return BareDurability::kFsync;
  if (word == "none") return BareDurability::kNone;
  if (word == "memory") return BareDurability::kMemory;
  throw std::invalid_argument("--durability " + word + ": fsync, none or memory");
}

HashBy hash_of(const std::string& word) {
  for (const HashBy by : {HashBy::kOpenSsl, HashBy::kIpsecMb}) {
    if (word == to_string(by) && has_hash(by)) return by;
  }
  throw std::invalid_argument("--hash " + word + ": not a hash, or not in this build");
}

Arguments parse(const std::vector<std::string>& words) {
  Arguments arguments;
  BareSettings& settings = arguments.settings;
  settings.folder = std::filesystem::temp_directory_path().string();
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto value = [&]() -> const std::string& { return words.at(++i); };
    if (words[i] == "--payload")
      settings.payload_bytes = std::stoul(value());
    else if (words[i] == "--in-flight")
      settings.in_flight = std::stoul(value());
    else if (words[i] == "--batch")
      settings.batch = std::stoul(value());
    else if (words[i] == "--durability")
      settings.durability = durability_of(value());
    else if (words[i] == "--hash")
      use_hash(settings.hash = hash_of(value()));
    else if (words[i] == "--duration")
      settings.seconds = std::stod(value());
    else if (words[i] == "--warmup")
      settings.warmup_seconds = std::stod(value());
    else if (words[i] == "--out")
      settings.folder = value();
    else if (words[i] == "--bare")
      arguments.calibrates = false;
    else
      throw std::invalid_argument(words[i] + ": not an option");
  }
  if (settings.payload_bytes == 0 || settings.in_flight == 0 || settings.batch == 0) {
    throw std::invalid_argument("--payload, --in-flight and --batch: at least 1");
  }
  return arguments;
}

void say_facts(const BareSettings& settings) {
  constexpr std::array kDurability{"write and fdatasync at all three", "write, no sync", "memory"};
  std::printf(
      "durability: %s. payload: %zu B. batching: up to %zu entries a frame, group commit. "
      "clients: one, closed loop, %zu in flight. hash: %s\n",
      kDurability[static_cast<std::size_t>(settings.durability)], settings.payload_bytes,
      settings.batch, settings.in_flight, to_string(settings.hash).c_str());
}

void run(const Arguments& arguments) {
  const BareSettings& settings = arguments.settings;
  say_facts(settings);
  if (!arguments.calibrates) {
    std::printf("%s\n", to_json(run_bare_pipeline(settings)).dump().c_str());
    return;
  }
  const CalibrationSettings calibration{settings.folder, settings.payload_bytes};
  const Calibration before = calibrate(calibration);
  const BareResult result = run_bare_pipeline(settings);
  const Calibration after = calibrate(calibration);
  const Drift changed = drift(before, after);
  const bool quiet = changed.share <= kMostDrift;
  const Limit limit = judge(best_of(before, after), settings, result);
  std::printf("%s\n", to_string(limit).c_str());
  if (!quiet) {
    std::printf("not quiet: %s differs by %.0f %%\n", changed.what.c_str(), changed.share * 100);
  }
  const nlohmann::json json{
      {"limit", to_json(limit)},
      {"calibration", {{"before", to_json(before)}, {"after", to_json(after)}}},
      {"quiet", quiet}};
  std::printf("%s\n", json.dump().c_str());
}

}  // namespace
}  // namespace lockstep::benchmark

int main(int argc, char** argv) {
  using namespace lockstep::benchmark;
  if (const std::optional<int> status = run_as_bare_process(argc, argv)) return *status;
  try {
    run(parse({argv + 1, argv + argc}));
    return 0;
  } catch (const std::logic_error& error) {
    std::fprintf(stderr, "lockstep-limit-bench: %s\n%s", error.what(), kUsage.data());
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "lockstep-limit-bench: %s\n", error.what());
    return 1;
  }
}
