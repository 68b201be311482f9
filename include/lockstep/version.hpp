#pragma once

#include <string_view>

#include "lockstep/export.hpp"

// The version of these headers; version() is that of the library which was linked.
#define LOCKSTEP_VERSION_MAJOR 0
#define LOCKSTEP_VERSION_MINOR 1
#define LOCKSTEP_VERSION_PATCH 0
#define LOCKSTEP_VERSION_STRING "0.1.0"
#define LOCKSTEP_VERSION \
  (LOCKSTEP_VERSION_MAJOR * 10000 + LOCKSTEP_VERSION_MINOR * 100 + LOCKSTEP_VERSION_PATCH)

namespace lockstep {

[[nodiscard]] LOCKSTEP_EXPORT std::string_view version() noexcept;

}  // namespace lockstep
