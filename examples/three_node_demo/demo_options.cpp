#include "demo_options.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <utility>
#include <vector>

namespace lockstep_demo {
namespace {

enum class Option {
  kInput,
  kDataDir,
  kNodes,
  kLeadership,
  kPayloadBytes,
  kCount,
  kJson,
  kKeep,
  kHelp
};

struct OptionInfo {
  Option option;
  std::string_view name;
  std::string_view value;  // what stands for it in the help; empty if it takes none
};

constexpr std::array kOptions{
    OptionInfo{Option::kInput, "--input", "FILE"},
    OptionInfo{Option::kDataDir, "--data-dir", "DIR"},
    OptionInfo{Option::kNodes, "--nodes", "N"},
    OptionInfo{Option::kLeadership, "--leadership", "HOW"},
    OptionInfo{Option::kPayloadBytes, "--payload-bytes", "N"},
    OptionInfo{Option::kCount, "--count", "M"},
    OptionInfo{Option::kJson, "--json", ""},
    OptionInfo{Option::kKeep, "--keep", ""},
    OptionInfo{Option::kHelp, "--help", ""},
};

class OptionParser {
 public:
  explicit OptionParser(std::span<const std::string_view> arguments) : arguments_(arguments) {}

  std::variant<DemoOptions, UsageError> parse() {
    // Who asks for help shall get it, whatever else is there.
    const auto asks = [](std::string_view a) { return a == "--help" || a == "-h"; };
    if (std::any_of(arguments_.begin(), arguments_.end(), asks)) {
      options_.help = true;
      return options_;
    }
    while (next_ < arguments_.size() && error_.empty()) take(arguments_[next_++]);
    if (error_.empty()) check_together();
    if (!error_.empty()) return UsageError{std::move(error_)};
    return std::move(options_);
  }

 private:
  void fail(std::string text) {
    if (error_.empty()) error_ = std::move(text) + " (--help lists all options)";
  }

  void take(std::string_view argument) {
    const std::size_t equals = argument.find('=');
    const std::string_view name = argument.substr(0, equals);
    const auto known = std::find_if(kOptions.begin(), kOptions.end(),
                                    [&](const OptionInfo& info) { return info.name == name; });
    if (known == kOptions.end()) {
      return fail(argument.starts_with("-")
                      ? std::string(name) + ": there is no such option"
                      : std::string(argument) +
                            ": an argument without an option; a file to replicate is given as "
                            "--input FILE");
    }
    if (std::find(given_.begin(), given_.end(), known->option) != given_.end()) {
      return fail(std::string(name) + ": given twice; once is right");
    }
    given_.push_back(known->option);

    std::optional<std::string_view> value;
    if (equals != std::string_view::npos) value = argument.substr(equals + 1);
    if (known->value.empty()) {
      if (value) return fail(std::string(name) + ": takes no value");
      return set_switch(known->option);
    }
    if (!value && next_ < arguments_.size() && !arguments_[next_].starts_with("--")) {
      value = arguments_[next_++];
    }
    if (!value || value->empty()) {
      return fail(std::string(name) + ": its value is missing; right is " + std::string(name) +
                  " " + std::string(known->value));
    }
    set_value(known->option, name, *value);
  }

  void set_switch(Option option) {
    if (option == Option::kJson) options_.json = true;
    if (option == Option::kKeep) options_.keep = true;
    // "--help=..." does not get here: it takes no value; a plain --help was seen at the start.
  }

  void set_value(Option option, std::string_view name, std::string_view value) {
    switch (option) {
      case Option::kInput:
        options_.input = std::filesystem::path(value);
        return;
      case Option::kDataDir:
        options_.data_dir = std::filesystem::path(value);
        return;
      case Option::kNodes:
        options_.nodes = number(name, value, kMinNodes, kMaxNodes);
        return;
      case Option::kLeadership:
        options_.elected = value == "elected";
        if (value != "elected" && value != "assigned") {
          fail(std::string(name) + ": got " + std::string(value) +
               "; it must be elected or assigned");
        }
        return;
      case Option::kPayloadBytes:
        generated().payload_bytes = number(name, value, kMinPayloadBytes, kMaxPayloadBytes);
        return;
      case Option::kCount:
        generated().count = number(name, value, 1, kMaxGeneratedCount);
        return;
      case Option::kJson:
      case Option::kKeep:
      case Option::kHelp:
        return;
    }
  }

