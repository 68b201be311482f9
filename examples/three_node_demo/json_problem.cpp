#include <algorithm>
#include <deque>
#include <string>
#include <vector>

#include "json_characters.hpp"
#include "json_text.hpp"

namespace lockstep_demo {
namespace {

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

}  // namespace

std::optional<JsonProblem> find_json_problem(std::string_view text) { return Checker(text).run(); }

}  // namespace lockstep_demo
