#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "samples.hpp"

namespace lockstep::wire {
namespace {

void flip(Bytes& bytes, std::size_t bit) {
  bytes[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
}

struct Sample {
  std::string name;
  Bytes frame;
};

/// One frame of every kind; entries: none, one, many.
std::vector<Sample> samples() {
  ReplicationMessage bytes = make_message();
  bytes.data = SharedBuffer::copy_of("some bytes");
  ReplicationMessage structured = make_message();
  structured.data = std::make_shared<const nlohmann::json>(nlohmann::json{{"key", 1}});
  std::vector<Entry> many;
  for (std::uint64_t i = 1; i <= 6; ++i) many.push_back(make_entry(i, pattern(i * 5)));
  FrameEncoder encoder;
  Hello hello;
  hello.node = NodeId("n1");
  hello.authentication_bytes = SharedBuffer::copy_of("proof");
  Refusal refusal;
  refusal.text = "go away";
  return {{"no data", encode_one(make_message())},
          {"bytes", encode_one(bytes)},
          {"structured", encode_one(structured)},
          {"no entry", encode_one(make_batch({}))},
          {"one entry", encode_one(make_batch({make_entry(1, "payload")}))},
          {"one entry without payload", encode_one(make_batch({make_entry(1, "")}))},
          {"many entries", encode_one(make_batch(many))},
          {"hello", flatten(*encoder.encode(hello))},
          {"ready", flatten(encoder.encode(Ready{}))},
          {"refusal", flatten(encoder.encode(refusal))}};
}

TEST(Damage, TheSamplesAreGood) {
  for (const Sample& sample : samples()) {
    EXPECT_TRUE(decode_one(sample.frame).has_value()) << sample.name;
  }
}

TEST(Damage, EveryFlippedBitIsRefused) {
  for (const Sample& sample : samples()) {
    for (std::size_t bit = 0; bit < sample.frame.size() * 8; ++bit) {
      Bytes damaged = sample.frame;
      flip(damaged, bit);
      ASSERT_FALSE(decode_one(damaged).has_value()) << sample.name << ", bit " << bit;
    }
  }
}

TEST(Damage, EveryTruncationIsRefused) {
  for (const Sample& sample : samples()) {
    for (std::size_t size = 0; size < sample.frame.size(); ++size) {
      const Bytes cut(sample.frame.begin(),
                      sample.frame.begin() + static_cast<std::ptrdiff_t>(size));
      const auto received = decode_one(cut);
      ASSERT_FALSE(received.has_value()) << sample.name << ", " << size;
      EXPECT_TRUE(received.error() == Errc::kTruncated) << sample.name << ", " << size;
    }
  }
}

TEST(Damage, TrailingBytesAreRefused) {
  for (const Sample& sample : samples()) {
    for (const std::size_t extra : {1u, 32u, 1000u}) {
      Bytes longer = sample.frame;
      longer.resize(longer.size() + extra);
      const auto received = decode_one(longer);
      ASSERT_FALSE(received.has_value()) << sample.name;
      EXPECT_TRUE(received.error() == Errc::kTrailingBytes) << sample.name;
    }
  }
}

TEST(Damage, EachCheckFindsWhatItCovers) {
  const Bytes good = encode_one(make_batch({make_entry(1, "payload")}));
  const std::size_t payload_at = 64 + 4 + 6 + 40;
  const auto error_at = [&](std::size_t byte) {
    Bytes damaged = good;
    damaged[byte] ^= 0x10;
    return decode_one(damaged).error();
  };
  EXPECT_TRUE(error_at(0) == Errc::kBadMagic);
  EXPECT_TRUE(error_at(4) == Errc::kBadVersion);
  EXPECT_TRUE(error_at(6) == Errc::kBadChecksum) << "type";
  EXPECT_TRUE(error_at(16) == Errc::kBadChecksum) << "group";
  EXPECT_TRUE(error_at(40) == Errc::kBadChecksum) << "timestamp";
  EXPECT_TRUE(error_at(64) == Errc::kBadChecksum) << "source";
  EXPECT_TRUE(error_at(68) == Errc::kBadChecksum) << "fields";
  EXPECT_TRUE(error_at(74 + 24) == Errc::kBadChecksum) << "index in the entry header";
  EXPECT_TRUE(error_at(payload_at) == Errc::kBadEntryDigest);
  EXPECT_TRUE(error_at(payload_at + 6) == Errc::kBadEntryDigest);
  EXPECT_TRUE(error_at(payload_at + 7) == Errc::kBadChecksum) << "entry digest";
  EXPECT_TRUE(error_at(good.size() - 1) == Errc::kBadChecksum) << "the checksum itself";
}

/// Feeds all frames in order; true if a message was handed out.
bool anything_handed_out(const std::vector<Bytes>& frames, bool* refused) {
  FrameDecoder decoder(kEntryLimit);
  *refused = false;
  for (const Bytes& frame : frames) {
    const auto received = decoder.decode(SharedBuffer::adopt(frame));
    if (!received) {
      *refused = true;
      continue;
    }
    if (!std::holds_alternative<PartTaken>(*received)) return true;
  }
  return false;
}

TEST(Damage, EveryFlippedBitOfAnEntryInPartsIsRefusedByItsLastPart) {
  const Entry entry = make_entry(1, pattern(kLeafBytes + 50));
  std::vector<Bytes> parts;
  for (const RawFrame& part : raw_parts(entry, kLeafBytes)) parts.push_back(part.bytes());
  ASSERT_EQ(parts.size(), 2u);
  bool refused = false;
  ASSERT_TRUE(anything_handed_out(parts, &refused));
  ASSERT_FALSE(refused);
  for (Bytes& part : parts) {
    for (std::size_t bit = 0; bit < part.size() * 8; ++bit) {
      flip(part, bit);
      ASSERT_FALSE(anything_handed_out(parts, &refused)) << "bit " << bit;
      ASSERT_TRUE(refused) << "bit " << bit;
      flip(part, bit);
    }
  }
}

TEST(Damage, EveryTruncationOfAPartIsRefused) {
  const Entry entry = make_entry(1, pattern(2 * kLeafBytes));
  std::vector<Bytes> parts;
  for (const RawFrame& part : raw_parts(entry, kLeafBytes)) parts.push_back(part.bytes());
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const Bytes whole = parts[i];
    for (std::size_t size = 0; size < whole.size(); ++size) {
      parts[i].assign(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
      bool refused = false;
      ASSERT_FALSE(anything_handed_out(parts, &refused)) << size;
      ASSERT_TRUE(refused) << size;
    }
    parts[i] = whole;
  }
}

// The sizes that are really sent; too many bits to try all of them.
TEST(Damage, FlippedBitsInPartsOfTheUsualSizeAreRefused) {
  std::vector<Bytes> parts =
      encode_all(make_batch({make_entry(1, pattern(kPartPayloadBytes + 9))}));
  ASSERT_EQ(parts.size(), 2u);
  for (Bytes& part : parts) {
    for (std::size_t bit = 0; bit < part.size() * 8; bit += part.size() / 5 + 1) {
      flip(part, bit);
      bool refused = false;
      ASSERT_FALSE(anything_handed_out(parts, &refused)) << "bit " << bit;
      ASSERT_TRUE(refused);
      flip(part, bit);
    }
  }
}

}  // namespace
}  // namespace lockstep::wire