  GeneratedInputOptions& generated() {
    if (!options_.generated) options_.generated.emplace();
    return *options_.generated;
  }

  std::size_t number(std::string_view name, std::string_view value, std::size_t min,
                     std::size_t max) {
    std::uint64_t parsed = 0;
    const char* end = value.data() + value.size();
    const auto [last, error] = std::from_chars(value.data(), end, parsed);
    if (error != std::errc{} || last != end || parsed < min || parsed > max) {
      fail(std::string(name) + ": got " + std::string(value) + "; it must be a whole number from " +
           std::to_string(min) + " to " + std::to_string(max));
      return min;
    }
    return static_cast<std::size_t>(parsed);
  }

  [[nodiscard]] bool was_given(Option option) const {
    return std::find(given_.begin(), given_.end(), option) != given_.end();
  }

  void check_together() {
    if (!options_.generated) return;
    if (options_.input) {
      const std::string_view other = was_given(Option::kCount) ? "--count" : "--payload-bytes";
      return fail("--input: cannot be combined with " + std::string(other) +
                  ", which asks for generated entries; give one of the two");
    }
    const GeneratedInputOptions& asked = *options_.generated;
    const std::size_t most = kMaxInputBytes / asked.payload_bytes;
    if (asked.count > most) {
      fail("--count: got " + std::to_string(asked.count) + "; with --payload-bytes " +
           std::to_string(asked.payload_bytes) + " it must be at most " + std::to_string(most) +
           ", because all entries are held in memory");
    }
  }

  std::span<const std::string_view> arguments_;
  std::size_t next_ = 0;
  std::vector<Option> given_;
  DemoOptions options_;
  std::string error_;
};

}  // namespace

std::variant<DemoOptions, UsageError> parse_demo_options(
    std::span<const std::string_view> arguments) {
  return OptionParser(arguments).parse();
}

std::string help_text() {
  const auto range = [](std::size_t min, std::size_t max) {
    return std::to_string(min) + " to " + std::to_string(max);
  };
  const GeneratedInputOptions defaults;
  return "Usage: lockstep-demo [OPTION]...\n"
         "Runs a few nodes on this machine, each with its own write-ahead log and WebSocket\n"
         "listener, replicates WAL entries through them, breaks things on the way, and checks\n"
         "that all nodes end up with the same contents.\n"
         "\n"
         "  --input FILE        replicate this file: JSON lines, one WAL entry of Collection\n"
         "                      Store's shape a line (default: the bundled sample)\n"
         "  --count M           replicate M generated entries instead, " +
         range(1, kMaxGeneratedCount) +
         "\n"
         "                      (default: " +
         std::to_string(defaults.count) +
         " with --payload-bytes)\n"
         "  --payload-bytes N   bytes in each generated entry, " +
         range(kMinPayloadBytes, kMaxPayloadBytes) +
         "\n"
         "                      (default: " +
         std::to_string(defaults.payload_bytes) +
         " with --count)\n"
         "  --nodes N           nodes, " +
         range(kMinNodes, kMaxNodes) + " (default: " + std::to_string(kMinNodes) +
         ")\n"
         "  --leadership HOW    elected: by the nodes; the leader is killed and parted from the\n"
         "                      others, and a member comes and goes (default); assigned: named\n"
         "                      by the demo, as an operator would\n"
         "  --data-dir DIR      where the nodes keep their files (default: a temporary folder)\n"
         "  --keep              leave the nodes' files there at the end\n"
         "  --json              print the results as one JSON object on the last line\n"
         "  --help              print this\n"
         "\n"
         "Exit status: 0 if everything held, 1 if something did not, 2 for bad options or bad\n"
         "input; in that case nothing was written.\n";
}

}  // namespace lockstep_demo
