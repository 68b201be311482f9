#pragma once

#include <string>
#include <string_view>

#include "lockstep/error.hpp"
#include "lockstep/message.hpp"

namespace lockstep::wire {

/// Compact UTF-8 text. Errors: kInvalidArgument for what JSON text cannot carry unchanged: strings
/// that are not UTF-8, numbers that are not finite, binary values; and for nesting deeper than
/// `kMaxJsonDepth`.
[[nodiscard]] Result<std::string> to_text(const nlohmann::json& value);

/// The length of the text, or 0 when there is none.
[[nodiscard]] std::size_t text_size(const nlohmann::json& value);

/// Errors: kBadField when the text is no JSON or nests too deep.
[[nodiscard]] Result<StructuredData> parse_text(std::string_view text);

}  // namespace lockstep::wire
