#include "tools/lockstep_bench/options.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <functional>
#include <map>
#include <utility>

#include "tools/lockstep_bench/scenarios.hpp"

namespace lockstep::bench {
namespace {

Error usage(std::string text) {
  return {Errc::kInvalidArgument, std::move(text) + "; see lockstep-bench --help"};
}

/// A number from `least` to `most`.
template <class Number>
Result<> read_number(const std::string& option, const std::string& text, Number least, Number most,
                     Number& into) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool is_number = error == std::errc() && end == text.data() + text.size();
  if (is_number && value >= least && value <= most) {
    into = value;
    return {};
  }
  const auto show = [](Number number) {
    std::string shown = std::to_string(number);
    if (shown.find('.') == std::string::npos) return shown;
    shown.erase(shown.find_last_not_of('0') + 1);
    if (shown.back() == '.') shown.pop_back();
    return shown;
  };
  return usage(option + " takes a number from " + show(least) + " to " + show(most) + ", not '" +
               text + "'");
}

/// One of the names.
template <class Value>
Result<> read_name(const std::string& option, const std::string& text,
                   const std::vector<std::pair<std::string, Value>>& names, Value& into) {
  std::string known;
  for (const auto& [name, value] : names) {
    if (name == text) {
      into = value;
      return {};
    }
    known += (known.empty() ? "" : ", ") + name;
  }
  return usage(option + " takes one of " + known + ", not '" + text + "'");
}

using Reader = std::function<Result<>(Options&, const std::string& option, const std::string&)>;

constexpr std::size_t kMaxEntryBytes = std::size_t{16} << 20;

const std::map<std::string, Reader>& readers() {
  static const std::map<std::string, Reader> readers = {
      {"--nodes",
       [](Options& options, const std::string& option, const std::string& text) {
         return read_number<std::size_t>(option, text, 1, 9, options.cluster.nodes);
       }},
      {"--payload",
       [](Options& options, const std::string& option, const std::string& text) {
         return read_number<std::size_t>(option, text, 1, kMaxEntryBytes,
                                         options.load.payload_bytes);
       }},
      {"--in-flight",
       [](Options& options, const std::string& option, const std::string& text) {
         return read_number<std::size_t>(option, text, 1, 65536, options.load.in_flight);
       }},
      {"--rate",
       [](Options& options, const std::string& option, const std::string& text) {
         return read_number<double>(option, text, 1, 1e7, options.load.rate_per_s);
       }},
      {"--durability",
       [](Options& options, const std::string& option, const std::string& text) {
         return read_name<Durability>(option, text,
                                      {{"fsync", Durability::kFsync},
                                       {"none", Durability::kNone},
                                       {"memory", Durability::kMemory}},
                                      options.cluster.node.durability);
       }},
      {"--hash",
       [](Options& options, const std::string& option, const std::string& text) {
         std::vector<std::pair<std::string, HashBy>> names;
         for (const HashBy by : {HashBy::kOpenSsl, HashBy::kIpsecMb}) {
           if (has_hash(by)) names.emplace_back(to_string(by), by);
         }
         return read_name(option, text, names, options.cluster.node.hash);
       }},
      {"--mode",
       [](Options& options, const std::string& option, const std::string& text) {
         return read_name<ReplicationMode>(
             option, text, {{"sync", ReplicationMode::kSync}, {"async", ReplicationMode::kAsync}},
             options.cluster.node.mode);
       }},
      {"--leadership",
       [](Options& options, const std::string& option, const std::string& text) {
         return read_name<Leadership>(
             option, text, {{"elected", Leadership::kElected}, {"assigned", Leadership::kAssigned}},
             options.cluster.node.leadership);
       }},
      {"--transport",
       [](Options& options, const std::string& option, const std::string& text) {
         return read_name<Transport>(
             option, text,
             {{"websocket", Transport::kWebSocket}, {"loopback", Transport::kLoopback}},
             options.cluster.node.transport);
       }},
      {"--duration",
       [](Options& options, const std::string& option, const std::string& text) {
         return read_number<double>(option, text, 0.1, 86400, options.duration_s);
       }},
      {"--warmup",
       [](Options& options, const std::string& option, const std::string& text) {
         return read_number<double>(option, text, 0, 3600, options.warmup_s);
       }},
      {"--size",
       [](Options& options, const std::string& option, const std::string& text) {
         return read_number<std::size_t>(option, text, 1, 1 << 20, options.size_mib);
       }},
      {"--trials",
       [](Options& options, const std::string& option, const std::string& text) {
         return read_number<std::size_t>(option, text, 1, 10000, options.trials);
       }},
      {"--out",
       [](Options& options, const std::string&, const std::string& text) {
         options.out = text;
         return Result<>();
       }},
      {"--folder",
       [](Options& options, const std::string&, const std::string& text) {
         options.folder = text;
         return Result<>();
       }},
  };
  return readers;
}

/// What does not go together.
Result<> check(const Options& options) {
  const ClusterSettings& cluster = options.cluster;
  if (cluster.processes && cluster.node.transport == Transport::kLoopback) {
    return usage("--transport loopback lies within one process: it needs --threads");
  }
  if (!std::filesystem::is_directory(options.folder)) {
    return usage("--folder " + options.folder + " is no folder");
  }
  if (options.load.is_open() && options.given.contains("--in-flight")) {
    return usage("--rate is an open loop and --in-flight a closed one: one of the two");
  }
  if (options.scenario.empty()) return {};
  if (const auto reason = refusal(options)) return usage(*reason);
  return {};
}

}  // namespace

