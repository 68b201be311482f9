#include "json_text.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <deque>
#include <iterator>

namespace lockstep_demo {
namespace {

constexpr bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr unsigned to_byte(char c) { return static_cast<unsigned char>(c); }

constexpr int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string hex_byte(char c) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  return {'0', 'x', kDigits[to_byte(c) >> 4U], kDigits[to_byte(c) & 0x0FU]};
}

// Length of the well-formed UTF-8 sequence at the front (Unicode, table 3-7), 0 if there is none.
std::size_t utf8_length(std::string_view text) {
  const unsigned lead = to_byte(text[0]);
  if (lead < 0x80) return 1;
  std::size_t length = 0;
  unsigned low = 0x80;
  unsigned high = 0xBF;
  if (lead >= 0xC2 && lead <= 0xDF) {
    length = 2;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    length = 3;
    if (lead == 0xE0) low = 0xA0;
    if (lead == 0xED) high = 0x9F;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    length = 4;
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;
  }
  if (length == 0 || text.size() < length) return 0;
  if (to_byte(text[1]) < low || to_byte(text[1]) > high) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if ((to_byte(text[i]) & 0xC0U) != 0x80U) return 0;
  }
  return length;
}

// Checks a text in one pass. Open arrays and objects are kept on a stack of its own, because depth
// is chosen by whoever wrote the file.
class Checker {
 public:
  explicit Checker(std::string_view text) : text_(text) {}

  [[nodiscard]] std::optional<JsonProblem> run() {
    while (!done_ && !problem_) {
      while (pos_ < text_.size() && is_space(text_[pos_])) ++pos_;
      step();
    }
    return std::move(problem_);
  }

 private:
  enum class Expect { kValue, kValueOrEnd, kName, kNameOrEnd, kSeparatorOrEnd };

  struct Open {
    bool object = false;
    std::size_t first_name = 0;  // where this object's names begin in names_
  };

  struct Name {
    std::string_view text;
    std::size_t offset = 0;
  };

  void fail(std::size_t offset, std::string what) {
    problem_ = JsonProblem{offset, std::move(what)};
  }

  void fail_here(std::string_view wanted) {
    if (pos_ >= text_.size()) {
      fail(pos_, "the text ends where " + std::string(wanted) + " should be");
    } else if (pos_ == 0 && text_.substr(0, 3) == "\xEF\xBB\xBF") {
      fail(pos_, "a byte-order mark; UTF-8 without one is expected");
    } else {
      const char c = text_[pos_];
      const bool printable = c > ' ' && c < '\x7F';
      fail(pos_, "found " + (printable ? std::string{'\'', c, '\''} : "byte " + hex_byte(c)) +
                     " where " + std::string(wanted) + " should be");
    }
  }

  [[nodiscard]] bool at(char c) const { return pos_ < text_.size() && text_[pos_] == c; }

  void step() {
    switch (expect_) {
      case Expect::kValueOrEnd:
        if (at(']')) return close();
        return value();
      case Expect::kValue:
        return value();
      case Expect::kNameOrEnd:
        if (at('}')) return close();
        return name();
      case Expect::kName:
        return name();
      case Expect::kSeparatorOrEnd:
        return separator_or_end();
    }
  }

  void separator_or_end() {
    if (open_.empty()) {
      if (pos_ < text_.size()) return fail(pos_, "more text after the end of the value");
      done_ = true;
      return;
    }
    const bool object = open_.back().object;
    if (at(',')) {
      ++pos_;
      expect_ = object ? Expect::kName : Expect::kValue;
    } else if (at(object ? '}' : ']')) {
      close();
    } else {
      fail_here(object ? "',' or '}'" : "',' or ']'");
    }
  }

  void close() {
    if (open_.back().object) {
      check_names(open_.back().first_name);
      names_.resize(open_.back().first_name);
    }
    open_.pop_back();
    ++pos_;
    expect_ = Expect::kSeparatorOrEnd;
  }

  void value() {
    if (pos_ >= text_.size()) return fail_here("a value");
    expect_ = Expect::kSeparatorOrEnd;
    switch (text_[pos_]) {
      case '{':
        ++pos_;
        open_.push_back({true, names_.size()});
        expect_ = Expect::kNameOrEnd;
        return;
      case '[':
        ++pos_;
        open_.push_back({false, names_.size()});
        expect_ = Expect::kValueOrEnd;
        return;
      case '"':
        string();
        return;
      case 't':
        return word("true");
      case 'f':
        return word("false");
      case 'n':
        return word("null");
      default:
        if (at('-') || is_digit(text_[pos_])) return number();
        fail_here("a value");
    }
  }

