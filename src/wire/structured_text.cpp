#include "lockstep/testing/structured_text.hpp"

#include "wire/structured_data.hpp"

namespace lockstep::testing {

StructuredData structured_from_text(std::string_view text) {
  auto parsed = wire::parse_text(text);
  return parsed ? *parsed : nullptr;
}

std::string text_of(const StructuredData& data) {
  if (!data) return {};
  auto text = wire::to_text(*data);
  return text ? *text : std::string();
}

}  // namespace lockstep::testing
