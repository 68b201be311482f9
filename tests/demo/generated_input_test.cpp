#include "generated_input.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <map>
#include <sstream>
#include <string>
#include <variant>

#include "collection_store_entry.hpp"
#include "key_value_engine.hpp"

namespace lockstep_demo {
namespace {

std::string as_file(const CollectionStoreInput& input) {
  std::string text;
  for (const InputEntry& entry : input.entries) text += entry.line + "\n";
  return text;
}

CollectionStoreInput read_back(const CollectionStoreInput& input) {
  std::istringstream stream(as_file(input));
  return read_collection_store_input(stream, "generated");
}

TEST(GeneratedInput, EveryLineHasTheLengthAskedForAndPassesTheReader) {
  for (const std::size_t bytes : {kMinPayloadBytes, std::size_t{257}, std::size_t{512}}) {
    const auto generated = generate_input({.payload_bytes = bytes, .count = 1000, .seed = 7});
    ASSERT_FALSE(generated.error);
    ASSERT_EQ(generated.entries.size(), 1000U);
    for (const InputEntry& entry : generated.entries) ASSERT_EQ(entry.line.size(), bytes);

    const auto read = read_back(generated);
    ASSERT_FALSE(read.error) << read.error->message();
    EXPECT_EQ(read.statistics.repeated_sequence_numbers, 0U);
    EXPECT_EQ(read.statistics.lines, generated.statistics.lines);
    EXPECT_EQ(read.statistics.bytes, generated.statistics.bytes);
    for (std::size_t i = 0; i < read.entries.size(); ++i) {
      ASSERT_EQ(read.entries[i].sequence_number, generated.entries[i].sequence_number);
    }
  }
}

// A quarter of a gigabyte, which is too slow under a sanitizer; the frame is a little shorter
// there.
#if defined(LOCKSTEP_SANITIZED)
constexpr std::size_t kLargestRun = 100'000;
#else
constexpr std::size_t kLargestRun = kMaxGeneratedCount;
#endif

// The frame grows with the numbers in it: the last of the largest run must still fit.
TEST(GeneratedInput, TheSmallestPayloadHoldsTheLargestRun) {
  const auto generated =
      generate_input({.payload_bytes = kMinPayloadBytes, .count = kLargestRun, .seed = 1});
  ASSERT_EQ(generated.entries.size(), kLargestRun);
  for (const InputEntry& entry : generated.entries) {
    ASSERT_EQ(entry.line.size(), kMinPayloadBytes);
  }
}

TEST(GeneratedInput, TheLargestPayloadIsReadBack) {
  const auto generated = generate_input({.payload_bytes = kMaxPayloadBytes, .count = 1, .seed = 1});
  ASSERT_FALSE(generated.error);
  EXPECT_EQ(generated.entries.at(0).line.size(), kMaxPayloadBytes);
  EXPECT_FALSE(read_back(generated).error);
}

TEST(GeneratedInput, EveryKindOccursAndTransactionsEnd) {
  const auto generated = generate_input({.payload_bytes = 300, .count = 2000, .seed = 1});
  KeyValueEngine engine;
  std::map<EntryType, int> types;
  std::map<Operation, int> changes;
  bool number_key = false;
  bool string_key = false;
  for (const InputEntry& input : generated.entries) {
    const auto parsed = parse_collection_store_entry(input.line);
    const auto& entry = std::get<CollectionStoreEntry>(parsed);
    ++types[entry.type];
    if (entry.is_change()) {
      ++changes[entry.operation];
      (entry.key->front() == '"' ? string_key : number_key) = true;
    }
    EXPECT_TRUE(engine.apply(input.line).accepted);
  }
  EXPECT_GT(types[EntryType::kRollback], 0);
  EXPECT_GT(types[EntryType::kCommit], types[EntryType::kRollback]);
  EXPECT_EQ(types[EntryType::kBegin], types[EntryType::kCommit] + types[EntryType::kRollback]);
  EXPECT_GT(changes[Operation::kInsert], 0);
  EXPECT_GT(changes[Operation::kUpdate], 0);
  EXPECT_GT(changes[Operation::kDelete], 0);
  EXPECT_TRUE(number_key);
  EXPECT_TRUE(string_key);
  EXPECT_EQ(engine.open_transactions(), 0U);
  EXPECT_GT(engine.size(), 100U);
  EXPECT_GT(engine.collections().size(), 1U);
}

TEST(GeneratedInput, AnyCountIsMetAndEndsItsTransactions) {
  for (std::size_t count = 1; count <= 64; ++count) {
    const auto generated = generate_input({.payload_bytes = 256, .count = count, .seed = count});
    ASSERT_EQ(generated.entries.size(), count);
    KeyValueEngine engine;
    for (const InputEntry& entry : generated.entries) static_cast<void>(engine.apply(entry.line));
    EXPECT_EQ(engine.open_transactions(), count == 1 ? 1U : 0U) << count;
  }
}

TEST(GeneratedInput, TheSeedDecidesEverything) {
  const auto text = [](std::uint64_t seed) {
    return as_file(generate_input({.payload_bytes = 256, .count = 200, .seed = seed}));
  };
  EXPECT_EQ(text(3), text(3));
  EXPECT_NE(text(3), text(4));
}

// The same entries on every machine and with every library. The digest was computed by another
// program, in JavaScript, from the generated lines.
TEST(GeneratedInput, AFixedSeedGivesTheseContents) {
  const auto generated = generate_input({.payload_bytes = 256, .count = 500, .seed = 42});
  KeyValueEngine engine;
  for (const InputEntry& entry : generated.entries) static_cast<void>(engine.apply(entry.line));
  EXPECT_EQ(engine.contents_sha256(),
            "8ad94fd7335bed0f5c7e1c7c12040a7091587889816eb17f58ba8fc382682bc6");
}

TEST(GeneratedInput, SaysWhichOptionIsOutOfRange) {
  const auto message = [](std::size_t bytes, std::size_t count) {
    const auto generated = generate_input({.payload_bytes = bytes, .count = count, .seed = 1});
    EXPECT_TRUE(generated.entries.empty());
    return generated.error ? generated.error->message() : "";
  };
  EXPECT_EQ(message(255, 10),
            "generated input: payload bytes 255; it must be from 256 to 16777216");
  EXPECT_EQ(message(16'777'217, 10),
            "generated input: payload bytes 16777217; it must be from 256 to 16777216");
  EXPECT_EQ(message(256, 0), "generated input: count 0; it must be from 1 to 1000000");
  EXPECT_EQ(message(256, 1'000'001),
            "generated input: count 1000001; it must be from 1 to 1000000");
  EXPECT_EQ(message(kMaxPayloadBytes, 65),
            "generated input: count 65; it must be from 1 to 64 with 16777216 bytes each, because "
            "all entries are held in memory");
}

}  // namespace
}  // namespace lockstep_demo