  void word(std::string_view wanted) {
    if (text_.substr(pos_, wanted.size()) != wanted) return fail_here("a value");
    pos_ += wanted.size();
  }

  void digits() {
    if (pos_ >= text_.size() || !is_digit(text_[pos_])) return fail_here("a digit");
    while (pos_ < text_.size() && is_digit(text_[pos_])) ++pos_;
  }

  void number() {
    if (at('-')) ++pos_;
    if (at('0')) {
      ++pos_;
      if (pos_ < text_.size() && is_digit(text_[pos_])) {
        return fail(pos_, "a number must not begin with a zero");
      }
    } else {
      digits();
    }
    if (!problem_ && at('.')) {
      ++pos_;
      digits();
    }
    if (!problem_ && (at('e') || at('E'))) {
      ++pos_;
      if (at('+') || at('-')) ++pos_;
      digits();
    }
  }

  // Returns whether the literal holds an escape.
  bool string() {
    bool escaped = false;
    for (++pos_; pos_ < text_.size();) {
      const char c = text_[pos_];
      if (c == '"') {
        ++pos_;
        return escaped;
      }
      if (c == '\\') {
        escaped = true;
        escape();
        if (problem_) return escaped;
      } else if (to_byte(c) < 0x20) {
        fail(pos_, "control character " + hex_byte(c) + " inside a string; it must be escaped");
        return escaped;
      } else {
        const std::size_t length = utf8_length(text_.substr(pos_));
        if (length == 0) {
          fail(pos_, "byte " + hex_byte(c) + " is not valid UTF-8 here");
          return escaped;
        }
        pos_ += length;
      }
    }
    fail(pos_, "the text ends inside a string");
    return escaped;
  }

  void escape() {
    constexpr std::string_view kSimple = "\"\\/bfnrt";
    const std::size_t start = pos_++;
    if (pos_ < text_.size() && kSimple.find(text_[pos_]) != std::string_view::npos) {
      ++pos_;
      return;
    }
    bool valid = at('u') && text_.size() - pos_ > 4;
    for (std::size_t i = 1; valid && i <= 4; ++i) valid = hex_value(text_[pos_ + i]) >= 0;
    if (!valid) return fail(start, "an unknown escape inside a string");
    pos_ += 5;
  }

  void name() {
    if (!at('"')) return fail_here("a name in double quotes");
    const std::size_t start = pos_;
    const bool escaped = string();
    if (problem_) return;
    const std::string_view literal = text_.substr(start, pos_ - start);
    if (escaped) {
      decoded_names_.push_back(decode_string(literal));
      names_.push_back({decoded_names_.back(), start});
    } else {
      names_.push_back({literal.substr(1, literal.size() - 2), start});
    }
    while (pos_ < text_.size() && is_space(text_[pos_])) ++pos_;
    if (!at(':')) return fail_here("':'");
    ++pos_;
    expect_ = Expect::kValue;
  }

  void check_names(std::size_t first) {
    const auto begin = names_.begin() + static_cast<std::ptrdiff_t>(first);
    // By place within equal names, so that the one reported is the second in the text.
    std::sort(begin, names_.end(), [](const Name& a, const Name& b) {
      return a.text != b.text ? a.text < b.text : a.offset < b.offset;
    });
    const auto twice = std::adjacent_find(
        begin, names_.end(), [](const Name& a, const Name& b) { return a.text == b.text; });
    if (twice == names_.end()) return;
    const std::size_t offset = std::next(twice)->offset;
    fail(offset, "an object has the same name twice");
  }

  std::string_view text_;
  std::size_t pos_ = 0;
  Expect expect_ = Expect::kValue;
  bool done_ = false;
  std::vector<Open> open_;
  std::vector<Name> names_;
  std::deque<std::string> decoded_names_;  // names_ points into it: elements must not move
  std::optional<JsonProblem> problem_;
};

// From here on the text is known to be well-formed.

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

std::optional<JsonProblem> find_json_problem(std::string_view text) { return Checker(text).run(); }

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
