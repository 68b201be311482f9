#include "lockstep/logging.hpp"

#include <spdlog/spdlog.h>

namespace lockstep {
namespace {

spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

}  // namespace

LogSink default_log_sink() {
  return [](LogLevel level, std::string_view line) {
    // A host may have taken the default logger away.
    if (const auto logger = spdlog::default_logger()) {
      logger->log(to_spdlog(level), spdlog::string_view_t(line.data(), line.size()));
    }
  };
}

}  // namespace lockstep
