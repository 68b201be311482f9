#include "json_text.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace lockstep_demo {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

/// "offset: what", or nothing.
std::string problem(std::string_view text) {
  const auto found = find_json_problem(text);
  return found ? std::to_string(found->offset) + ": " + found->what : "";
}

TEST(JsonText, AcceptsWhatTheGrammarAllows) {
  for (const std::string_view text :
       {"null"sv, "true"sv, "false"sv, "0"sv, "-0"sv, "10.25e-3"sv, "1E+9"sv, "\"\""sv, "[]"sv,
        "{}"sv, " [ 1 , [ ] , { \"a\" : { } } ] "sv, "\t{\"a\":1,\"b\":[2,3]}\r"sv,
        R"("\"\\\/\b\f\n\r\t\u00e9")"sv, "\"\x7F\xC2\x80\xE2\x80\xA8\xF0\x9F\x98\x80\""sv,
        R"("\ud800")"sv, R"("\udc00\ud800")"sv, "\"\xED\x9F\xBF\xF4\x8F\xBF\xBF\""sv}) {
    EXPECT_EQ(problem(text), "") << text;
  }
}

TEST(JsonText, SaysWhereTheGrammarIsBroken) {
  EXPECT_EQ(problem(""), "0: the text ends where a value should be");
  EXPECT_EQ(problem("  "), "2: the text ends where a value should be");
  EXPECT_EQ(problem("{"), "1: the text ends where a name in double quotes should be");
  EXPECT_EQ(problem("[1,]"), "3: found ']' where a value should be");
  EXPECT_EQ(problem("[1 2]"), "3: found '2' where ',' or ']' should be");
  EXPECT_EQ(problem("{\"a\":1,}"), "7: found '}' where a name in double quotes should be");
  EXPECT_EQ(problem("{a:1}"), "1: found 'a' where a name in double quotes should be");
  EXPECT_EQ(problem("{\"a\" 1}"), "5: found '1' where ':' should be");
  EXPECT_EQ(problem("{\"a\":1]"), "6: found ']' where ',' or '}' should be");
  EXPECT_EQ(problem("[1}"), "2: found '}' where ',' or ']' should be");
  EXPECT_EQ(problem("]"), "0: found ']' where a value should be");
  EXPECT_EQ(problem("nul"), "0: found 'n' where a value should be");
  EXPECT_EQ(problem("{} {}"), "3: more text after the end of the value");
  EXPECT_EQ(problem("1 2"), "2: more text after the end of the value");
  EXPECT_EQ(problem("01"), "1: a number must not begin with a zero");
  EXPECT_EQ(problem("1."), "2: the text ends where a digit should be");
  EXPECT_EQ(problem("-"), "1: the text ends where a digit should be");
  EXPECT_EQ(problem("1e+"), "3: the text ends where a digit should be");
  EXPECT_EQ(problem("+1"), "0: found '+' where a value should be");
  EXPECT_EQ(problem("\xEF\xBB\xBF{}"), "0: a byte-order mark; UTF-8 without one is expected");
  EXPECT_EQ(problem("\0"sv), "0: found byte 0x00 where a value should be");
}

