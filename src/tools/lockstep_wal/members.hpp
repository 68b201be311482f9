#pragma once

#include <optional>
#include <string>

#include "lockstep/configuration.hpp"
#include "tools/lockstep_wal/log_view.hpp"

namespace lockstep::tools {

struct Members {
  /// None: it cannot be known, or the log has none yet; `source` says which.
  std::optional<Configuration> configuration;
  /// Where it was found.
  std::string source;
};

/// The newest members that the log knows, committed or not. Errors: kIo.
[[nodiscard]] Result<Members> find_members(IFileSystem& files, const LogView& view);

}  // namespace lockstep::tools
