#include "transport/websocket_framing.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

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

/// Writes masked bytes one after another, so many at a time as the compiler has registers for.
class Masker {
 public:
  Masker(const std::array<std::uint8_t, 4>& key, std::uint8_t* out) : out_(out) {
    for (std::size_t i = 0; i < key_.size(); ++i) key_[i] = key[i % key.size()];
  }
  void put(ByteSpan bytes) {
    // A local: what is written might be this object's members, for all that the compiler knows.
    std::uint8_t* const out = out_;
    const auto key = std::bit_cast<std::uint64_t>(key_);
    std::size_t i = 0;
    for (; i + sizeof(Words) <= bytes.size(); i += sizeof(Words)) {
      Words words;
      std::memcpy(words.data(), bytes.data() + i, sizeof(words));
      for (std::uint64_t& word : words) word ^= key;
      std::memcpy(out + i, words.data(), sizeof(words));
    }
    for (; i < bytes.size(); ++i) {
      out[i] = static_cast<std::uint8_t>(bytes[i] ^ key_[i % key_.size()]);
    }
    // The next byte meets the key where this one has left it.
    std::rotate(key_.begin(), key_.begin() + static_cast<std::ptrdiff_t>(i % key_.size()),
                key_.end());
    out_ = out + bytes.size();
  }
  [[nodiscard]] std::uint8_t* end() const { return out_; }

 private:
  using Words = std::array<std::uint64_t, 4>;

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

/// From a stock, as asking the system for each would cost a call a frame.
WebSocketFraming::MaskKey WebSocketFraming::next_key() {
  if (keys_used_ == keys_.size()) {
    system_random({keys_.front().data(), sizeof(keys_)});
    keys_used_ = 0;
  }
  return std::exchange(keys_[keys_used_++], {});
}

std::vector<iovec> WebSocketFraming::frame_masked(std::span<const Message> messages) {
  std::size_t size = 0;
  for (const Message message : messages) size += kMaxHeaderBytes + size_of(message);
  if (size > masked_capacity_ || masked_capacity_ > kKeptBytes) {
    masked_ = std::make_unique_for_overwrite<std::uint8_t[]>(size);
    masked_capacity_ = size;
  }
  std::uint8_t* out = masked_.get();
  for (const Message message : messages) {
    const MaskKey key = next_key();
    out = put_header(size_of(message), kMaskBit, out);
    out = std::copy(key.begin(), key.end(), out);
    Masker masker(key, out);
    for (const SharedBuffer& piece : message) masker.put(piece.bytes());
    out = masker.end();
  }
  return {{masked_.get(), static_cast<std::size_t>(out - masked_.get())}};
}

}  // namespace lockstep::transport
