#pragma once

#include <functional>
#include <string_view>

#include "lockstep/export.hpp"

namespace lockstep {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

/// Takes one line. Called from any of the library's threads; must not block for long and must not
/// call back into the object that logs.
using LogSink = std::function<void(LogLevel, std::string_view)>;

/// To spdlog's default logger at the time of the call, which decides what is shown. The library
/// says nothing at info in normal operation. Used wherever an options struct has an empty `log`.
[[nodiscard]] LOCKSTEP_EXPORT LogSink default_log_sink();

}  // namespace lockstep
