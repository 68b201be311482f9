#include "wire/structured_data.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "wire/frame.hpp"

namespace lockstep::wire {
namespace {

using nlohmann::json;

/// Why `value` cannot travel as text; nullptr when it can. Recursion ends at the depth limit.
const char* unfit(const json& value, std::size_t depth) {
  if (value.is_number_float() && !std::isfinite(value.get<double>())) return "number not finite";
  if (value.is_binary()) return "binary value";
  if (value.is_discarded()) return "discarded value";
  if (!value.is_structured()) return nullptr;
  if (depth == kMaxJsonDepth) return "nested too deep";
  for (const json& item : value) {
    if (const char* reason = unfit(item, depth + 1)) return reason;
  }
  return nullptr;
}

/// Looked for before parsing, so that hostile text cannot make the parser's stack or the value's
/// destructor deep.
bool nests_too_deep(std::string_view text) {
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > kMaxJsonDepth) return true;
    } else if ((c == ']' || c == '}') && depth > 0) {
      --depth;
    }
  }
  return false;
}

}  // namespace

Result<std::string> to_text(const json& value) {
  if (const char* reason = unfit(value, 0)) {
    return Error(Errc::kInvalidArgument, std::string("structured data: ") + reason);
  }
  try {
    return value.dump();
  } catch (const json::exception&) {
    return Error(Errc::kInvalidArgument, "structured data: a string is not UTF-8");
  }
}

std::size_t text_size(const json& value) {
  const Result<std::string> text = to_text(value);
  return text ? text->size() : 0;
}

Result<StructuredData> parse_text(std::string_view text) {
  if (nests_too_deep(text)) return Error(Errc::kBadField, "structured data nests too deep");
  json value = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (value.is_discarded()) return Error(Errc::kBadField, "structured data is not JSON");
  return StructuredData(std::make_shared<const json>(std::move(value)));
}

}  // namespace lockstep::wire
