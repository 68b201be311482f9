#include "transport/websocket_framing.hpp"

#include <algorithm>
#include <cstring>

#include "runtime/system_random.hpp"

namespace lockstep::transport {
namespace {

constexpr std::uint8_t kFinalBinary = 0x82;
constexpr std::uint8_t kMaskBit = 0x80;
/// Memory for masked bytes beyond it is not kept.
constexpr std::size_t kKeptBytes = 128 * 1024;

std::size_t size_of(WebSocketFraming::Message message) {
  std::size_t size = 0;
  for (const SharedBuffer& piece : message) size += piece.size();
  return size;
}

std::uint8_t* put_big_endian(std::uint64_t value, int bytes, std::uint8_t* out) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
    *out++ = static_cast<std::uint8_t>(value >> shift);
  }
  return out;
}

/// All but the mask; where it ends.
std::uint8_t* put_header(std::size_t size, std::uint8_t mask_bit, std::uint8_t* out) {
  *out++ = kFinalBinary;
  if (size < 126) {
    *out++ = static_cast<std::uint8_t>(mask_bit | size);
    return out;
  }
  const bool is_short = size <= 0xffff;
  *out++ = static_cast<std::uint8_t>(mask_bit | (is_short ? 126 : 127));
  return put_big_endian(size, is_short ? 2 : 8, out);
}

using MaskKey = std::array<std::uint8_t, 4>;

/// Writes masked bytes one after another, eight at a time.
class Masker {
 public:
  Masker(const MaskKey& key, std::uint8_t* out) : out_(out) {
    std::copy(key.begin(), key.end(), std::copy(key.begin(), key.end(), key_.begin()));
  }
  void put(ByteSpan bytes) {
    std::uint64_t key = 0;
    std::memcpy(&key, key_.data(), sizeof(key));
    std::size_t i = 0;
    for (; i + sizeof(key) <= bytes.size(); i += sizeof(key)) {
      std::uint64_t word = 0;
      std::memcpy(&word, bytes.data() + i, sizeof(word));
      word ^= key;
      std::memcpy(out_ + i, &word, sizeof(word));
    }
    const std::size_t rest = bytes.size() - i;
    for (std::size_t j = 0; j < rest; ++j) {
      out_[i + j] = static_cast<std::uint8_t>(bytes[i + j] ^ key_[j]);
    }
    // The next byte meets the key where this one has left it.
    std::array<std::uint8_t, 8> turned{};
    for (std::size_t j = 0; j < turned.size(); ++j) turned[j] = key_[(j + rest) % 4];
    key_ = turned;
    out_ += bytes.size();
  }
  [[nodiscard]] std::uint8_t* end() const { return out_; }

 private:
  std::array<std::uint8_t, 8> key_{};
  std::uint8_t* out_;
};

}  // namespace

std::vector<iovec> WebSocketFraming::frame(std::span<const Message> messages) {
  if (masks_) return frame_masked(messages);
  std::vector<iovec> result;
  headers_.resize(messages.size());
  std::size_t pieces = messages.size();
  for (const Message message : messages) pieces += message.size();
  result.reserve(pieces);
  for (std::size_t i = 0; i < messages.size(); ++i) {
    std::uint8_t* const header = headers_[i].data();
    const std::uint8_t* const end = put_header(size_of(messages[i]), 0, header);
    result.push_back({header, static_cast<std::size_t>(end - header)});
    for (const SharedBuffer& piece : messages[i]) {
      result.push_back({const_cast<std::uint8_t*>(piece.data()), piece.size()});
    }
  }
  return result;
}

std::vector<iovec> WebSocketFraming::frame_masked(std::span<const Message> messages) {
  std::size_t size = 0;
  for (const Message message : messages) size += kMaxHeaderBytes + size_of(message);
  if (size > masked_capacity_ || masked_capacity_ > kKeptBytes) {
    masked_ = std::make_unique_for_overwrite<std::uint8_t[]>(size);
    masked_capacity_ = size;
  }
  std::vector<MaskKey> keys(messages.size());
  system_random({keys.front().data(), keys.size() * sizeof(MaskKey)});
  std::uint8_t* out = masked_.get();
  for (std::size_t i = 0; i < messages.size(); ++i) {
    out = put_header(size_of(messages[i]), kMaskBit, out);
    out = std::copy(keys[i].begin(), keys[i].end(), out);
    Masker masker(keys[i], out);
    for (const SharedBuffer& piece : messages[i]) masker.put(piece.bytes());
    out = masker.end();
  }
  return {{masked_.get(), static_cast<std::size_t>(out - masked_.get())}};
}

}  // namespace lockstep::transport
