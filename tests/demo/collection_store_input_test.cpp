#include "collection_store_input.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <sstream>
#include <string>
#include <string_view>

#include "wal_lines.hpp"

namespace lockstep_demo {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;
using test::begin;
using test::commit;
using test::insert;
using test::sealed;

CollectionStoreInput read(const std::string& text) {
  std::istringstream stream(text);
  return read_collection_store_input(stream, "wal.jsonl");
}

std::string message(const std::string& text) {
  const auto input = read(text);
  EXPECT_TRUE(!input.error || input.entries.empty());
  return input.error ? input.error->message() : "";
}

std::string in_quotes(std::string_view text) {
  return std::string(1, '"').append(text).append(1, '"');
}

/// An entry with one member exchanged; `member` without a value takes it out.
std::string with(std::string_view name, std::string_view value) {
  const std::pair<std::string_view, std::string_view> members[] = {
      {"transactionId", "\"tx-1\""}, {"timestamp", "1700000000000"},
      {"type", "\"DATA\""},          {"collectionName", "\"users\""},
      {"operation", "\"INSERT\""},   {"data", R"({"key":1,"newValue":2})"},
      {"sequenceNumber", "7"},       {"checksum", "\"@\""},
  };
  std::string line;
  for (const auto& [member, usual] : members) {
    const std::string_view text = member == name ? value : usual;
    if (text.empty()) continue;
    line.append(line.empty() ? "{\"" : ",\"").append(member).append("\":").append(text);
  }
  line += "}";
  return line.find('@') == std::string::npos ? line : sealed(line);
}

constexpr std::string_view kVectorFromTheProtocol =
    R"({"transactionId":"tx-1","sequenceNumber":1,"timestamp":1700000000000,"type":"DATA",)"
    R"("collectionName":"users","operation":"INSERT","data":{"key":"user1","newValue":)"
    "{\"id\":1,\"name\":\"Zo\xC3\xAB \\\"Q\\\" /x\"}},"
    R"("checksum":"492d4c3274f092963c60cec482112aaaacdf9d2250c72d9587447977bbad0c03"})";

TEST(CollectionStoreInput, AcceptsTheProtocolsVectorByteByByte) {
  const auto input = read(std::string(kVectorFromTheProtocol) + "\n");
  ASSERT_FALSE(input.error) << input.error->message();
  ASSERT_EQ(input.entries.size(), 1U);
  EXPECT_EQ(input.entries[0].line, kVectorFromTheProtocol);
  EXPECT_EQ(input.entries[0].sequence_number, 1U);
  EXPECT_EQ(input.statistics.bytes, kVectorFromTheProtocol.size());
}

TEST(CollectionStoreInput, RefusesTheVectorWithAnyByteChanged) {
  for (std::size_t i = 0; i < kVectorFromTheProtocol.size(); ++i) {
    std::string line(kVectorFromTheProtocol);
    line[i] = static_cast<char>(line[i] ^ 1);
    EXPECT_TRUE(read(line).error) << "byte " << i;
  }
}

TEST(CollectionStoreInput, RefusesTheVectorCutOffAnywhere) {
  for (std::size_t length = 1; length < kVectorFromTheProtocol.size(); ++length) {
    EXPECT_TRUE(read(std::string(kVectorFromTheProtocol.substr(0, length))).error) << length;
  }
}

TEST(CollectionStoreInput, NamesBothChecksumsWhenTheyDiffer) {
  std::string line(kVectorFromTheProtocol);
  line[line.find("user1") + 4] = '2';
  const std::string text = message(begin("t") + "\n" + line + "\n");
  EXPECT_EQ(text.rfind("wal.jsonl:2: checksum is "
                       "492d4c3274f092963c60cec482112aaaacdf9d2250c72d9587447977bbad0c03, but the "
                       "line without these 64 digits hashes to ",
                       0),
            0U)
      << text;
}

TEST(CollectionStoreInput, FindsTheTopLevelChecksumWhereverItIs) {
  const std::string_view lines[] = {
      R"({"checksum":"@","transactionId":"t","timestamp":1,"type":"DATA","operation":"STORE",)"
      R"("data":{"checksum":"x"},"sequenceNumber":0})",
      R"({"transactionId":"t","data":{"key":1,"checksum":"","a":{"checksum":"}"}},"checksum":"@",)"
      R"("timestamp":1,"type":"DATA","operation":"STORE","sequenceNumber":0})",
      R"({"transactionId":"\"checksum\":\"","data":{"key":"\",\"checksum\":\""},"timestamp":1,)"
      R"("type":"DATA","operation":"STORE","sequenceNumber":0, "checksum" : "@" })",
      R"({"transactionId":"t","timestamp":1,"type":"DATA","operation":"STORE","data":{},)"
      R"("sequenceNumber":0,"\u0063hecksum":"@"})",
  };
  for (const std::string_view line : lines) EXPECT_EQ(message(sealed(line)), "") << line;
}

