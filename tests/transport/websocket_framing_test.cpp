#include "transport/websocket_framing.hpp"

#include <gtest/gtest.h>

#include <set>

namespace lockstep::transport {
namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes pattern(std::size_t size) {
  Bytes result(size);
  for (std::size_t i = 0; i < size; ++i) result[i] = static_cast<std::uint8_t>(i * 7 + i / 256);
  return result;
}

Bytes flatten(const std::vector<iovec>& pieces) {
  Bytes result;
  for (const iovec& piece : pieces) {
    const auto* begin = static_cast<const std::uint8_t*>(piece.iov_base);
    result.insert(result.end(), begin, begin + piece.iov_len);
  }
  return result;
}

/// One frame taken from the front of `bytes`, read as RFC 6455 §5.2 has it.
struct Frame {
  explicit Frame(Bytes& bytes) {
    EXPECT_EQ(bytes.at(0), 0x82) << "final, binary";
    masked = (bytes.at(1) & 0x80) != 0;
    std::size_t length = bytes.at(1) & 0x7f;
    std::size_t at = 2;
    const std::size_t extended = length == 126 ? 2 : length == 127 ? 8 : 0;
    if (extended > 0) length = 0;
    for (std::size_t i = 0; i < extended; ++i) length = length << 8 | bytes.at(at++);
    EXPECT_GE(length, extended == 8 ? 65536U : extended == 2 ? 126U : 0U) << "the shortest form";
    if (masked) {
      key.assign(bytes.begin() + static_cast<std::ptrdiff_t>(at),
                 bytes.begin() + static_cast<std::ptrdiff_t>(at + 4));
      at += 4;
    }
    for (std::size_t i = 0; i < length; ++i) {
      payload.push_back(bytes.at(at + i) ^ (masked ? key[i % 4] : 0));
    }
    bytes.erase(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(at + length));
  }
  bool masked = false;
  Bytes key;
  Bytes payload;
};

class Framing : public ::testing::TestWithParam<bool> {
 protected:
  WebSocketFraming framing_{GetParam()};
};

TEST_P(Framing, EveryLengthAndCutComesBack) {
  for (const std::size_t size : {1U, 7U, 125U, 126U, 127U, 65535U, 65536U, 262144U}) {
    const Bytes whole = pattern(size);
    const SharedBuffer buffer = SharedBuffer::copy_of(whole);
    for (const std::size_t cut : {std::size_t{0}, std::size_t{1}, std::size_t{5}, size / 2, size}) {
      if (cut > size) continue;
      const std::vector<SharedBuffer> pieces{
          buffer.slice(0, cut), {}, buffer.slice(cut, size - cut)};
      const WebSocketFraming::Message messages[] = {pieces};
      Bytes sent = flatten(framing_.frame(messages));
      const Frame frame(sent);
      EXPECT_EQ(frame.masked, GetParam());
      EXPECT_EQ(frame.payload, whole) << size << " cut at " << cut;
      EXPECT_TRUE(sent.empty());
    }
  }
}

TEST_P(Framing, SeveralMessagesFollowEachOther) {
  std::vector<SharedBuffer> buffers;
  for (std::size_t i = 0; i < 300; ++i) buffers.push_back(SharedBuffer::copy_of(pattern(i + 1)));
  std::vector<WebSocketFraming::Message> messages;
  for (const SharedBuffer& buffer : buffers) messages.emplace_back(&buffer, 1);
  for (int again = 0; again < 2; ++again) {
    Bytes sent = flatten(framing_.frame(messages));
    for (const SharedBuffer& buffer : buffers) {
      EXPECT_EQ(Frame(sent).payload, Bytes(buffer.bytes().begin(), buffer.bytes().end()));
    }
    EXPECT_TRUE(sent.empty());
  }
}

INSTANTIATE_TEST_SUITE_P(Masked, Framing, ::testing::Bool());

TEST(UnmaskedFraming, SendsPayloadsFromWhereTheyLie) {
  const SharedBuffer buffer = SharedBuffer::copy_of(pattern(1000));
  const WebSocketFraming::Message messages[] = {{&buffer, 1}};
  WebSocketFraming framing(false);
  const auto pieces = framing.frame(messages);
  ASSERT_EQ(pieces.size(), 2U);
  EXPECT_EQ(pieces[1].iov_base, buffer.data());
}

/// §5.3 byte by byte, against masking that takes whole blocks: the cut before and behind a piece
/// decides where in the key it begins, the slice where in memory, its length what no block takes.
TEST(MaskedFraming, EveryOffsetAndLengthIsMaskedAsDefined) {
  const SharedBuffer buffer = SharedBuffer::copy_of(pattern(200));
  WebSocketFraming framing(true);
  for (std::size_t offset = 0; offset <= 40; ++offset) {
    for (std::size_t length = 0; length <= 100; ++length) {
      const std::vector<SharedBuffer> pieces{buffer.slice(0, offset), buffer.slice(offset, length),
                                             buffer.slice(1, 3)};
      Bytes whole;
      for (const SharedBuffer& piece : pieces) {
        whole.insert(whole.end(), piece.bytes().begin(), piece.bytes().end());
      }
      const WebSocketFraming::Message messages[] = {pieces};
      Bytes sent = flatten(framing.frame(messages));
      const Frame frame(sent);
      ASSERT_EQ(frame.payload, whole) << length << " bytes from " << offset << " on";
      ASSERT_TRUE(sent.empty());
    }
  }
}

TEST(MaskedFraming, EveryFrameHasAKeyOfItsOwn) {
  const SharedBuffer buffer = SharedBuffer::copy_of(pattern(10));
  const std::vector<WebSocketFraming::Message> messages(100, {&buffer, 1});
  WebSocketFraming framing(true);
  std::set<Bytes> keys;
  for (int again = 0; again < 2; ++again) {
    Bytes sent = flatten(framing.frame(messages));
    while (!sent.empty()) keys.insert(Frame(sent).key);
  }
  EXPECT_GE(keys.size(), 199U) << "two may be equal by chance, hardly more";
}

}  // namespace
}  // namespace lockstep::transport
