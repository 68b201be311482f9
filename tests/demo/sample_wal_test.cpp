#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "collection_store_input.hpp"
#include "key_value_engine.hpp"

namespace lockstep_demo {
namespace {

// The sample was written by JavaScript's JSON.stringify, and the digest of its contents was
// computed by another program, in JavaScript, from the rules in the headers.
class SampleWal : public testing::Test {
 protected:
  void SetUp() override {
    input_ = load_collection_store_input(LOCKSTEP_SOURCE_DIR "/examples/data/sample-wal.jsonl");
    ASSERT_FALSE(input_.error) << input_.error->message();
    for (const InputEntry& entry : input_.entries) {
      const ApplyResult result = engine_.apply(entry.line);
      EXPECT_TRUE(result.accepted) << entry.line << '\n' << result.reason;
    }
  }

  [[nodiscard]] std::string value(std::string_view collection, std::string_view key) const {
    const auto found = engine_.find(collection, key);
    return found ? std::string(*found) : "(none)";
  }

  CollectionStoreInput input_;
  KeyValueEngine engine_;
};

TEST_F(SampleWal, LoadsWithItsRepeats) {
  EXPECT_EQ(input_.entries.size(), 304U);
  EXPECT_EQ(input_.statistics.blank_lines, 0U);
  EXPECT_EQ(input_.statistics.repeated_sequence_numbers, 4U);
  ASSERT_EQ(input_.statistics.first_repeats.size(), 4U);
  EXPECT_EQ(input_.statistics.first_repeats[0].sequence_number, 88U);
  EXPECT_EQ(input_.statistics.first_repeats[0].line, 92U);
  EXPECT_EQ(input_.statistics.first_repeats[0].first_line, 88U);
}

TEST_F(SampleWal, GivesTheContentsThatJavaScriptGets) {
  EXPECT_EQ(engine_.contents_sha256(),
            "b3cd2210ae9f9ea1fa7326cf2f9dffe36b592c34916a40e681fc96f98681ff5a");
  EXPECT_EQ(engine_.size(), 67U);
  EXPECT_EQ(engine_.open_transactions(), 1U);
  EXPECT_EQ(engine_.collections(),
            (std::vector<std::string>{"edges", "inventory", "orders", "settings", "users"}));
}

TEST_F(SampleWal, HasWhatIsHardToGetRight) {
  EXPECT_EQ(value("settings", "1"), R"({"as":"number"})");
  EXPECT_EQ(value("settings", "\"1\""), R"({"as":"string"})") << "deleted, but rolled back";
  EXPECT_EQ(value("settings", "\"\""), R"({"value":"an empty key"})");
  EXPECT_NE(value("edges", "2").find(R"("lone":"\ud800")"), std::string::npos);
  EXPECT_EQ(value("edges", "4"), "null");
  EXPECT_EQ(value("edges", R"([1,"composite"])"), R"({"key":"of two parts"})");
  EXPECT_EQ(value("users", "101"),
            R"({"id":101,"name":"third version, from the one that commits last"})");
  EXPECT_EQ(value("users", "102"), "(none)") << "rolled back between two others";
  EXPECT_EQ(value("inventory", "\"S2\""), R"({"sku":"S2","stock":3})");
  EXPECT_EQ(value("inventory", "\"S3\""), "(none)");
  EXPECT_EQ(value("users", "999"), "(none)") << "never committed";
}

}  // namespace
}  // namespace lockstep_demo
