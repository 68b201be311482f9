#include "key_value_engine.hpp"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "wal_lines.hpp"

namespace lockstep_demo {
namespace {

using test::begin;
using test::commit;
using test::entry;
using test::insert;
using test::remove;
using test::rollback;
using test::update;

class Engine : public testing::Test {
 protected:
  void apply_all(std::initializer_list<std::string> lines) {
    for (const std::string& line : lines) {
      const ApplyResult result = engine_.apply(line);
      EXPECT_TRUE(result.accepted) << result.reason;
    }
  }

  [[nodiscard]] std::string value(std::string_view collection, std::string_view key) const {
    const auto found = engine_.find(collection, key);
    return found ? std::string(*found) : "(none)";
  }

  KeyValueEngine engine_;
};

std::string digest_after(std::initializer_list<std::string> lines) {
  KeyValueEngine engine;
  for (const std::string& line : lines) static_cast<void>(engine.apply(line));
  return engine.contents_sha256();
}

TEST_F(Engine, ChangesAppearWithTheirCommitAndNotBefore) {
  apply_all({begin("t"), insert("t", "users", "1", R"({"id":1})")});
  EXPECT_EQ(value("users", "1"), "(none)");
  EXPECT_EQ(engine_.size(), 0U);
  EXPECT_EQ(engine_.open_transactions(), 1U);

  const ApplyResult result = engine_.apply(commit("t"));
  EXPECT_TRUE(result.accepted);
  EXPECT_EQ(result.changes, 1U);
  EXPECT_EQ(value("users", "1"), R"({"id":1})");
  EXPECT_EQ(engine_.size(), 1U);
  EXPECT_EQ(engine_.open_transactions(), 0U);
}

TEST_F(Engine, ARollbackDropsTheChanges) {
  apply_all({begin("t"), insert("t", "users", "1", "1"), commit("t"), begin("u"),
             update("u", "users", "1", "2"), insert("u", "users", "2", "2"), rollback("u"),
             commit("u")});
  EXPECT_EQ(value("users", "1"), "1");
  EXPECT_EQ(engine_.size(), 1U);
  EXPECT_EQ(engine_.open_transactions(), 0U);
}

TEST_F(Engine, ChangesOfATransactionAreMadeInTheirOrder) {
  apply_all({begin("t"), insert("t", "c", "1", "1"), update("t", "c", "1", "2"),
             remove("t", "c", "1"), insert("t", "c", "1", "3"), commit("t")});
  EXPECT_EQ(value("c", "1"), "3");
}

TEST_F(Engine, InterleavedTransactionsCountByTheirCommit) {
  apply_all({begin("a"), begin("b"), begin("c"), insert("a", "x", "1", "\"a\""),
             insert("b", "x", "1", "\"b\""), insert("c", "x", "1", "\"c\""),
             insert("c", "x", "2", "\"c\""), commit("b")});
  EXPECT_EQ(value("x", "1"), "\"b\"");
  apply_all({rollback("c"), commit("a")});
  EXPECT_EQ(value("x", "1"), "\"a\"");
  EXPECT_EQ(value("x", "2"), "(none)");
}

TEST_F(Engine, DeletingAndEmptyingACollection) {
  apply_all({begin("t"), insert("t", "a", "1", "1"), insert("t", "b", "1", "1"), commit("t"),
             begin("u"), remove("u", "a", "1"), commit("u")});
  EXPECT_EQ(engine_.collections(), std::vector<std::string>{"b"});
  EXPECT_EQ(value("a", "1"), "(none)");
}

TEST_F(Engine, RedoesChangesWhateverWasThere) {
  apply_all({begin("t"), update("t", "c", "1", "1"), remove("t", "c", "2"), remove("t", "d", "1"),
             insert("t", "c", "1", "2"), commit("t")});
  EXPECT_EQ(value("c", "1"), "2");
  EXPECT_EQ(engine_.size(), 1U);
}

TEST_F(Engine, KeysOfDifferentTypesAreDifferentAndSpellingsAreNot) {
  apply_all({begin("t"), insert("t", "c", "1", "\"number\""), insert("t", "c", "\"1\"", "\"text\""),
             insert("t", "c", "1.0", "\"number, too\""), insert("t", "c", R"("\u0031")", "0"),
             commit("t")});
  EXPECT_EQ(engine_.size(), 2U);
  EXPECT_EQ(value("c", "1"), "\"number, too\"");
  EXPECT_EQ(value("c", "\"1\""), "0");
}

TEST_F(Engine, ValuesAreKeptCharacterByCharacter) {
  constexpr std::string_view kValue =
      R"({"big":12345678901234567890,"e":1.50e2, "u":"\u00e9\ud800","10":0,"2":0})";
  apply_all({begin("t"), insert("t", "c", "1", kValue), commit("t")});
  EXPECT_EQ(value("c", "1"), kValue);
}

// The original's recovery groups by transaction id and asks for COMMIT and ROLLBACK only.
TEST_F(Engine, AChangeWithoutBeginWaitsForItsCommit) {
  apply_all({insert("cut off", "c", "1", "1"), insert("other", "c", "2", "2")});
  EXPECT_EQ(engine_.size(), 0U);
  EXPECT_EQ(engine_.open_transactions(), 2U);
  apply_all({commit("cut off"), rollback("other")});
  EXPECT_EQ(value("c", "1"), "1");
  EXPECT_EQ(engine_.size(), 1U);
  EXPECT_EQ(engine_.open_transactions(), 0U);
}

TEST_F(Engine, BeginAfterTheFirstChangeKeepsIt) {
  apply_all({insert("t", "c", "1", "1"), begin("t"), insert("t", "c", "2", "2"), commit("t")});
  EXPECT_EQ(engine_.size(), 2U);
}

// A storage adapter logs its own PREPARE and COMMIT beside those of the transaction, sometimes in
// front of them: it has a buffer of its own for the same file.
TEST_F(Engine, AnAdaptersCommitDoesNoHarmWhereverItStands) {
  const auto prepare = entry("t", "PREPARE", "STORE", "users", R"({"key":"metadata"})");
  const auto adapter_commit = entry("t", "COMMIT", "STORE", "users", R"({"key":"metadata"})");
  apply_all({prepare, adapter_commit, begin("t"), insert("t", "users", "1", "1"), adapter_commit,
             insert("t", "users", "2", "2"), commit("t"), adapter_commit});
  EXPECT_EQ(engine_.size(), 2U);
  EXPECT_EQ(engine_.open_transactions(), 0U);
}

TEST_F(Engine, BookkeepingLeavesEverythingAsItWas) {
  apply_all({begin("t"), insert("t", "c", "1", "1"), commit("t")});
  const std::string before = engine_.contents_sha256();
  apply_all({
      entry("CHECKPOINT", "DATA", "COMMIT", "*", R"({"key":"checkpoint","checkpointId":"x"})"),
      entry("CHECKPOINT", "DATA", "STORE", "*", R"({"key":"checkpoint","checkpointId":"x"})"),
      entry("TRUNCATION", "DATA", "STORE", "*", R"({"key":"truncation","beforeSequence":3})"),
      entry("u", "DATA", "INDEX_CHANGE", "c", R"({"key":"i","indexName":"i","newValue":1})"),
      entry("u", "DATA", "BEGIN", "c", R"({"key":1,"newValue":1})"),
      entry("u", "PREPARE", "INSERT", "c", R"({"key":1,"newValue":1})"),
      commit("u"),
      rollback("never begun"),
  });
  EXPECT_EQ(engine_.contents_sha256(), before);
  EXPECT_EQ(engine_.open_transactions(), 0U);
}

TEST_F(Engine, RejectionsAreResultsThatChangeNothing) {
  apply_all({begin("t"), insert("t", "c", "1", "1"), commit("t"), begin("u")});
  const std::string before = engine_.contents_sha256();
  const auto rejects = [&](std::string_view payload, std::string_view reason) {
    const ApplyResult result = engine_.apply(payload);
    EXPECT_FALSE(result.accepted) << payload;
    EXPECT_NE(result.reason.find(reason), std::string::npos) << result.reason;
    EXPECT_EQ(result.changes, 0U);
  };
  rejects("", "not a JSON object");
  rejects("{}", "transactionId is missing");
  rejects(std::string_view("\0\xFF\x01", 3), "not a JSON object");
  rejects(begin("u"), "BEGIN of a transaction that has begun");
  rejects(entry("u", "DATA", "INSERT", "c", R"({"key":2})"), "without data.newValue");
  rejects(entry("u", "DATA", "UPDATE", "c", R"({"key":1,"oldValue":1})"), "without data.newValue");
  rejects(entry("u", "DATA", "DELETE", "c", R"({"oldValue":1})"), "data.key is missing");
  rejects(test::sealed(R"({"transactionId":"u","timestamp":1,"type":"DATA","operation":"DELETE",)"
                       R"("data":{"key":1},"sequenceNumber":1,"checksum":"@"})"),
          "without collectionName");
  const ApplyResult result = engine_.apply(commit("u"));
  EXPECT_EQ(result.changes, 0U);
  EXPECT_EQ(engine_.contents_sha256(), before);
}

std::string image_of(const KeyValueEngine& engine) {
  ImageWriter image;
  engine.save(image);
  return image.take();
}

TEST_F(Engine, AnImageHoldsOpenTransactionsToo) {
  apply_all({begin("t"), insert("t", "c", "1", "1"), insert("t", "d", "2", "2"), commit("t"),
             begin("u"), insert("u", "c", "3", "3"), remove("u", "d", "2")});
  KeyValueEngine copy;
  EXPECT_TRUE(copy.apply(begin("forgotten")).accepted);
  const std::string bytes = image_of(engine_);
  ImageReader image(bytes);
  copy.load(image);
  EXPECT_TRUE(image.complete());
  EXPECT_EQ(copy.contents_sha256(), engine_.contents_sha256());
  EXPECT_EQ(copy.open_transactions(), 1U);
  EXPECT_FALSE(copy.apply(begin("u")).accepted) << "it has begun";
  EXPECT_EQ(copy.apply(commit("u")).changes, 2U);
  apply_all({commit("u")});
  EXPECT_EQ(copy.contents_sha256(), engine_.contents_sha256());
}

TEST_F(Engine, AnImageThatIsCutOffIsNone) {
  apply_all({begin("t"), insert("t", "c", "1", "1"), commit("t"), begin("u")});
  const std::string bytes = image_of(engine_);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    ImageReader image(std::string_view(bytes).substr(0, size));
    KeyValueEngine().load(image);
    EXPECT_FALSE(image.complete()) << size;
  }
}

TEST(EngineDigest, OfNothingIsThatOfACountOfZero) {
  EXPECT_EQ(KeyValueEngine().contents_sha256(), sha256_hex(std::string(8, '\0')));
}

TEST(EngineDigest, FollowsItsDescription) {
  using namespace std::string_literals;
  const auto number = [](char n) { return std::string(1, n) + std::string(7, '\0'); };
  const std::string bytes = number(1) + number(1) + "c" + number(2) + number(3) + "\"k\"" +
                            number(1) + "7" + number(1) + "1" + number(4) + "null";
  EXPECT_EQ(digest_after({begin("t"), insert("t", "c", "1", "null"), insert("t", "c", "\"k\"", "7"),
                          commit("t")}),
            sha256_hex(bytes));
}

TEST(EngineDigest, DependsOnTheContentsAndNotOnTheWay) {
  const std::string straight = digest_after(
      {begin("t"), insert("t", "a", "1", "1"), insert("t", "b", "\"x\"", "2"), commit("t")});
  EXPECT_EQ(digest_after({begin("t"), insert("t", "b", "\"x\"", "2"), commit("t"), begin("u"),
                          insert("u", "a", "1", "1"), commit("u")}),
            straight);
  EXPECT_EQ(digest_after({begin("t"), insert("t", "c", "9", "9"), insert("t", "a", "1", "0"),
                          insert("t", "b", "\"x\"", "2"), commit("t"), begin("u"),
                          remove("u", "c", "9"), update("u", "a", "1", "1"), commit("u"),
                          begin("v"), insert("v", "a", "2", "2"), rollback("v")}),
            straight);
  EXPECT_EQ(digest_after({begin("t"), insert("t", "a", "1", "1"), insert("t", "b", "\"x\"", "2"),
                          commit("t"), begin("open"), insert("open", "a", "2", "2")}),
            straight)
      << "an open transaction is not part of the contents";
}

TEST(EngineDigest, DiffersWithAnythingThatDiffers) {
  const auto one = [](std::string_view collection, std::string_view key, std::string_view value) {
    return digest_after({begin("t"), insert("t", collection, key, value), commit("t")});
  };
  const std::vector<std::string> all = {
      digest_after({}),
      one("c", "1", "1"),
      one("c", "\"1\"", "1"),
      one("c", "1", "2"),
      one("c", "1", "1.0"),
      one("c", "2", "1"),
      one("d", "1", "1"),
      one("c", "11", "1"),  // the same letters, cut in another place
      one("c", "1", "11"),
      one("c1", "1", "1"),
      digest_after(
          {begin("t"), insert("t", "c", "1", "1"), insert("t", "c", "2", "1"), commit("t")}),
      digest_after(
          {begin("t"), insert("t", "c", "1", "1"), insert("t", "d", "2", "1"), commit("t")}),
  };
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) EXPECT_NE(all[i], all[j]) << i << " and " << j;
  }
}

}  // namespace
}  // namespace lockstep_demo
