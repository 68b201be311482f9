#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <numeric>

#include "allocation_watch.hpp"
#include "samples.hpp"

namespace lockstep::wire {
namespace {

using nlohmann::json;

/// Through the codec, as one connection carries it; fails the test when it does not arrive.
ReplicationMessage carry(const ReplicationMessage& message) {
  FrameDecoder decoder(kEntryLimit);
  const std::vector<Bytes> frames = encode_all(message);
  EXPECT_FALSE(frames.empty());
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const Result<Received> received = decoder.decode(SharedBuffer::adopt(frames[i]));
    EXPECT_TRUE(received.has_value()) << received.error().message;
    if (!received) return {};
    if (i + 1 < frames.size()) {
      EXPECT_TRUE(std::holds_alternative<PartTaken>(*received));
    } else if (const auto* whole = std::get_if<ReplicationMessage>(&*received)) {
      return *whole;
    }
  }
  ADD_FAILURE() << "no message arrived";
  return {};
}

void expect_same_envelope(const ReplicationMessage& got, const ReplicationMessage& sent) {
  EXPECT_EQ(got.type, sent.type);
  EXPECT_EQ(got.group, sent.group);
  EXPECT_EQ(got.source_node, sent.source_node);
  EXPECT_EQ(got.target_node, sent.target_node);
  EXPECT_EQ(got.timestamp_ms, sent.timestamp_ms);
  EXPECT_EQ(got.message_id, sent.message_id);
  EXPECT_FALSE(got.checksum.is_none());
}

TEST(RoundTrip, AMessageWithoutData) {
  const ReplicationMessage sent = make_message();
  const ReplicationMessage got = carry(sent);
  expect_same_envelope(got, sent);
  EXPECT_TRUE(std::holds_alternative<std::monostate>(got.data));
}

TEST(RoundTrip, ExtremeFieldValues) {
  ReplicationMessage sent = make_message();
  sent.type = host_message_type(0x7fff);
  sent.group = GroupId(UINT64_MAX);
  sent.source_node = NodeId(std::string(64, 's'));
  sent.target_node = std::nullopt;
  sent.timestamp_ms = -1;
  sent.message_id = MessageId();
  expect_same_envelope(carry(sent), sent);
}

TEST(RoundTrip, EveryKnownType) {
  for (const unsigned number :
       {1u, 2u, 3u, 4u, 5u, 6u, 7u, 8u, 16u, 17u, 18u, 19u, 20u, 21u, 22u, 0x8000u, 0xffffu}) {
    ReplicationMessage sent = make_message();
    sent.type = static_cast<MessageType>(number);
    EXPECT_EQ(carry(sent).type, sent.type);
  }
}

TEST(RoundTrip, StructuredData) {
  for (const json& value :
       {json(nullptr), json::object(), json::array(), json("text \xc3\xa9 \" \\ \n"), json(-1.5),
        json(UINT64_MAX), json::parse(R"({"a":[1,{"b":null}],"c":true})")}) {
    ReplicationMessage sent = make_message();
    sent.data = std::make_shared<const json>(value);
    const ReplicationMessage got = carry(sent);
    expect_same_envelope(got, sent);
    ASSERT_TRUE(std::holds_alternative<StructuredData>(got.data));
    EXPECT_EQ(*std::get<StructuredData>(got.data), value);
  }
}

TEST(RoundTrip, BytesOfAnyLengthThatFits) {
  const std::size_t most = kMaxFrameBytes - kMinFrameBytes - 4;
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{1024},
                                 std::size_t{1025}, std::size_t{70'000}, most}) {
    ReplicationMessage sent = make_message();
    sent.data = SharedBuffer::adopt(pattern(size));
    const ReplicationMessage got = carry(sent);
    ASSERT_TRUE(std::holds_alternative<SharedBuffer>(got.data)) << size;
    EXPECT_EQ(to_bytes(std::get<SharedBuffer>(got.data).bytes()), pattern(size));
  }
}

TEST(RoundTrip, EntryBatches) {
  const std::string long_fields(3000, 'f');
  for (const std::size_t count : {0u, 1u, 2u, 128u}) {
    std::vector<Entry> entries;
    for (std::size_t i = 0; i < count; ++i) entries.push_back(make_entry(i + 1, pattern(i * 3)));
    for (const std::string_view fields : {std::string_view(), std::string_view(long_fields)}) {
      const ReplicationMessage sent = make_batch(entries, fields);
      const ReplicationMessage got = carry(sent);
      expect_same_envelope(got, sent);
      ASSERT_TRUE(std::holds_alternative<EntryBatch>(got.data));
      const EntryBatch& batch = std::get<EntryBatch>(got.data);
      EXPECT_EQ(batch.fields.view(), fields);
      ASSERT_EQ(batch.entries.size(), count);
      for (std::size_t i = 0; i < count; ++i) EXPECT_TRUE(same_entry(batch.entries[i], entries[i]));
    }
  }
}

TEST(RoundTrip, EntryKindsOfLaterVersionsPass) {
  const Entry entry = make_entry(1, as_bytes("x"), GroupId(7), static_cast<EntryKind>(1000));
  const ReplicationMessage got = carry(make_batch({entry}));
  EXPECT_TRUE(same_entry(std::get<EntryBatch>(got.data).entries.at(0), entry));
}

TEST(RoundTrip, LargeEntriesInOneFrameAndInParts) {
  for (const std::size_t size : {4096u, 4097u, 61'440u, 61'441u, 122'880u, 300'001u}) {
    const Entry entry = make_entry(9, pattern(size));
    const ReplicationMessage sent = make_batch({entry});
    const std::vector<Bytes> frames = encode_all(sent);
    EXPECT_EQ(frames.size(), (size + 61'439) / 61'440) << size;
    for (const Bytes& frame : frames) EXPECT_LE(frame.size(), kGoodFrameBytes);
    const ReplicationMessage got = carry(sent);
    expect_same_envelope(got, sent);
    const EntryBatch& batch = std::get<EntryBatch>(got.data);
    EXPECT_EQ(batch.fields.view(), "fields");
    ASSERT_EQ(batch.entries.size(), 1u);
    EXPECT_TRUE(same_entry(batch.entries[0], entry)) << size;
  }
}

TEST(RoundTrip, TheWidestPartStaysBelowTheGoodSize) {
  ReplicationMessage sent = make_batch({make_entry(9, pattern(61'441))}, std::string(3264, 'f'));
  sent.source_node = NodeId(std::string(64, 's'));
  sent.target_node = NodeId(std::string(64, 't'));
  EXPECT_EQ(encode_one(sent).size(), kGoodFrameBytes);
}

TEST(Encoder, SharesPayloadMemoryInsteadOfCopying) {
  const Entry small = make_entry(1, pattern(256));
  const Entry large = make_entry(2, pattern(100'000));
  FrameEncoder encoder;
  const auto one = encoder.encode(make_batch({small, large}));
  ASSERT_TRUE(one.has_value());
  ASSERT_EQ(one->size(), 1u);
  const std::vector<SharedBuffer>& pieces = one->at(0).pieces;
  ASSERT_EQ(pieces.size(), 4u);
  EXPECT_EQ(pieces[1].data(), small.encoded.data());
  EXPECT_EQ(pieces[2].data(), large.encoded.data());

  const auto parts = encoder.encode(make_batch({large}));
  ASSERT_TRUE(parts.has_value());
  ASSERT_EQ(parts->size(), 2u);
  const auto& second = parts->at(1).pieces;
  EXPECT_EQ(second.at(second.size() - 2).data(), large.payload().data() + kPartPayloadBytes);
}

TEST(Decoder, HandsOutSlicesOfTheReceivedFrame) {
  FrameDecoder decoder(kEntryLimit);
  const SharedBuffer frame = SharedBuffer::adopt(encode_one(make_batch({make_entry(1, "abc")})));
  const Result<Received> received = decoder.decode(frame);
  ASSERT_TRUE(received.has_value());
  const auto& batch = std::get<EntryBatch>(std::get<ReplicationMessage>(*received).data);
  const auto lies_inside = [&](const SharedBuffer& slice) {
    return slice.data() >= frame.data() &&
           slice.data() + slice.size() <= frame.data() + frame.size();
  };
  EXPECT_TRUE(lies_inside(batch.fields));
  EXPECT_TRUE(lies_inside(batch.entries.at(0).encoded));
}

TEST(Encoder, FieldsOfOneTargetReplaceTheBatchs) {
  FrameEncoder encoder;
  const ReplicationMessage shared = make_batch({make_entry(1, "abc")}, "for all");
  const auto frames = encoder.encode(shared, SharedBuffer::copy_of("for one"));
  ASSERT_TRUE(frames.has_value());
  EXPECT_EQ(flatten(frames->at(0)), encode_one(make_batch({make_entry(1, "abc")}, "for one")));
}

TEST(Encoder, MeasuresWhatItWouldMake) {
  std::vector<ReplicationMessage> messages = {
      make_message(), make_batch({}),
      make_batch({make_entry(1, "a"), make_entry(2, pattern(5000))}),
      make_batch({make_entry(1, pattern(200'000))}, std::string(2000, 'f'))};
  messages.push_back(make_message());
  messages.back().data = SharedBuffer::adopt(pattern(10));
  messages.push_back(make_message());
  messages.back().data = std::make_shared<const json>(json{{"key", "value"}});
  messages.push_back(make_message());
  messages.back().target_node = std::nullopt;
  for (const ReplicationMessage& message : messages) {
    FrameEncoder encoder;
    const auto frames = encoder.encode(message);
    ASSERT_TRUE(frames.has_value());
    std::size_t bytes = 0;
    for (const OutgoingFrame& frame : *frames) {
      EXPECT_EQ(frame.size_bytes, flatten(frame).size());
      bytes += frame.size_bytes;
    }
    EXPECT_EQ(encoded_size(message), bytes);
  }
}

TEST(Codec, AllocatesPerFrameAndNotPerEntry) {
  std::vector<Entry> entries;
  for (std::uint64_t i = 1; i <= 128; ++i) entries.push_back(make_entry(i, pattern(256)));
  FrameEncoder encoder;
  FrameDecoder decoder(kEntryLimit);
  std::vector<std::size_t> counts;
  // The first warms up; a single entry needs no lists of a batch.
  for (const std::size_t count : {128u, 2u, 128u}) {
    const ReplicationMessage message =
        make_batch({entries.begin(), entries.begin() + static_cast<std::ptrdiff_t>(count)});
    const AllocationWatch encoding;
    const auto frames = encoder.encode(message);
    const std::size_t encoded = encoding.count();
    const SharedBuffer frame = SharedBuffer::adopt(flatten(frames->at(0)));
    const AllocationWatch decoding;
    ASSERT_TRUE(decoder.decode(frame).has_value());
    counts.push_back(encoded + decoding.count());
  }
  EXPECT_GT(counts[1], 0u);
  EXPECT_LE(counts[2], counts[1]);
}

TEST(Encoder, GivesEachFrameItsClass) {
  const auto class_of_frames = [](ReplicationMessage message) {
    FrameEncoder encoder;
    return encoder.encode(message)->at(0).message_class;
  };
  EXPECT_EQ(class_of_frames(make_message()), MessageClass::kControl);
  EXPECT_EQ(class_of_frames(make_batch({})), MessageClass::kControl);
  EXPECT_EQ(class_of_frames(make_batch({make_entry(1, "a")})), MessageClass::kEntries);
  EXPECT_EQ(class_of_frames(make_batch({make_entry(1, pattern(70'000))})), MessageClass::kEntries);
  ReplicationMessage message = make_message();
  message.type = host_message_type(1);
  EXPECT_EQ(class_of_frames(message), MessageClass::kEntries);
  message.type = MessageType::kInstallSnapshot;
  EXPECT_EQ(class_of_frames(message), MessageClass::kBulk);
}

}  // namespace
}  // namespace lockstep::wire
