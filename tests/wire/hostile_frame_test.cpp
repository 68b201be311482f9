#include <gtest/gtest.h>

#include "allocation_watch.hpp"
#include "samples.hpp"

namespace lockstep::wire {
namespace {

// Frames whose checksum is right and that say what no encoder writes.

Errc error_of(const Bytes& bytes) {
  const auto received = decode_one(bytes);
  return received ? Errc{} : static_cast<Errc>(received.error().code.value());
}
Errc error_of(const RawFrame& frame) { return error_of(frame.bytes()); }

RawFrame with_entry(std::string_view payload = "payload") {
  const Entry entry = make_entry(1, payload);
  RawFrame frame;
  frame.type = 7;
  frame.kind = 4;
  frame.fields = {1, 2, 3};
  frame.entries = {to_bytes(entry.encoded.bytes())};
  frame.digests = {to_bytes(entry.digest.bytes)};
  return frame;
}

void set_payload_bytes(RawFrame& frame, std::uint64_t value) {
  for (std::size_t i = 0; i < 8; ++i) {
    frame.entries[0][32 + i] = static_cast<std::uint8_t>(value >> (8 * i));
  }
}

TEST(HostileFrames, TheHonestOnesAreWhatTheEncoderWrites) {
  EXPECT_EQ(RawFrame{}.bytes(), encode_one(make_message()));
  EXPECT_EQ(error_of(RawFrame{}), Errc{});
  EXPECT_EQ(error_of(with_entry()), Errc{});
  RawFrame frame = with_entry();
  frame.fields = {'f', 'i', 'e', 'l', 'd', 's'};
  EXPECT_EQ(frame.bytes(), encode_one(make_batch({make_entry(1, "payload")})));
}

TEST(HostileFrames, PartsAreWhatTheEncoderWrites) {
  const Entry entry = make_entry(4, pattern(2 * kPartPayloadBytes + 5));
  std::vector<Bytes> expected;
  for (const RawFrame& part : raw_parts(entry, kPartPayloadBytes)) expected.push_back(part.bytes());
  EXPECT_EQ(encode_all(make_batch({entry})), expected);
}

TEST(HostileFrames, NoBytesAtAll) { EXPECT_EQ(error_of(Bytes{}), Errc::kTruncated); }

TEST(HostileFrames, ForeignMagicAndVersion) {
  RawFrame frame;
  frame.magic = "HTTP";
  EXPECT_EQ(error_of(frame), Errc::kBadMagic);
  frame = {};
  frame.version = 2;
  EXPECT_EQ(error_of(frame), Errc::kBadVersion);
}

TEST(HostileFrames, LengthOfTheFrame) {
  RawFrame frame;
  const auto size = static_cast<std::uint32_t>(frame.bytes().size());
  frame.frame_bytes = size + 1;
  EXPECT_EQ(error_of(frame), Errc::kTruncated);
  frame.frame_bytes = size - 1;
  EXPECT_EQ(error_of(frame), Errc::kTrailingBytes);
  frame.frame_bytes = 95;
  EXPECT_EQ(error_of(frame), Errc::kBadLength);
  frame.frame_bytes = UINT32_MAX;
  EXPECT_EQ(error_of(frame), Errc::kBadLength);
}

TEST(HostileFrames, AFrameOverTheLimit) {
  RawFrame frame;
  frame.kind = 3;
  frame.fields = Bytes(kMaxFrameBytes - kMinFrameBytes - 4);
  EXPECT_EQ(error_of(frame), Errc{});
  frame.fields.push_back(0);
  EXPECT_EQ(error_of(frame), Errc::kBadLength);
}

TEST(HostileFrames, LengthsInside) {
  for (const std::uint32_t lie : {1u, 1000u, UINT32_MAX}) {
    RawFrame frame;
    frame.fields_bytes = lie;
    EXPECT_EQ(error_of(frame), Errc::kBadLength) << lie;
  }
  RawFrame frame;
  frame.source_bytes = 255;
  EXPECT_EQ(error_of(frame), Errc::kBadLength);
  frame = {};
  frame.target_bytes = 0;
  EXPECT_EQ(error_of(frame), Errc::kBadLength) << "bytes that belong to nothing";
}

TEST(HostileFrames, CountsOfEntries) {
  for (const std::uint32_t lie : {0u, 2u, 1000u, UINT32_MAX}) {
    RawFrame frame = with_entry();
    frame.entry_count = lie;
    EXPECT_EQ(error_of(frame), Errc::kBadLength) << lie;
  }
  RawFrame frame;
  frame.entry_count = 1;
  EXPECT_EQ(error_of(frame), Errc::kBadLength) << "a kind without entries";
}

TEST(HostileFrames, LengthsOfPayloads) {
  for (const std::uint64_t lie :
       {std::uint64_t{0}, std::uint64_t{6}, std::uint64_t{8}, std::uint64_t{1} << 40, UINT64_MAX}) {
    RawFrame frame = with_entry();
    set_payload_bytes(frame, lie);
    EXPECT_EQ(error_of(frame), Errc::kBadLength) << lie;
  }
  RawFrame frame = with_entry();
  frame.entries[0].resize(39);
  EXPECT_EQ(error_of(frame), Errc::kBadLength) << "an entry shorter than its header";
}

TEST(HostileFrames, APartWithoutRoomForItsHeader) {
  RawFrame frame = with_entry();
  frame.kind = 5;
  frame.entries[0].resize(39);
  EXPECT_EQ(error_of(frame), Errc::kBadLength);
  frame = with_entry();
  frame.kind = 5;
  frame.entry_count = 0;
  EXPECT_EQ(error_of(frame), Errc::kBadLength);
  frame.entry_count = 2;
  EXPECT_EQ(error_of(frame), Errc::kBadLength);
}

TEST(HostileFrames, UnknownKindsTypesAndFlags) {
  RawFrame frame;
  frame.kind = 6;
  EXPECT_EQ(error_of(frame), Errc::kBadField);
  frame = {};
  frame.type = 9;
  EXPECT_EQ(error_of(frame), Errc::kUnknownType);
  frame.type = 0;
  EXPECT_EQ(error_of(frame), Errc::kUnknownType);
  for (int bit = 0; bit < 8; ++bit) {
    frame = {};
    frame.flags = static_cast<std::uint8_t>(1 << bit);
    EXPECT_EQ(error_of(frame), Errc::kBadField) << bit;
  }
}

TEST(HostileFrames, NodeIds) {
  for (const char* name : {"", "a b", "../n1"}) {
    RawFrame frame;
    frame.source = name;
    EXPECT_EQ(error_of(frame), Errc::kBadField) << name;
  }
  RawFrame frame;
  frame.target = "n2\n";
  EXPECT_EQ(error_of(frame), Errc::kBadField);
  frame.target = std::string(65, 'n');
  EXPECT_EQ(error_of(frame), Errc::kBadField);
}

TEST(HostileFrames, FieldsThatTheKindHasNoUseFor) {
  RawFrame frame;
  frame.fields = {1};
  EXPECT_EQ(error_of(frame), Errc::kBadField) << "data in a frame without";
  frame = with_entry();
  frame.part_offset = kLeafBytes;
  EXPECT_EQ(error_of(frame), Errc::kBadField) << "an offset outside a part";
}

TEST(HostileFrames, EntryHeaders) {
  RawFrame frame = with_entry();
  frame.entries[0][0] = 'X';
  EXPECT_EQ(error_of(frame), Errc::kBadField) << "tag";
  frame = with_entry();
  frame.entries[0][4] ^= 1;
  EXPECT_EQ(error_of(frame), Errc::kBadField) << "group";
  frame = with_entry();
  frame.entries[0][24] = 0;
  EXPECT_EQ(error_of(frame), Errc::kBadField) << "index 0";
}

TEST(HostileFrames, EntryDigests) {
  RawFrame frame = with_entry();
  frame.digests[0][0] ^= 1;
  EXPECT_EQ(error_of(frame), Errc::kBadEntryDigest);
  frame = with_entry();
  frame.entries[0].back() ^= 1;
  EXPECT_EQ(error_of(frame), Errc::kBadEntryDigest);

  const Entry a = make_entry(1, "aaaa");
  const Entry b = make_entry(2, "bbbb");
  frame = with_entry();
  frame.entries = {to_bytes(a.encoded.bytes()), to_bytes(b.encoded.bytes())};
  frame.digests = {to_bytes(b.digest.bytes), to_bytes(a.digest.bytes)};
  EXPECT_EQ(error_of(frame), Errc::kBadEntryDigest) << "digests in the wrong order";
}

TEST(HostileFrames, AnEntryOverTheLimitOfThisNode) {
  FrameDecoder decoder(6);
  const auto received = decoder.decode(SharedBuffer::adopt(with_entry("payload").bytes()));
  ASSERT_FALSE(received.has_value());
  EXPECT_TRUE(received.error() == Errc::kTooLarge);
}

TEST(HostileFrames, TextThatIsNoJson) {
  for (const std::string_view text : {"", "{", "{\"a\":}", "1 2", "nul", "\"\xff\"", "1e999"}) {
    RawFrame frame;
    frame.kind = 2;
    append(frame.fields, text);
    EXPECT_EQ(error_of(frame), Errc::kBadField) << text;
  }
}

TEST(HostileFrames, TextThatNestsTooDeep) {
  const auto nested = [](std::size_t depth) {
    RawFrame frame;
    frame.kind = 2;
    append(frame.fields, std::string(depth, '[') + std::string(depth, ']'));
    return error_of(frame);
  };
  EXPECT_EQ(nested(kMaxJsonDepth), Errc{});
  EXPECT_EQ(nested(kMaxJsonDepth + 1), Errc::kBadField);
  EXPECT_EQ(nested(120'000), Errc::kBadField);

  RawFrame frame;
  frame.kind = 2;
  append(frame.fields, "[\"\\\"" + std::string(100, '[') + "\"]");
  EXPECT_EQ(error_of(frame), Errc{}) << "brackets in a string do not nest";
}

TEST(HostileFrames, NothingIsAllocatedForLengthsThatLie) {
  std::vector<Bytes> hostile;
  RawFrame frame;
  frame.frame_bytes = UINT32_MAX;
  hostile.push_back(frame.bytes());
  frame = {};
  frame.fields_bytes = UINT32_MAX;
  hostile.push_back(frame.bytes());
  frame = with_entry();
  frame.entry_count = UINT32_MAX;
  hostile.push_back(frame.bytes());
  frame = with_entry();
  set_payload_bytes(frame, UINT64_MAX);
  hostile.push_back(frame.bytes());
  frame = raw_part(make_entry(1, pattern(3 * kLeafBytes)), 0, kLeafBytes);
  set_payload_bytes(frame, kEntryLimit);
  hostile.push_back(frame.bytes());

  for (std::size_t i = 0; i < hostile.size(); ++i) {
    FrameDecoder decoder(kEntryLimit);
    const SharedBuffer received = SharedBuffer::adopt(hostile[i]);
    const AllocationWatch watch;
    (void)decoder.decode(received);
    EXPECT_LE(watch.largest(), 2 * received.size()) << i;
  }
}

// What costs most for each byte of text: empty objects, keys, strings.
TEST(HostileFrames, ValuesOfJsonCostABoundedMultipleOfTheirText) {
  const std::size_t most = kMaxFrameBytes - kMinFrameBytes - 4;
  for (const std::string_view piece : {"0,", "[],", "{},", "\"\",", "[0],", "{\"\":0},"}) {
    std::string text = "[";
    while (text.size() + piece.size() < most) text += piece;
    text.back() = ']';
    RawFrame frame;
    frame.kind = 2;
    append(frame.fields, text);
    const SharedBuffer bytes = SharedBuffer::adopt(frame.bytes());
    FrameDecoder decoder(kEntryLimit);
    const AllocationWatch watch;
    const auto received = decoder.decode(bytes);
    ASSERT_TRUE(received.has_value()) << piece;
    EXPECT_LE(watch.peak(), 32 * text.size()) << piece;
  }
}

}  // namespace
}  // namespace lockstep::wire
