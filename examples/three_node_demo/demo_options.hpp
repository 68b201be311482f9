#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "generated_input.hpp"

namespace lockstep_demo {

inline constexpr std::size_t kMinNodes = 3;
inline constexpr std::size_t kMaxNodes = 9;

struct DemoOptions {
  /// Where the entries come from: this file, or the generator, or, with neither, the bundled
  /// sample.
  std::optional<std::filesystem::path> input;
  std::optional<GeneratedInputOptions> generated;
  std::optional<std::filesystem::path> data_dir;  ///< nothing: a temporary folder
  std::size_t nodes = kMinNodes;
  bool elected = true;  ///< the nodes elect their leader; false: the demo names it
  bool json = false;
  bool keep = false;
  bool help = false;  ///< the caller prints help_text() and ends with 0; nothing else was checked
};

/// One line for stderr; the program then ends with kExitBadUsage.
struct UsageError {
  std::string text;
};

inline constexpr int kExitBadUsage = 2;

/// Reads the arguments that follow the program's name, as "--name value" or "--name=value". Looks
/// at nothing but them: whether the files exist is found out later.
[[nodiscard]] std::variant<DemoOptions, UsageError> parse_demo_options(
    std::span<const std::string_view> arguments);

[[nodiscard]] std::string help_text();

}  // namespace lockstep_demo
