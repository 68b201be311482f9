#include "json_text.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <iterator>

#include "json_characters.hpp"

namespace lockstep_demo {
namespace {

// The text is known to be well-formed here.

std::size_t skip_space(std::string_view text, std::size_t pos) {
  while (pos < text.size() && is_space(text[pos])) ++pos;
  return pos;
}

std::size_t skip_string(std::string_view text, std::size_t pos) {
  for (++pos; text[pos] != '"'; ++pos) {
    if (text[pos] == '\\') ++pos;
  }
  return pos + 1;
}

std::size_t skip_scalar(std::string_view text, std::size_t pos) {
  constexpr std::string_view kEnds = ",]} \t\r\n";
  return std::min(text.find_first_of(kEnds, pos), text.size());
}

std::size_t skip_value(std::string_view text, std::size_t pos) {
  if (text[pos] == '"') return skip_string(text, pos);
  if (text[pos] != '{' && text[pos] != '[') return skip_scalar(text, pos);
  std::size_t depth = 0;
  do {
    switch (text[pos]) {
      case '"':
        pos = skip_string(text, pos);
        continue;
      case '{':
      case '[':
        ++depth;
        break;
      case '}':
      case ']':
        --depth;
        break;
      default:
        break;
    }
    ++pos;
  } while (depth > 0);
  return pos;
}

std::uint32_t hex4(std::string_view text, std::size_t pos) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    value = value * 16 + static_cast<std::uint32_t>(hex_value(text[pos + i]));
  }
  return value;
}

void append_utf8(std::string& out, std::uint32_t code) {
  const auto add = [&out](std::uint32_t byte) { out += static_cast<char>(byte); };
  const auto add_tail = [&](std::uint32_t bits) { add(0x80U | (bits & 0x3FU)); };
  if (code < 0x80) {
    add(code);
  } else if (code < 0x800) {
    add(0xC0U | (code >> 6U));
    add_tail(code);
  } else if (code < 0x10000) {
    add(0xE0U | (code >> 12U));
    add_tail(code >> 6U);
    add_tail(code);
  } else {
    add(0xF0U | (code >> 18U));
    add_tail(code >> 12U);
    add_tail(code >> 6U);
    add_tail(code);
  }
}

// Decodes the \u escape at `pos` (on the 'u'); returns the place behind it.
std::size_t decode_unicode_escape(std::string_view text, std::size_t pos, std::string& out) {
  std::uint32_t code = hex4(text, pos + 1);
  pos += 5;
  const bool high = code >= 0xD800 && code <= 0xDBFF;
  if (high && text.substr(pos, 2) == "\\u") {
    const std::uint32_t low = hex4(text, pos + 2);
    if (low >= 0xDC00 && low <= 0xDFFF) {
      code = 0x10000 + ((code - 0xD800) << 10U) + (low - 0xDC00);
      pos += 6;
    }
  }
  append_utf8(out, code);
  return pos;
}

void append_unicode_escape(std::string& out, std::uint32_t code) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  out += "\\u";
  for (unsigned shift = 16; shift > 0; shift -= 4) out += kDigits[(code >> (shift - 4)) & 0x0FU];
}

// Each of the two-letter escapes of JSON.stringify, and what it stands for.
constexpr std::string_view kEscapeLetters = "bfnrt\"\\";
constexpr std::string_view kEscapedChars = "\b\f\n\r\t\"\\";

std::string canonical_string(std::string_view literal) {
  const std::string decoded = decode_string(literal);
  std::string out = "\"";
  for (std::size_t i = 0; i < decoded.size(); ++i) {
    const char c = decoded[i];
    if (const auto escape = kEscapedChars.find(c); escape != std::string_view::npos) {
      out += '\\';
      out += kEscapeLetters[escape];
    } else if (to_byte(c) < 0x20) {
      append_unicode_escape(out, to_byte(c));
    } else if (to_byte(c) == 0xED && to_byte(decoded[i + 1]) >= 0xA0) {  // a lone surrogate
      append_unicode_escape(out, 0xD000U | (to_byte(decoded[i + 1]) & 0x3FU) << 6U |
                                     (to_byte(decoded[i + 2]) & 0x3FU));
      i += 2;
    } else {
      out += c;
    }
  }
  out += '"';
  return out;
}