TEST(CollectionStoreInput, ANestedChecksumDoesNotStandIn) {
  const std::string line =
      sealed(R"({"transactionId":"t","timestamp":1,"type":"DATA","operation":"STORE",)"
             R"("data":{"checksum":"@"},"sequenceNumber":0})");
  EXPECT_EQ(message(line),
            "wal.jsonl:1: checksum is missing; it must be a string of 64 lower-case hex digits");
}

TEST(CollectionStoreInput, TheSameDigitsElsewhereStayInTheText) {
  std::string line = begin("t");
  const std::string digits = line.substr(line.size() - 66, 64);
  line.insert(1, "\"copy\":\"" + digits + "\",");
  EXPECT_NE(message(line).find("hashes to"), std::string::npos);
}

TEST(CollectionStoreInput, SaysWhichMemberIsMissing) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"transactionId", "a string that is not empty"},
      {"timestamp", "a number, milliseconds since 1970, and not 0"},
      {"type", "one of BEGIN, PREPARE, COMMIT, ROLLBACK, DATA"},
      {"operation", "one of INSERT, UPDATE, DELETE, INDEX_CHANGE, STORE, BEGIN, COMMIT"},
      {"data", "an object: {\"key\":...}"},
      {"sequenceNumber", "a whole number from 0"},
      {"checksum", "a string of 64 lower-case hex digits"},
  };
  for (const auto& [name, right] : cases) {
    EXPECT_EQ(
        message(begin("t") + "\n" + with(name, "")),
        "wal.jsonl:2: " + std::string(name) + " is missing; it must be " + std::string(right));
  }
}

TEST(CollectionStoreInput, SaysWhichMemberIsWrong) {
  const auto wrong = [](std::string_view name, std::string_view value) {
    return message(with(name, value));
  };
  EXPECT_EQ(wrong("transactionId", "\"\""),
            "wal.jsonl:1: transactionId is \"\"; it must be a string that is not empty");
  EXPECT_EQ(wrong("transactionId", "5"),
            "wal.jsonl:1: transactionId is 5; it must be a string that is not empty");
  EXPECT_EQ(wrong("timestamp", "0.0"),
            "wal.jsonl:1: timestamp is 0; it must be a number, milliseconds since 1970, and not 0");
  EXPECT_EQ(wrong("timestamp", "\"now\""),
            "wal.jsonl:1: timestamp is \"now\"; it must be a number, milliseconds since 1970, and "
            "not 0");
  EXPECT_EQ(wrong("type", "\"data\""),
            "wal.jsonl:1: type is \"data\"; it must be one of BEGIN, PREPARE, COMMIT, ROLLBACK, "
            "DATA");
  EXPECT_EQ(wrong("operation", "null"),
            "wal.jsonl:1: operation is null; it must be one of INSERT, UPDATE, DELETE, "
            "INDEX_CHANGE, STORE, BEGIN, COMMIT");
  EXPECT_EQ(wrong("collectionName", "7"), "wal.jsonl:1: collectionName is 7; it must be a string");
  EXPECT_EQ(wrong("data", "[1]"), "wal.jsonl:1: data is [1]; it must be an object: {\"key\":...}");
  EXPECT_EQ(wrong("data", "{}"),
            "wal.jsonl:1: data.key is missing; it must be the key that the operation is about");
  for (const std::string_view number :
       {"-1"sv, "1.5"sv, "\"1\""sv, "9007199254740992"sv, "1e3"sv, "99999999999999999999"sv}) {
    const std::string text = wrong("sequenceNumber", number);
    EXPECT_EQ(text.rfind("wal.jsonl:1: sequenceNumber is ", 0), 0U) << text;
    EXPECT_NE(text.find("; it must be a whole number from 0 to 9007199254740991"),
              std::string::npos);
  }
  const std::string upper = wrong("checksum", in_quotes(std::string(64, 'A')));
  EXPECT_NE(upper.find("; it must be a string of 64 lower-case hex digits"), std::string::npos);
  const std::string short_one = wrong("checksum", in_quotes(std::string(63, 'a')));
  EXPECT_NE(short_one.find("; it must be a string of 64 lower-case hex digits"), std::string::npos);
  EXPECT_EQ(wrong("checksum", "1"),
            "wal.jsonl:1: checksum is 1; it must be a string of 64 lower-case hex digits");
}

