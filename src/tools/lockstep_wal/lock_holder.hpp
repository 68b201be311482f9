#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace lockstep::tools {

/// The process that holds `flock` on a file, as the kernel tells (/proc/locks); takes no lock, not
/// even for a moment. None: nobody does, or the kernel does not tell (another pid namespace, a
/// network file system).
[[nodiscard]] std::optional<std::int64_t> lock_holder(const std::string& path);

}  // namespace lockstep::tools
