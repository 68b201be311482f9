#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>
#include <sstream>
#include <string>

#include "samples.hpp"

namespace lockstep::wire {
namespace {

// The vectors of docs/wire-format.md, read out of that very file.

Bytes parse_line(const std::string& line) {
  std::istringstream words(line.substr(0, line.find('#')));
  std::string word;
  Bytes bytes;
  while (words >> word) {
    if (word == "pattern") {
      std::size_t offset = 0;
      std::size_t length = 0;
      words >> offset >> length;
      const Bytes whole = pattern(offset + length);
      bytes.insert(bytes.end(), whole.begin() + static_cast<std::ptrdiff_t>(offset), whole.end());
      continue;
    }
    for (std::size_t i = 0; i < word.size(); i += 2) {
      bytes.push_back(static_cast<std::uint8_t>(std::stoul(word.substr(i, 2), nullptr, 16)));
    }
  }
  return bytes;
}

const std::map<std::string, Bytes>& vectors() {
  static const std::map<std::string, Bytes> kVectors = [] {
    std::map<std::string, Bytes> found;
    std::ifstream document(LOCKSTEP_SOURCE_DIR "/docs/wire-format.md");
    std::string line;
    Bytes* current = nullptr;
    while (std::getline(document, line)) {
      if (line.rfind("```hex ", 0) == 0) {
        current = &found[line.substr(7)];
      } else if (line.rfind("```", 0) == 0) {
        current = nullptr;
      } else if (current != nullptr) {
        append(*current, parse_line(line));
      }
    }
    return found;
  }();
  return kVectors;
}

Bytes vector_of(const std::string& name) {
  const auto found = vectors().find(name);
  return found == vectors().end() ? Bytes{} : found->second;
}

ReplicationMessage documented(MessageType type, MessageData data) {
  ReplicationMessage message = make_message();
  message.type = type;
  message.data = std::move(data);
  MessageId::Bytes id;
  std::iota(id.begin(), id.end(), std::uint8_t{0});
  message.message_id = MessageId(id);
  return message;
}

EntryBatch batch_of(std::vector<Entry> entries) {
  return {SharedBuffer::copy_of("fields"), std::move(entries)};
}

ReplicationMessage decoded(const std::string& name) {
  const auto received = decode_one(vector_of(name));
  if (!received || !std::holds_alternative<ReplicationMessage>(*received)) {
    ADD_FAILURE() << name << ": " << (received ? "no message" : received.error().message);
    return {};
  }
  return std::get<ReplicationMessage>(*received);
}

TEST(Document, HasTheVectorsThatAreTestedHere) { EXPECT_EQ(vectors().size(), 9u); }

TEST(Document, FrameWithoutEntries) {
  const auto message = documented(MessageType::kHeartbeat, {});
  EXPECT_EQ(encode_one(message), vector_of("frame-without-entries"));
  const ReplicationMessage got = decoded("frame-without-entries");
  EXPECT_EQ(got.type, MessageType::kHeartbeat);
  EXPECT_EQ(got.message_id, message.message_id);
  EXPECT_EQ(got.timestamp_ms, message.timestamp_ms);
}

TEST(Document, FrameWithStructuredData) {
  const nlohmann::json value = {{"key", 1}};
  const auto message =
      documented(host_message_type(0), std::make_shared<const nlohmann::json>(value));
  EXPECT_EQ(encode_one(message), vector_of("frame-with-structured-data"));
  const ReplicationMessage got = decoded("frame-with-structured-data");
  ASSERT_TRUE(std::holds_alternative<StructuredData>(got.data));
  EXPECT_EQ(*std::get<StructuredData>(got.data), value);
}

TEST(Document, FrameWithOneEntry) {
  const Entry entry = make_entry(1, "payload");
  const auto message = documented(MessageType::kAppendEntries, batch_of({entry}));
  EXPECT_EQ(encode_one(message), vector_of("frame-with-one-entry"));
  const ReplicationMessage got = decoded("frame-with-one-entry");
  EXPECT_TRUE(same_entry(std::get<EntryBatch>(got.data).entries.at(0), entry));
}

TEST(Document, FrameWithTwoEntries) {
  const Entry first = make_entry(1, "payload");
  const Entry second = make_entry(2, ByteSpan{}, GroupId(7), EntryKind::kNoop);
  auto message = documented(MessageType::kAppendEntries, batch_of({first, second}));
  message.target_node = std::nullopt;
  EXPECT_EQ(encode_one(message), vector_of("frame-with-two-entries"));
  const ReplicationMessage got = decoded("frame-with-two-entries");
  EXPECT_EQ(got.target_node, std::nullopt);
  EXPECT_TRUE(same_entry(std::get<EntryBatch>(got.data).entries.at(1), second));
}

TEST(Document, EntryInParts) {
  const Entry entry = make_entry(9, pattern(61'444));
  const auto frames = encode_all(documented(MessageType::kAppendEntries, batch_of({entry})));
  ASSERT_EQ(frames.size(), 2u);
  EXPECT_EQ(frames[0], vector_of("first-part"));
  EXPECT_EQ(frames[1], vector_of("last-part"));
  FrameDecoder decoder(kEntryLimit);
  EXPECT_TRUE(decoder.decode(SharedBuffer::adopt(vector_of("first-part"))).has_value());
  const auto received = decoder.decode(SharedBuffer::adopt(vector_of("last-part")));
  ASSERT_TRUE(received.has_value());
  const auto& batch = std::get<EntryBatch>(std::get<ReplicationMessage>(*received).data);
  EXPECT_TRUE(same_entry(batch.entries.at(0), entry));
}

TEST(Document, LinkFrames) {
  FrameEncoder encoder;
  Hello hello;
  hello.features = 5;
  ClusterId::Bytes cluster;
  cluster.fill(0xc1);
  hello.cluster = ClusterId(cluster);
  hello.node = NodeId("n1");
  hello.boot = BootNumber(1'700'000'000'000);
  hello.dial = DialNumber(42);
  hello.authentication_bytes = SharedBuffer::copy_of("proof");
  EXPECT_EQ(flatten(*encoder.encode(hello)), vector_of("hello"));
  EXPECT_EQ(flatten(encoder.encode(Ready{1, 5})), vector_of("ready"));
  Refusal refusal;
  refusal.code = Errc::kForeignCluster;
  refusal.text = "wrong cluster";
  EXPECT_EQ(flatten(encoder.encode(refusal)), vector_of("refuse"));
  for (const char* name : {"hello", "ready", "refuse"}) {
    EXPECT_TRUE(decode_one(vector_of(name)).has_value()) << name;
  }
}

}  // namespace
}  // namespace lockstep::wire
