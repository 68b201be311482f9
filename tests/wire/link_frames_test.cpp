#include <gtest/gtest.h>

#include "samples.hpp"

namespace lockstep::wire {
namespace {

template <class Id>
Id id_of(std::uint8_t byte) {
  typename Id::Bytes bytes;
  bytes.fill(byte);
  return Id(bytes);
}

Hello full_hello() {
  Hello hello;
  hello.protocol_min = 1;
  hello.protocol_max = 9;
  hello.features = 0x8000000000000001;
  hello.cluster = id_of<ClusterId>(0xc1);
  hello.node = NodeId("node-1");
  hello.boot = BootNumber(1'700'000'000'000);
  hello.dial = DialNumber(42);
  hello.lane = 3;
  hello.authentication = static_cast<AuthenticationMethod>(7);
  hello.authentication_bytes = SharedBuffer::copy_of("proof");
  return hello;
}

RawFrame raw_link(std::uint16_t type, const Bytes& body) {
  RawFrame frame;
  frame.type = type;
  frame.kind = 0;
  frame.source = "";
  frame.target = "";
  frame.group = 0;
  frame.message_id = Bytes(16);
  frame.timestamp_ms = 0;
  frame.fields = body;
  return frame;
}

Bytes hello_body(const Hello& hello) {
  FrameEncoder encoder;
  const Bytes frame = flatten(*encoder.encode(hello));
  return {frame.begin() + 64, frame.end() - 32};
}

Errc error_of(const RawFrame& frame) {
  const auto received = decode_one(frame.bytes());
  return received ? Errc{} : static_cast<Errc>(received.error().code.value());
}

void expect_same(const Hello& got, const Hello& sent) {
  EXPECT_EQ(got.protocol_min, sent.protocol_min);
  EXPECT_EQ(got.protocol_max, sent.protocol_max);
  EXPECT_EQ(got.features, sent.features);
  EXPECT_EQ(got.cluster, sent.cluster);
  EXPECT_EQ(got.node, sent.node);
  EXPECT_EQ(got.boot, sent.boot);
  EXPECT_EQ(got.dial, sent.dial);
  EXPECT_EQ(got.lane, sent.lane);
  EXPECT_EQ(got.authentication, sent.authentication);
  EXPECT_EQ(got.authentication_bytes.view(), sent.authentication_bytes.view());
}

TEST(LinkFrames, HelloRoundTripsWithAllItsFields) {
  FrameEncoder encoder;
  const auto frame = encoder.encode(full_hello());
  ASSERT_TRUE(frame.has_value());
  EXPECT_EQ(frame->message_class, MessageClass::kControl);
  const auto received = decode_one(flatten(*frame));
  ASSERT_TRUE(received.has_value());
  ASSERT_TRUE(std::holds_alternative<Hello>(*received));
  expect_same(std::get<Hello>(*received), full_hello());
}

TEST(LinkFrames, AnUninitialisedNodeHasNoCluster) {
  Hello hello;
  hello.node = NodeId("n");
  FrameEncoder encoder;
  const auto received = decode_one(flatten(*encoder.encode(hello)));
  ASSERT_TRUE(received.has_value());
  expect_same(std::get<Hello>(*received), hello);
  EXPECT_TRUE(std::get<Hello>(*received).cluster.is_none());
}

TEST(LinkFrames, ReadyRefusalAndGoodbyeRoundTrip) {
  FrameEncoder encoder;
  const Ready ready{5, 77};
  Refusal refusal;
  refusal.code = Errc::kForeignCluster;
  refusal.text = "cluster c1, not c2";
  Goodbye goodbye;
  goodbye.code = Errc::kSuperseded;
  goodbye.text = "";
  auto received = decode_one(flatten(encoder.encode(ready)));
  ASSERT_TRUE(received && std::holds_alternative<Ready>(*received));
  EXPECT_EQ(std::get<Ready>(*received), ready);
  received = decode_one(flatten(encoder.encode(refusal)));
  ASSERT_TRUE(received && std::holds_alternative<Refusal>(*received));
  EXPECT_EQ(std::get<Refusal>(*received), refusal);
  received = decode_one(flatten(encoder.encode(goodbye)));
  ASSERT_TRUE(received && std::holds_alternative<Goodbye>(*received));
  EXPECT_EQ(std::get<Goodbye>(*received), goodbye);
}

TEST(LinkFrames, TextIsCutAndFreedOfControlCharacters) {
  FrameEncoder encoder;
  Refusal refusal;
  refusal.text = "line\nfeed\x1b[31m\x7f" + std::string(1000, 'x');
  const auto received = decode_one(flatten(encoder.encode(refusal)));
  ASSERT_TRUE(received.has_value());
  const std::string& text = std::get<Refusal>(*received).text;
  EXPECT_EQ(text.size(), Farewell::kMaxTextBytes);
  EXPECT_EQ(text.substr(0, 16), "line feed [31m x");
}

TEST(LinkFrames, TextIsCutBetweenCharacters) {
  FrameEncoder encoder;
  Goodbye goodbye;
  for (int i = 0; i < 200; ++i) goodbye.text += "\xe6\x97\xa5";
  const auto received = decode_one(flatten(encoder.encode(goodbye)));
  ASSERT_TRUE(received.has_value());
  EXPECT_EQ(std::get<Goodbye>(*received).text, goodbye.text.substr(0, 510));
}

TEST(LinkFrames, TextThatIsNotPlainIsRefused) {
  const auto error_for = [](std::string_view text) {
    Bytes body = {1, 0};
    append_le(body, text.size(), 4);
    append(body, text);
    return error_of(raw_link(3, body));
  };
  EXPECT_EQ(error_for("caf\xc3\xa9"), Errc{});
  EXPECT_EQ(error_for("caf\xe9"), Errc::kBadField) << "Latin-1";
  EXPECT_EQ(error_for("\xc2\x9b[31m"), Errc::kBadField) << "a control character beyond ASCII";
  EXPECT_EQ(error_for("\x1b[31m"), Errc::kBadField);
  EXPECT_EQ(error_for("\xe6\x97"), Errc::kBadField) << "half a character";
}

TEST(LinkFrames, TheEncoderRefusesAHelloThatNobodyWouldTake) {
  FrameEncoder encoder;
  const auto error_for = [&](auto&& change) {
    Hello hello = full_hello();
    change(hello);
    return encoder.encode(hello).error();
  };
  EXPECT_TRUE(error_for([](Hello& h) { h.node = NodeId(); }) == Errc::kInvalidArgument);
  EXPECT_TRUE(error_for([](Hello& h) { h.protocol_min = 10; }) == Errc::kInvalidArgument);
  EXPECT_TRUE(error_for([](Hello& h) { h.protocol_min = 0; }) == Errc::kInvalidArgument);
  EXPECT_TRUE(error_for([](Hello& h) {
                h.authentication_bytes = SharedBuffer::adopt(Bytes(4097));
              }) == Errc::kTooLarge);
}

TEST(LinkFrames, HelloOfAnyOtherLengthIsRefused) {
  Bytes body = hello_body(full_hello());
  ASSERT_EQ(error_of(raw_link(1, body)), Errc{});
  for (std::size_t size = 0; size < body.size(); ++size) {
    const Bytes cut(body.begin(), body.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_EQ(error_of(raw_link(1, cut)), Errc::kBadLength) << size;
  }
  body.push_back(0);
  EXPECT_EQ(error_of(raw_link(1, body)), Errc::kBadLength);
}

TEST(LinkFrames, HelloFieldsAreChecked) {
  Bytes body = hello_body(full_hello());
  body[0] = 10;
  EXPECT_EQ(error_of(raw_link(1, body)), Errc::kBadField) << "protocol_min over protocol_max";
  body = hello_body(full_hello());
  body[0] = 0;
  EXPECT_EQ(error_of(raw_link(1, body)), Errc::kBadField) << "protocol version 0";
  body = hello_body(full_hello());
  body[29] = ' ';
  EXPECT_EQ(error_of(raw_link(1, body)), Errc::kBadField) << "node id";
  body = hello_body(full_hello());
  const std::size_t authentication_at = body.size() - 9;
  body[authentication_at] = 0x01;
  body[authentication_at + 1] = 0x10;
  body.resize(authentication_at + 4 + 4097);
  EXPECT_EQ(error_of(raw_link(1, body)), Errc::kBadField) << "authentication of 4097 bytes";
}

TEST(LinkFrames, ReadyAndRefusalFieldsAreChecked) {
  EXPECT_EQ(error_of(raw_link(2, Bytes(10))), Errc::kBadField) << "protocol version 0";
  EXPECT_EQ(error_of(raw_link(2, Bytes(9, 1))), Errc::kBadLength);
  EXPECT_EQ(error_of(raw_link(2, Bytes(11, 1))), Errc::kBadLength);

  EXPECT_EQ(error_of(raw_link(3, {1, 0, 1, 0, 0, 0, 'x'})), Errc{});
  EXPECT_EQ(error_of(raw_link(3, {0, 0, 1, 0, 0, 0, 'x'})), Errc::kBadField) << "code 0";
  EXPECT_EQ(error_of(raw_link(3, {1, 0, 1, 0, 0, 0, '\n'})), Errc::kBadField);
  EXPECT_EQ(error_of(raw_link(3, {1, 0, 2, 0, 0, 0, 'x'})), Errc::kBadLength);
  EXPECT_EQ(error_of(raw_link(4, {1, 0, 0, 0, 0, 0, 'x'})), Errc::kBadLength);
  Bytes longest = {1, 0, 1, 2, 0, 0};
  longest.resize(6 + 513, 'x');
  EXPECT_EQ(error_of(raw_link(4, longest)), Errc::kBadField);
}

TEST(LinkFrames, UnknownTypesAreRefused) {
  EXPECT_EQ(error_of(raw_link(0, {})), Errc::kUnknownType);
  EXPECT_EQ(error_of(raw_link(5, {})), Errc::kUnknownType);
}

TEST(LinkFrames, HeaderFieldsWithoutUseMustBeZero) {
  const Bytes body = hello_body(full_hello());
  const auto error_for = [&](auto&& change) {
    RawFrame frame = raw_link(1, body);
    change(frame);
    return error_of(frame);
  };
  EXPECT_EQ(error_for([](RawFrame& f) { f.flags = 1; }), Errc::kBadField);
  EXPECT_EQ(error_for([](RawFrame& f) { f.source = "n1"; }), Errc::kBadField);
  EXPECT_EQ(error_for([](RawFrame& f) { f.target = "n1"; }), Errc::kBadField);
  EXPECT_EQ(error_for([](RawFrame& f) { f.group = 1; }), Errc::kBadField);
  EXPECT_EQ(error_for([](RawFrame& f) { f.message_id[15] = 1; }), Errc::kBadField);
  EXPECT_EQ(error_for([](RawFrame& f) { f.timestamp_ms = 1; }), Errc::kBadField);
  EXPECT_EQ(error_for([](RawFrame& f) { f.part_offset = 1; }), Errc::kBadField);
}

}  // namespace
}  // namespace lockstep::wire
