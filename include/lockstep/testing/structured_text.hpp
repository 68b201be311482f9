#pragma once

#include <string>
#include <string_view>

#include "lockstep/export.hpp"
#include "lockstep/message.hpp"

namespace lockstep::testing {

/// The data of a message from JSON text, and back to compact text, for tests that do without the
/// JSON library. Null when the text is no JSON; empty when there is none. Thread-safe.
[[nodiscard]] LOCKSTEP_EXPORT StructuredData structured_from_text(std::string_view text);
[[nodiscard]] LOCKSTEP_EXPORT std::string text_of(const StructuredData& data);

}  // namespace lockstep::testing