TEST(CollectionStoreInput, AcceptsWhatTheOriginalWrites) {
  for (const std::string_view number : {"0"sv, "9007199254740991"sv}) {
    EXPECT_EQ(message(with("sequenceNumber", number)), "");
  }
  EXPECT_EQ(message(with("collectionName", "")), "");
  EXPECT_EQ(message(with("data", R"({"key":"\ud800","newValue":"\udc00"})")), "");
  EXPECT_EQ(message(with("data", R"({"key":1,"newValue":{"__proto__":1,"n":1e+21}})")), "");
  EXPECT_EQ(message(with("data", "{\"key\":1,\"newValue\":\"\x7F\xE2\x80\xA8\"}")), "");
  EXPECT_EQ(message(with("data", R"({"key":1,"value":"no newValue, as in its own benchmark"})")),
            "");
  EXPECT_EQ(message(test::entry("CHECKPOINT", "DATA", "COMMIT", "*",
                                R"({"key":"checkpoint","checkpointId":"c"})")),
            "");
  EXPECT_EQ(message(test::entry("TRUNCATION", "DATA", "STORE", "*",
                                R"({"key":"truncation","beforeSequence":9})")),
            "");
  EXPECT_EQ(message(test::entry("t", "PREPARE", "STORE", "users", "{}")), "");
}

TEST(CollectionStoreInput, RefusesWhatIsNotOneObject) {
  EXPECT_EQ(message("[1]"), "wal.jsonl:1: found [1]; an entry is a JSON object: {...}");
  EXPECT_EQ(message("\"text\""), "wal.jsonl:1: found \"text\"; an entry is a JSON object: {...}");
  EXPECT_EQ(message("{\"a\":1"),
            "wal.jsonl:1: not a JSON object on one line: the text ends where ',' or '}' should be "
            "(byte 7 of the line)");
  EXPECT_EQ(message(begin("t") + begin("u")),
            "wal.jsonl:1: not a JSON object on one line: more text after the end of the value "
            "(byte " +
                std::to_string(begin("t").size() + 1) + " of the line)");
  EXPECT_NE(message("{\"a\":\"\xFF\"}").find("byte 0xff is not valid UTF-8 here (byte 7"),
            std::string::npos);
  EXPECT_NE(message("{\"a\":\"\0\"}"s).find("control character 0x00"), std::string::npos);
  EXPECT_NE(message("\xEF\xBB\xBF" + begin("t")).find("a byte-order mark"), std::string::npos);
}

TEST(CollectionStoreInput, RefusesEqualNamesInOneObject) {
  const std::string digits(64, '0');
  EXPECT_NE(message(sealed(R"({"checksum":")" + digits +
                           R"(","transactionId":"t","timestamp":1,"type":"BEGIN","operation":)"
                           R"("BEGIN","data":{},"sequenceNumber":1,"checksum":"@"})"))
                .find("an object has the same name twice"),
            std::string::npos);
  EXPECT_NE(message(with("data", R"({"key":1,"key":2,"newValue":1})"))
                .find("an object has the same name twice"),
            std::string::npos);
}

TEST(CollectionStoreInput, AMessageIsOneShortLineWhateverTheInput) {
  const std::string text =
      message(with("type", "\"\\u001b[31m\\n" + std::string(1000, 'x') + "\""));
  EXPECT_LT(text.size(), 200U);
  for (const char c : text) EXPECT_GE(static_cast<unsigned char>(c), 0x20U);
}

TEST(CollectionStoreInput, TakesEitherLineEndingAndNoneAtTheEnd) {
  const std::string first = begin("t");
  const std::string second = commit("t");
  for (const std::string& text :
       {first + "\n" + second + "\n", first + "\n" + second, first + "\r\n" + second + "\r\n",
        first + "\r\n" + second + "\r"}) {
    const auto input = read(text);
    ASSERT_FALSE(input.error) << input.error->message();
    ASSERT_EQ(input.entries.size(), 2U);
    EXPECT_EQ(input.entries[0].line, first);
    EXPECT_EQ(input.entries[1].line, second);
    EXPECT_EQ(input.statistics.lines, 2U);
    EXPECT_EQ(input.statistics.blank_lines, 0U);
  }
}

TEST(CollectionStoreInput, SkipsBlankLinesAndStillCountsThem) {
  const auto input = read("\n"s + begin("t") + "\n \t\r\n\n" + commit("t") + "\n\n");
  ASSERT_FALSE(input.error) << input.error->message();
  EXPECT_EQ(input.entries.size(), 2U);
  EXPECT_EQ(input.statistics.lines, 6U);
  EXPECT_EQ(input.statistics.blank_lines, 4U);
  EXPECT_EQ(message("\n\n" + begin("t") + "\nx\n").rfind("wal.jsonl:4: ", 0), 0U);
}