// The notation of JavaScript's Number::toString for the value 0.DIGITS * 10^point, `digits` without
// zeros at either end.
std::string javascript_notation(const std::string& digits, int point) {
  constexpr int kPlainUpTo = 21;
  const int count = static_cast<int>(digits.size());
  const auto zeros = [](int n) { return std::string(static_cast<std::size_t>(n), '0'); };
  if (count <= point && point <= kPlainUpTo) return digits + zeros(point - count);
  if (0 < point && point <= kPlainUpTo) {
    return std::string(digits).insert(static_cast<std::size_t>(point), 1, '.');
  }
  if (-6 < point && point <= 0) return "0." + zeros(-point) + digits;
  const int exponent = point - 1;
  std::string out = digits;
  if (count > 1) out.insert(1, 1, '.');
  out += exponent < 0 ? "e-" : "e+";
  return out + std::to_string(exponent < 0 ? -exponent : exponent);
}

std::string canonical_number(std::string_view number) {
  const bool negative = number.front() == '-';
  const std::size_t exponent_at = std::min(number.find_first_of("eE"), number.size());
  const std::string_view mantissa = number.substr(0, exponent_at).substr(negative ? 1 : 0);
  const std::size_t dot = std::min(mantissa.find('.'), mantissa.size());

  std::string digits;
  std::copy_if(mantissa.begin(), mantissa.end(), std::back_inserter(digits), is_digit);
  const std::size_t leading = std::min(digits.find_first_not_of('0'), digits.size());
  digits.erase(0, leading);
  if (digits.empty()) return "0";
  digits.erase(digits.find_last_not_of('0') + 1);

  int exponent = 0;
  if (exponent_at < number.size()) {
    std::string_view written = number.substr(exponent_at + 1);
    if (written.front() == '+') written.remove_prefix(1);
    const auto [end, error] =
        std::from_chars(written.data(), written.data() + written.size(), exponent);
    constexpr int kSane = 1'000'000'000;
    // Far outside of every number format: its own spelling tells it apart well enough.
    if (error != std::errc{} || exponent > kSane || exponent < -kSane) return std::string(number);
  }
  const int point = static_cast<int>(dot) - static_cast<int>(leading) + exponent;
  std::string out(negative ? "-" : "");
  return out.append(javascript_notation(digits, point));
}

}  // namespace

std::vector<JsonMember> members_of(std::string_view object) {
  std::vector<JsonMember> members;
  std::size_t pos = skip_space(object, object.find('{') + 1);
  while (object[pos] != '}') {
    const std::size_t name_end = skip_string(object, pos);
    std::string name = decode_string(object.substr(pos, name_end - pos));
    pos = skip_space(object, skip_space(object, name_end) + 1);  // over the colon
    const std::size_t value_end = skip_value(object, pos);
    members.push_back({std::move(name), object.substr(pos, value_end - pos)});
    pos = skip_space(object, value_end);
    if (object[pos] == ',') pos = skip_space(object, pos + 1);
  }
  return members;
}

std::string decode_string(std::string_view literal) {
  const std::string_view text = literal.substr(1, literal.size() - 2);
  std::string out;
  out.reserve(text.size());
  for (std::size_t pos = 0; pos < text.size();) {
    if (text[pos] != '\\') {
      out += text[pos++];
      continue;
    }
    ++pos;
    if (text[pos] == 'u') {
      pos = decode_unicode_escape(text, pos, out);
      continue;
    }
    const std::size_t escape = kEscapeLetters.find(text[pos]);
    out += escape == std::string_view::npos ? '/' : kEscapedChars[escape];
    ++pos;
  }
  return out;
}

std::string canonical_text(std::string_view value) {
  std::string out;
  for (std::size_t pos = 0; pos < value.size();) {
    const char c = value[pos];
    if (is_space(c)) {
      ++pos;
    } else if (c == '"') {
      const std::size_t end = skip_string(value, pos);
      out += canonical_string(value.substr(pos, end - pos));
      pos = end;
    } else if (c == '-' || is_digit(c)) {
      const std::size_t end = skip_scalar(value, pos);
      out += canonical_number(value.substr(pos, end - pos));
      pos = end;
    } else {
      out += c;
      ++pos;
    }
  }
  return out;
}

}  // namespace lockstep_demo