TEST(JsonText, SaysWhereAStringIsBroken) {
  EXPECT_EQ(problem("\"abc"), "4: the text ends inside a string");
  EXPECT_EQ(problem("\"abc\\\""), "6: the text ends inside a string");
  EXPECT_EQ(problem("\"a\0b\""sv), "2: control character 0x00 inside a string; it must be escaped");
  EXPECT_EQ(problem("\"\x1F\""), "1: control character 0x1f inside a string; it must be escaped");
  EXPECT_EQ(problem(R"("\x")"), "1: an unknown escape inside a string");
  EXPECT_EQ(problem(R"("\u12g4")"), "1: an unknown escape inside a string");
  EXPECT_EQ(problem(R"("\u123)"), "1: an unknown escape inside a string");
}

TEST(JsonText, RefusesWhatIsNotUtf8) {
  const std::string_view bad[] = {
      "\x80",              // no lead byte
      "\xC0\x80",          // overlong NUL
      "\xC3",              // cut off by the quote
      "\xE0\x9F\xBF",      // overlong
      "\xED\xA0\x80",      // a surrogate
      "\xF0\x8F\xBF\xBF",  // overlong
      "\xF4\x90\x80\x80",  // beyond U+10FFFF
      "\xFF",
  };
  for (const std::string_view bytes : bad) {
    const std::string text = std::string(1, '"').append(bytes).append(1, '"');
    EXPECT_NE(problem(text).find("1: byte 0x"), std::string::npos) << testing::PrintToString(text);
    EXPECT_NE(problem(text).find("is not valid UTF-8"), std::string::npos);
  }
}

TEST(JsonText, RefusesEqualNamesAtAnyDepth) {
  EXPECT_EQ(problem(R"({"a":1,"a":2})"), "7: an object has the same name twice");
  EXPECT_EQ(problem(R"({"a":1,"b":2,"\u0061":3})"), "13: an object has the same name twice");
  EXPECT_EQ(problem(R"({"x":[{"b":1,"c":{},"b":2}]})"), "20: an object has the same name twice");
  EXPECT_EQ(problem(R"({"a":{"a":{"a":1}},"b":[{"a":1},{"a":2}]})"), "");
}

TEST(JsonText, FindsTheEqualNamesAmongMany) {
  std::string text = "{";
  for (int i = 0; i < 50'000; ++i) text += '"' + std::to_string(i) + "\":0,";
  EXPECT_EQ(problem(text + "\"x\":0}"), "");
  EXPECT_EQ(problem(text + "\"77\":0}"),
            std::to_string(text.size()) + ": an object has the same name twice");
}

TEST(JsonText, DepthIsNoProblem) {
  const std::string open(200'000, '[');
  const std::string close(200'000, ']');
  EXPECT_EQ(problem(open + close), "");
  EXPECT_EQ(problem(open), "200000: the text ends where a value should be");
  EXPECT_EQ(canonical_text(open + close), open + close);
}

TEST(JsonText, GivesTheMembersAsTheyStand) {
  const std::string_view object =
      R"( { "a" : [1, "]}\"", {"x":{}}] ,"\u0062":-1.50,"c":"\"," , "d":true})";
  ASSERT_EQ(problem(object), "");
  const auto members = members_of(object);
  ASSERT_EQ(members.size(), 4U);
  EXPECT_EQ(members[0].name, "a");
  EXPECT_EQ(members[0].value, R"([1, "]}\"", {"x":{}}])");
  EXPECT_EQ(members[1].name, "b");
  EXPECT_EQ(members[1].value, "-1.50");
  EXPECT_EQ(members[2].name, "c");
  EXPECT_EQ(members[2].value, R"("\",")");
  EXPECT_EQ(members[3].name, "d");
  EXPECT_EQ(members[3].value, "true");
  EXPECT_TRUE(members_of("{ }").empty());
}

TEST(JsonText, DecodesStrings) {
  EXPECT_EQ(decode_string(R"("\"\\\/\b\f\n\r\t")"), "\"\\/\b\f\n\r\t");
  EXPECT_EQ(decode_string(R"("\u0000")"), "\0"s);
  EXPECT_EQ(decode_string(R"("\u00E9\u20ac")"), "\xC3\xA9\xE2\x82\xAC");
  EXPECT_EQ(decode_string(R"("\ud83d\ude00")"), "\xF0\x9F\x98\x80");
  EXPECT_EQ(decode_string(R"("\ud83d\ud83d\ude00")"), "\xED\xA0\xBD\xF0\x9F\x98\x80");
}

// The spellings of JavaScript's JSON.stringify.
TEST(JsonText, CanonicalStringsAreJavaScripts) {
  EXPECT_EQ(canonical_text(R"("\u00e9\/\u001F\u0008")"), "\"\xC3\xA9/\\u001f\\b\"");
  EXPECT_EQ(canonical_text(R"("\ud83d\ude00")"), "\"\xF0\x9F\x98\x80\"");
  EXPECT_EQ(canonical_text(R"("\ud800x\uDFFF")"), R"("\ud800x\udfff")");
  EXPECT_EQ(canonical_text("\"\x7F\xE2\x80\xA8\xED\x9F\xBF\""), "\"\x7F\xE2\x80\xA8\xED\x9F\xBF\"");
  EXPECT_EQ(canonical_text(R"( [ "a" , {"b" : 1.0} ] )"), R"(["a",{"b":1}])");
}

TEST(JsonText, CanonicalNumbersAreJavaScripts) {
  EXPECT_EQ(canonical_text("1.0"), "1");
  EXPECT_EQ(canonical_text("1e2"), "100");
  EXPECT_EQ(canonical_text("1E21"), "1e+21");
  EXPECT_EQ(canonical_text("100000000000000000000"), "100000000000000000000");
  EXPECT_EQ(canonical_text("-0"), "0");
  EXPECT_EQ(canonical_text("0.0e5"), "0");
  EXPECT_EQ(canonical_text("1e-7"), "1e-7");
  EXPECT_EQ(canonical_text("0.0000001"), "1e-7");
  EXPECT_EQ(canonical_text("1e-6"), "0.000001");
  EXPECT_EQ(canonical_text("-12.50"), "-12.5");
  EXPECT_EQ(canonical_text("1234.5e-10"), "1.2345e-7");
  EXPECT_EQ(canonical_text("0.00120e+30"), "1.2e+27");
}

TEST(JsonText, CanonicalNumbersKeepEveryDigit) {
  EXPECT_EQ(canonical_text("12345678901234567890"), "12345678901234567890");
  EXPECT_NE(canonical_text("9007199254740993"), canonical_text("9007199254740992"));
  EXPECT_EQ(canonical_text("1e999"), "1e+999");
  EXPECT_EQ(canonical_text("1e99999999999"), "1e99999999999");
}

}  // namespace
}  // namespace lockstep_demo