TEST(CollectionStoreInput, AFileWithoutEntriesIsAnError) {
  constexpr auto kExpected =
      "wal.jsonl: no entry in it; expected are WAL entries, one JSON object a line";
  EXPECT_EQ(message(""), kExpected);
  EXPECT_EQ(message("\n \n"), kExpected);
}

TEST(CollectionStoreInput, ReportsTheFirstBadLineAndCountsTheOthers) {
  const std::string good = begin("t") + "\n";
  const auto one = read(good + "x\n" + good);
  ASSERT_TRUE(one.error);
  EXPECT_EQ(one.error->line, 2U);
  EXPECT_EQ(one.error->bad_lines, 1U);
  EXPECT_EQ(one.error->message().find("more bad"), std::string::npos);

  EXPECT_NE(message(good + "x\n" + good + "y\n").find("wal.jsonl:2: "), std::string::npos);
  EXPECT_NE(message(good + "x\n" + good + "y\n").find(" (and 1 more bad line)"), std::string::npos);
  EXPECT_NE(message("w\nx\ny\n" + good).find(" (and 2 more bad lines)"), std::string::npos);
}

TEST(CollectionStoreInput, KeepsEveryRepeatOfASequenceNumberAndListsTheFirst) {
  std::string text;
  for (int round = 0; round < 3; ++round) {
    for (int number = 0; number < 6; ++number) {
      text += with("sequenceNumber", std::to_string(number)) + "\n";
    }
  }
  const auto input = read(text);
  ASSERT_FALSE(input.error) << input.error->message();
  EXPECT_EQ(input.entries.size(), 18U);
  EXPECT_EQ(input.statistics.repeated_sequence_numbers, 12U);
  ASSERT_EQ(input.statistics.first_repeats.size(), kMaxRepeatsListed);
  EXPECT_EQ(input.statistics.first_repeats[0].sequence_number, 0U);
  EXPECT_EQ(input.statistics.first_repeats[0].line, 7U);
  EXPECT_EQ(input.statistics.first_repeats[0].first_line, 1U);
  EXPECT_EQ(input.statistics.first_repeats[7].sequence_number, 1U);
  EXPECT_EQ(input.statistics.first_repeats[7].line, 14U);
  EXPECT_EQ(input.statistics.first_repeats[7].first_line, 2U);
}

/// An insert whose line has exactly `bytes` bytes.
std::string line_of(std::size_t bytes) {
  const std::size_t frame = insert("t", "c", "1", "\"\"").size();
  return insert("t", "c", "1", in_quotes(std::string(bytes - frame, 'x')));
}

TEST(CollectionStoreInput, TakesALineOfTheGreatestLengthAndNoLongerOne) {
  const std::string longest = line_of(kMaxLineBytes);
  ASSERT_EQ(longest.size(), kMaxLineBytes);
  EXPECT_EQ(message(longest + "\r\n"), "");
  EXPECT_EQ(message(longest + "x"),
            "wal.jsonl:1: the line is longer than 16777216 bytes, which is what an entry may have");
  EXPECT_EQ(message(begin("t") + "\n" + longest + longest + "\n" + begin("t") + "\n"),
            "wal.jsonl:2: the line is longer than 16777216 bytes, which is what an entry may have");
}

// Lines are put together from blocks of 256 KiB: the seams must not show.
TEST(CollectionStoreInput, LinesMayLieAcrossBlocks) {
  constexpr std::size_t kBlock = 256 * 1024;
  for (const std::size_t bytes : {kBlock - 2, kBlock - 1, kBlock, kBlock + 1, 3 * kBlock}) {
    const auto input = read(line_of(bytes) + "\r\n" + begin("t") + "\n");
    ASSERT_FALSE(input.error) << bytes << ": " << input.error->message();
    ASSERT_EQ(input.entries.size(), 2U);
    EXPECT_EQ(input.entries[0].line.size(), bytes);
    EXPECT_EQ(input.entries[1].line, begin("t"));
  }
}

TEST(CollectionStoreInput, SaysWhyAFileCannotBeRead) {
  const auto missing = load_collection_store_input("no/such/file.jsonl");
  ASSERT_TRUE(missing.error);
  EXPECT_EQ(missing.error->message(),
            "no/such/file.jsonl: cannot be opened: No such file or directory");
  const auto folder = load_collection_store_input(std::filesystem::temp_directory_path());
  ASSERT_TRUE(folder.error);
  EXPECT_NE(folder.error->message().find(": is not a file; expected are WAL entries"),
            std::string::npos);
}

}  // namespace
}  // namespace lockstep_demo
