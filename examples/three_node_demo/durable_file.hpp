#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "lockstep/error.hpp"

namespace lockstep_demo {

/// All of a file; empty when there is none.
[[nodiscard]] lockstep::Result<std::string> read_file(const std::filesystem::path& file);

/// The file holds these bytes when it returns, or, after a crash, what it held before: written
/// beside it, synced, and renamed.
[[nodiscard]] lockstep::Result<> replace_file(const std::filesystem::path& file,
                                              std::string_view bytes);

}  // namespace lockstep_demo