Result<Options> parse(const std::vector<std::string>& words) {
  Options options;
  bool threads = false;
  bool processes = false;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word == "--help" || word == "-h" || word == "help") {
      options.help = true;
      return options;
    }
    if (word == "--json") {
      options.json = true;
    } else if (word == "--threads") {
      threads = true;
    } else if (word == "--processes") {
      processes = true;
    } else if (word == "--no-calibration") {
      options.calibrate = false;
    } else if (const auto reader = readers().find(word); reader != readers().end()) {
      if (i + 1 == words.size()) return usage(word + " wants a value behind it");
      if (const Result<> read = reader->second(options, word, words[++i]); !read) {
        return read.error();
      }
      options.given.insert(word);
    } else if (word.starts_with("-")) {
      return usage("there is no option " + word);
    } else if (!options.scenario.empty()) {
      return usage("one scenario at a time, and '" + word + "' is a second");
    } else {
      options.scenario = word;
    }
  }
  if (threads && processes) return usage("--threads or --processes, not both");
  options.cluster.processes = !threads;
  if (options.folder.empty()) options.folder = std::filesystem::temp_directory_path().string();
  if (const Result<> checked = check(options); !checked) return checked.error();
  return options;
}

std::string help() {
  std::string text =
      R"(lockstep-bench runs a whole group on this machine, writes to it, and says what that took.

  lockstep-bench [SCENARIO] [OPTION...]

  --nodes 3                     so many members
  --processes | --threads       each in a process of its own (default), or all in this one
  --payload 256                 bytes of an entry
  --in-flight 128               closed loop: so many writes under way at any time
  --rate R                      open loop: R writes begin in a second, whatever becomes of them;
                                latency counts from when a write should have begun
  --durability fsync            fsync; none: files, left to the system; memory: no files
  --hash ipsec-mb               ipsec-mb: digests many at a time, the default of a build that has
                                it; openssl: one after another
  --mode sync                   sync: a write completes when committed; async: when on the leader's
                                disk
  --leadership elected          elected, assigned
  --transport websocket         websocket; loopback: within the process, with --threads
  --duration 10 --warmup 2      seconds
  --size 1024                   MiB that catch-up and snapshot move
  --trials 20                   of failover
  --no-calibration              do not measure the machine's own limits beside it
  --folder PARENT               on the disk to be measured (the temporary folder)
  --out DIR                     writes results.csv and results.json there
  --json                        no table: one JSON object on the last line

Without a scenario: one run of what the options say. The client calls back inside the leader's
process. Scenarios:

)";
  for (const Scenario& scenario : scenarios()) {
    std::string name = "  " + std::string(scenario.name);
    name.resize(18, ' ');
    text += name + scenario.what + "\n";
  }
  return text;
}

}  // namespace lockstep::bench
