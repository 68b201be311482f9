#include <gtest/gtest.h>

#include "samples.hpp"

namespace lockstep::wire {
namespace {

class Parts : public testing::Test {
 protected:
  Result<Received> feed(const Bytes& frame) { return decoder_.decode(SharedBuffer::adopt(frame)); }
  Result<Received> feed(const RawFrame& frame) { return feed(frame.bytes()); }
  bool takes(const RawFrame& frame) {
    const auto received = feed(frame);
    return received && std::holds_alternative<PartTaken>(*received);
  }
  bool refuses(const RawFrame& frame, Errc code = Errc::kBadPart) {
    const auto received = feed(frame);
    return !received && received.error() == code;
  }
  bool completes(const RawFrame& frame) {
    const auto received = feed(frame);
    const auto* message = received ? std::get_if<ReplicationMessage>(&*received) : nullptr;
    return message != nullptr &&
           same_entry(std::get<EntryBatch>(message->data).entries.at(0), entry_);
  }

  static constexpr std::size_t kTail = 100;
  const Entry entry_ = make_entry(5, pattern(3 * kLeafBytes + kTail));
  std::vector<RawFrame> parts_ = raw_parts(entry_, kLeafBytes);
  FrameDecoder decoder_{kEntryLimit};
};

TEST_F(Parts, AreTakenUntilTheLastCompletesTheEntry) {
  EXPECT_TRUE(takes(parts_[0]));
  EXPECT_TRUE(takes(parts_[1]));
  EXPECT_TRUE(takes(parts_[2]));
  EXPECT_GT(decoder_.held_bytes(), 3 * kLeafBytes);
  EXPECT_TRUE(completes(parts_[3]));
  EXPECT_EQ(decoder_.held_bytes(), 0u);
}

TEST_F(Parts, MayBeCutAtAnyLeaf) {
  EXPECT_TRUE(takes(raw_part(entry_, 0, 2 * kLeafBytes)));
  EXPECT_TRUE(completes(raw_part(entry_, 2 * kLeafBytes, kLeafBytes + kTail)));
}

TEST_F(Parts, AnotherEntryMayFollow) {
  for (int round = 0; round < 2; ++round) {
    for (std::size_t i = 0; i < 3; ++i) EXPECT_TRUE(takes(parts_[i]));
    EXPECT_TRUE(completes(parts_[3]));
  }
}

TEST_F(Parts, ControlFramesMayComeInBetween) {
  EXPECT_TRUE(takes(parts_[0]));
  EXPECT_TRUE(feed(encode_one(make_message())).has_value());
  FrameEncoder encoder;
  EXPECT_TRUE(feed(flatten(encoder.encode(Goodbye{}))).has_value());
  EXPECT_TRUE(takes(parts_[1]));
}

TEST_F(Parts, EntriesOfAnotherMessageMayNot) {
  EXPECT_TRUE(takes(parts_[0]));
  const auto received = feed(encode_one(make_batch({make_entry(6, "x")})));
  ASSERT_FALSE(received.has_value());
  EXPECT_TRUE(received.error() == Errc::kBadPart);
}

TEST_F(Parts, ASecondEntryMayNotBegin) {
  EXPECT_TRUE(takes(parts_[0]));
  EXPECT_TRUE(refuses(parts_[0]));
}

TEST_F(Parts, MayNotBeginInTheMiddle) { EXPECT_TRUE(refuses(parts_[1])); }

TEST_F(Parts, MayNotLeaveAGap) {
  EXPECT_TRUE(takes(parts_[0]));
  EXPECT_TRUE(refuses(parts_[2]));
}

TEST_F(Parts, MayNotRepeat) {
  EXPECT_TRUE(takes(parts_[0]));
  EXPECT_TRUE(takes(parts_[1]));
  EXPECT_TRUE(refuses(parts_[1]));
}

TEST_F(Parts, MustNameTheSameMessageEachTime) {
  const auto differing = [&](auto&& change) {
    FrameDecoder decoder(kEntryLimit);
    (void)decoder.decode(SharedBuffer::adopt(parts_[0].bytes()));
    RawFrame part = parts_[1];
    change(part);
    const auto received = decoder.decode(SharedBuffer::adopt(part.bytes()));
    return !received && received.error() == Errc::kBadPart;
  };
  EXPECT_FALSE(differing([](RawFrame&) {}));
  EXPECT_TRUE(differing([](RawFrame& part) { part.type = 1; }));
  EXPECT_TRUE(differing([](RawFrame& part) { part.source = "n3"; }));
  EXPECT_TRUE(differing([](RawFrame& part) { part.target = ""; }));
  EXPECT_TRUE(differing([](RawFrame& part) { part.message_id[0] ^= 1; }));
  EXPECT_TRUE(differing([](RawFrame& part) { part.timestamp_ms += 1; }));
  EXPECT_TRUE(differing([](RawFrame& part) { part.digests[0][0] ^= 1; }));
  EXPECT_TRUE(differing([](RawFrame& part) { part.entries[0][24] ^= 1; })) << "index";
  EXPECT_TRUE(differing([](RawFrame& part) { part.fields = {1}; })) << "fields belong to the first";
}

TEST_F(Parts, MustBeCutAtALeaf) { EXPECT_TRUE(refuses(raw_part(entry_, 0, kLeafBytes - 1))); }

TEST_F(Parts, MustBeginAtALeaf) {
  EXPECT_TRUE(takes(parts_[0]));
  RawFrame part = raw_part(entry_, kLeafBytes, kLeafBytes);
  part.part_offset += 1;
  EXPECT_TRUE(refuses(part));
}

TEST_F(Parts, MustNotBeEmpty) {
  EXPECT_TRUE(takes(parts_[0]));
  EXPECT_TRUE(refuses(raw_part(entry_, kLeafBytes, 0)));
}

TEST_F(Parts, MustNotBeTheWholeEntry) {
  EXPECT_TRUE(refuses(raw_part(entry_, 0, 3 * kLeafBytes + kTail)));
}

TEST_F(Parts, MustNotReachBeyondTheEntry) {
  for (std::size_t i = 0; i < 3; ++i) EXPECT_TRUE(takes(parts_[i]));
  RawFrame part = parts_[3];
  append(part.entries[0], Bytes(kLeafBytes - kTail));
  EXPECT_TRUE(refuses(part));
}

TEST_F(Parts, OffsetsBeyondTheEntryAreRefused) {
  EXPECT_TRUE(takes(parts_[0]));
  RawFrame part = parts_[1];
  part.part_offset = UINT64_MAX - kLeafBytes + 1;
  EXPECT_TRUE(refuses(part));
}

TEST_F(Parts, AWrongDigestIsFoundAtTheLast) {
  for (RawFrame& part : parts_) part.digests[0][31] ^= 1;
  for (std::size_t i = 0; i < 3; ++i) EXPECT_TRUE(takes(parts_[i]));
  EXPECT_TRUE(refuses(parts_[3], Errc::kBadEntryDigest));
  EXPECT_EQ(decoder_.held_bytes(), 0u);
}

TEST_F(Parts, EntriesOverTheLimitAreRefusedAtTheFirst) {
  FrameDecoder decoder(3 * kLeafBytes + kTail - 1);
  const auto received = decoder.decode(SharedBuffer::adopt(parts_[0].bytes()));
  ASSERT_FALSE(received.has_value());
  EXPECT_TRUE(received.error() == Errc::kTooLarge);
}

TEST_F(Parts, MemoryGrowsWithWhatCame) {
  FrameDecoder decoder(std::size_t{64} << 20);
  RawFrame part = parts_[0];
  const std::uint64_t announced = std::uint64_t{64} << 20;
  for (std::size_t i = 0; i < 8; ++i) {
    part.entries[0][32 + i] = static_cast<std::uint8_t>(announced >> (8 * i));
  }
  const std::size_t fields = part.fields.size();
  std::size_t came = 0;
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(decoder.decode(SharedBuffer::adopt(part.bytes())).has_value());
    came += kLeafBytes;
    EXPECT_GE(decoder.held_bytes(), came);
    EXPECT_LE(decoder.held_bytes(), 3 * (came + EntryHeader::kEncodedBytes) + fields);
    part.part_offset += kLeafBytes;
    part.fields.clear();
  }
}

TEST_F(Parts, TheFramesTheyCameInAreNotKept) {
  for (std::size_t i = 0; i < 3; ++i) {
    const auto owner = std::make_shared<const Bytes>(parts_[i].bytes());
    ASSERT_TRUE(decoder_.decode(SharedBuffer(owner, *owner)));
    EXPECT_EQ(owner.use_count(), 1) << i;
  }
  const auto received = feed(parts_[3]);
  ASSERT_TRUE(received);
  const auto& batch = std::get<EntryBatch>(std::get<ReplicationMessage>(*received).data);
  EXPECT_EQ(batch.fields.view(), "fields");
}

TEST_F(Parts, FieldsOfTheFirstCountAsHeld) {
  parts_[0].fields = Bytes(100'000);
  EXPECT_TRUE(takes(parts_[0]));
  EXPECT_GE(decoder_.held_bytes(), 100'000 + kLeafBytes);
}

TEST_F(Parts, EntriesAndBulkArePutTogetherSideBySide) {
  std::vector<RawFrame> bulk = parts_;
  for (RawFrame& part : bulk) part.type = 18;
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_TRUE(takes(parts_[i]));
    EXPECT_TRUE(takes(bulk[i]));
  }
  EXPECT_TRUE(completes(bulk[3]));
  EXPECT_TRUE(completes(parts_[3]));
}

TEST_F(Parts, AfterAnErrorNothingIsTakenAnyMore) {
  EXPECT_TRUE(takes(parts_[0]));
  EXPECT_TRUE(refuses(parts_[2]));
  EXPECT_EQ(decoder_.held_bytes(), 0u);
  EXPECT_TRUE(refuses(parts_[0])) << "the first error stays";
  const auto received = feed(encode_one(make_message()));
  ASSERT_FALSE(received.has_value());
  EXPECT_TRUE(received.error() == Errc::kBadPart);
}

}  // namespace
}  // namespace lockstep::wire
