// JSON as text. A WAL entry's checksum covers its exact bytes and its numbers must come out as they
// went in, so entries are never turned into a document and written back: they are checked once, and
// what is needed is cut out of them.
//
// A JSON library does not fit: JavaScript writes a lone surrogate as "\ud800", which is legal JSON
// that such libraries refuse, and they keep the last of two equal names in silence.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lockstep_demo {

struct JsonProblem {
  std::size_t offset = 0;  ///< of the offending byte
  std::string what;
};

/// Looks for what keeps `text` from being exactly one JSON value: the grammar (RFC 8259), UTF-8,
/// and no object, at any depth, with the same name twice. Depth is bounded by the text's length
/// alone; nothing recurses.
[[nodiscard]] std::optional<JsonProblem> find_json_problem(std::string_view text);

struct JsonMember {
  std::string name;        ///< decoded
  std::string_view value;  ///< a part of the text given
};

// The three below take text in which find_json_problem found nothing.

/// The members of an object, in their order.
[[nodiscard]] std::vector<JsonMember> members_of(std::string_view object);

/// What a string literal stands for, as UTF-8. A lone surrogate becomes the three bytes that UTF-8
/// would give its number, so that different strings stay different.
[[nodiscard]] std::string decode_string(std::string_view literal);

/// One spelling for equal values: strings and numbers as JavaScript writes them, no white space.
/// Numbers are respelled digit by digit, never rounded: 1.0 gives 1, and a number with too many
/// digits for a double keeps them all. Members stay in their order.
[[nodiscard]] std::string canonical_text(std::string_view value);

}  // namespace lockstep_demo
