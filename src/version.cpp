#include "lockstep/version.hpp"

namespace lockstep {

static_assert(std::string_view{LOCKSTEP_VERSION_STRING} == LOCKSTEP_PROJECT_VERSION,
              "version.hpp and CMakeLists.txt disagree");
static_assert(LOCKSTEP_VERSION == LOCKSTEP_PROJECT_VERSION_NUMBER,
              "the macros in version.hpp disagree with CMakeLists.txt");

std::string_view version() noexcept { return LOCKSTEP_VERSION_STRING; }

}  // namespace lockstep
