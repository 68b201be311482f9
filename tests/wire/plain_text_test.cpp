#include "wire/plain_text.hpp"

#include <gtest/gtest.h>

namespace lockstep::wire {
namespace {

std::string plain(std::string_view text) { return plain_text(text, 1000); }

TEST(PlainText, KeepsTextOfAnyScript) {
  for (const std::string_view text :
       {"", "node n1: gone", "caf\xc3\xa9", "\xe6\x97\xa5\xe6\x9c\xac", "\xf0\x9f\x94\x92",
        "\xc2\xa0\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf",  // ends of the ranges
        "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"}) {
    EXPECT_EQ(plain(text), text);
  }
}

TEST(PlainText, ControlCharactersBecomeSpaces) {
  EXPECT_EQ(plain(std::string_view("a\0b\n\r\x1f\x7f.", 8)), "a b    .");
  EXPECT_EQ(plain("\xc2\x80\xc2\x9b\x33\x31m\xc2\x9f"), "  31m ") << "escape sequences in one byte";
}

TEST(PlainText, BytesThatAreNotUtf8BecomeQuestionMarks) {
  EXPECT_EQ(plain("\xff\xfe"), "??");
  EXPECT_EQ(plain("\x9b[31m"), "?[31m") << "a continuation without a beginning";
  EXPECT_EQ(plain("\xc0\xaf\xc1\xbf"), "????") << "longer than needed, 2 bytes";
  EXPECT_EQ(plain("\xe0\x9f\xbf"), "???") << "longer than needed, 3 bytes";
  EXPECT_EQ(plain("\xf0\x8f\xbf\xbf"), "????") << "longer than needed, 4 bytes";
  EXPECT_EQ(plain("\xed\xa0\x80"), "???") << "a surrogate";
  EXPECT_EQ(plain("\xf4\x90\x80\x80\xf5"), "?????") << "beyond U+10FFFF";
  for (const std::string_view cut : {"\xc3", "\xe6\x97", "\xf0\x9f\x94"}) {
    EXPECT_EQ(plain(cut), std::string(cut.size(), '?')) << cut.size();
    EXPECT_EQ(plain(std::string(cut) + "x"), std::string(cut.size(), '?') + "x");
  }
}

TEST(PlainText, IsCutBetweenCharacters) {
  EXPECT_EQ(plain_text("abc", 2), "ab");
  EXPECT_EQ(plain_text("a\xc3\xa9z", 2), "a");
  EXPECT_EQ(plain_text("a\xc3\xa9z", 3), "a\xc3\xa9");
  EXPECT_EQ(plain_text("abc", 0), "");
}

TEST(PlainText, ComesBackAsItIs) {
  std::string everything;
  for (int high = 0; high < 256; ++high) {
    for (int low = 0; low < 256; ++low) {
      everything += {static_cast<char>(high), static_cast<char>(low), 'x'};
    }
  }
  const std::string once = plain_text(everything, everything.size());
  EXPECT_NE(once, everything);
  EXPECT_EQ(plain_text(once, once.size()), once);
}

}  // namespace
}  // namespace lockstep::wire
