#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "samples.hpp"

namespace lockstep::wire {
namespace {

using nlohmann::json;

Error refusal_of(const ReplicationMessage& message) {
  FrameEncoder encoder;
  const auto frames = encoder.encode(message);
  return frames ? Error() : frames.error();
}

TEST(EncoderLimits, BytesAndTextThatFitNoFrameAreTooLarge) {
  const std::size_t most = kMaxFrameBytes - kMinFrameBytes - 4;
  ReplicationMessage message = make_message();
  message.data = SharedBuffer::adopt(pattern(most + 1));
  EXPECT_TRUE(refusal_of(message) == Errc::kTooLarge);
  message.data = std::make_shared<const json>(std::string(most, 'x'));
  EXPECT_TRUE(refusal_of(message) == Errc::kTooLarge);
  EXPECT_NE(refusal_of(message).message.find("HEARTBEAT takes"), std::string::npos);
}

TEST(EncoderLimits, SeveralEntriesMustFitOneFrame) {
  const Entry entry = make_entry(1, pattern(90'000));
  EXPECT_FALSE(refusal_of(make_batch({entry, entry})));
  const Error error = refusal_of(make_batch({entry, entry, entry}));
  EXPECT_TRUE(error == Errc::kTooLarge);
  EXPECT_NE(error.message.find("3 entries in smaller batches"), std::string::npos) << error.message;
}

TEST(EncoderLimits, FieldsMustFitTheFirstPart) {
  const Entry entry = make_entry(1, pattern(70'000));
  EXPECT_FALSE(refusal_of(make_batch({entry}, std::string(200'000, 'f'))));
  EXPECT_TRUE(refusal_of(make_batch({entry}, std::string(201'000, 'f'))) == Errc::kTooLarge);
}

TEST(EncoderLimits, NodeIdsMustBeValid) {
  ReplicationMessage message = make_message();
  message.source_node = NodeId();
  EXPECT_TRUE(refusal_of(message) == Errc::kInvalidArgument);
  message.source_node = NodeId(std::string(65, 'n'));
  EXPECT_TRUE(refusal_of(message) == Errc::kInvalidArgument);
  message = make_message();
  message.target_node = NodeId("not valid");
  EXPECT_TRUE(refusal_of(message) == Errc::kInvalidArgument);
}

TEST(EncoderLimits, TypesMustBeKnown) {
  for (unsigned number = 0; number <= 0xffff; ++number) {
    ReplicationMessage message = make_message();
    message.type = static_cast<MessageType>(number);
    const bool has_a_name = to_string(message.type).rfind("UNKNOWN", 0) != 0;
    ASSERT_EQ(refusal_of(message) == Errc::kInvalidArgument, !has_a_name) << number;
    if (number == 100) number = 0x7ff0;  // and on to the host's
    if (number == 0x8100) number = 0xfff0;
  }
}

TEST(EncoderLimits, EntriesMustBeSealedAndOfTheGroup) {
  const Entry foreign = make_entry(1, as_bytes("x"), GroupId(8));
  EXPECT_TRUE(refusal_of(make_batch({foreign})) == Errc::kInvalidArgument);
  Entry cut = make_entry(1, "abc");
  cut.encoded = cut.encoded.slice(0, cut.encoded.size() - 1);
  EXPECT_TRUE(refusal_of(make_batch({cut})) == Errc::kInvalidArgument);
  Entry empty;
  empty.header.group = GroupId(7);
  empty.header.payload_bytes = UINT64_MAX;
  EXPECT_TRUE(refusal_of(make_batch({make_entry(1, "a"), empty})) == Errc::kInvalidArgument);
}

TEST(EncoderLimits, JsonMustSurviveAsText) {
  ReplicationMessage message = make_message();
  message.data = StructuredData();
  EXPECT_TRUE(refusal_of(message) == Errc::kInvalidArgument) << "null pointer";

  json deepest = 1;
  for (std::size_t i = 0; i < kMaxJsonDepth; ++i) deepest = json::array({deepest});
  message.data = std::make_shared<const json>(deepest);
  EXPECT_FALSE(refusal_of(message));
  for (const json& value :
       {json("\xff"), json(std::numeric_limits<double>::infinity()), json::binary({1, 2}),
        json{{"key", std::nan("")}}, json::array({deepest})}) {
    message.data = std::make_shared<const json>(value);
    EXPECT_TRUE(refusal_of(message) == Errc::kInvalidArgument);
  }
}

}  // namespace
}  // namespace lockstep::wire
