#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "lockstep/buffer.hpp"
#include "lockstep/types.hpp"

namespace lockstep {

/// Stores an unsigned integer in little-endian order, whatever the machine's.
template <class T>
inline void store_le(std::uint8_t* out, T value) {
  if constexpr (std::endian::native == std::endian::little) {
    std::memcpy(out, &value, sizeof(T));
    return;
  }
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    out[i] = static_cast<std::uint8_t>(static_cast<std::uint64_t>(value) >> (8 * i));
  }
}

template <class T>
[[nodiscard]] inline T load_le(const std::uint8_t* in) {
  if constexpr (std::endian::native == std::endian::little) {
    T native;
    std::memcpy(&native, in, sizeof(T));
    return native;
  }
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) value |= std::uint64_t{in[i]} << (8 * i);
  return static_cast<T>(value);
}

/// Appends fields, little-endian, to a growing buffer.
class ByteWriter {
 public:
  void u8(std::uint8_t value) { bytes_.push_back(value); }
  void u16(std::uint16_t value) { integer(value); }
  void u32(std::uint32_t value) { integer(value); }
  void u64(std::uint64_t value) { integer(value); }
  void raw(ByteSpan bytes) {
    const std::size_t end = bytes_.size();
    bytes_.resize(end + bytes.size());
    if (!bytes.empty()) std::memcpy(bytes_.data() + end, bytes.data(), bytes.size());
  }
  template <class Tag>
  void number(StrongNumber<Tag> value) {
    u64(value.value());
  }
  template <class Tag>
  void id(const StrongId<Tag>& value) {
    raw(value.bytes());
  }
  void digest(const Digest& value) { raw(value.bytes); }
  /// One byte of length, then the text. Precondition: at most 255 bytes.
  void short_text(std::string_view text) {
    u8(static_cast<std::uint8_t>(text.size()));
    raw(as_bytes(text));
  }
  void node(const NodeId& value) { short_text(value.str()); }
  /// Four bytes of length, then the bytes.
  void sized(ByteSpan bytes) {
    u32(static_cast<std::uint32_t>(bytes.size()));
    raw(bytes);
  }

  [[nodiscard]] std::size_t size() const { return bytes_.size(); }
  [[nodiscard]] const std::vector<std::uint8_t>& bytes() const { return bytes_; }
  [[nodiscard]] std::vector<std::uint8_t> take() { return std::move(bytes_); }

 private:
  template <class T>
  void integer(T value) {
    std::array<std::uint8_t, sizeof(T)> encoded;
    store_le(encoded.data(), value);
    raw(encoded);
  }
  std::vector<std::uint8_t> bytes_;
};

/// Reads fields back. A read beyond the end yields zeros and sets `failed()`, so that a decoder
/// checks once, at its end.
class ByteReader {
 public:
  explicit ByteReader(ByteSpan bytes) : bytes_(bytes) {}

  [[nodiscard]] std::uint8_t u8() { return integer<std::uint8_t>(); }
  [[nodiscard]] std::uint16_t u16() { return integer<std::uint16_t>(); }
  [[nodiscard]] std::uint32_t u32() { return integer<std::uint32_t>(); }
  [[nodiscard]] std::uint64_t u64() { return integer<std::uint64_t>(); }
  template <class Number>
  [[nodiscard]] Number number() {
    return Number(u64());
  }
  template <class Id>
  [[nodiscard]] Id id() {
    typename Id::Bytes bytes{};
    copy_to(bytes);
    return Id(bytes);
  }
  [[nodiscard]] Digest digest() {
    Digest value;
    copy_to(value.bytes);
    return value;
  }
  [[nodiscard]] ByteSpan raw(std::size_t size) {
    if (size > remaining()) {
      fail();
      return {};
    }
    const ByteSpan result = bytes_.subspan(offset_, size);
    offset_ += size;
    return result;
  }
  [[nodiscard]] std::string short_text() {
    const ByteSpan text = raw(u8());
    return {text.begin(), text.end()};
  }
  /// An invalid id fails the reader, an empty one does not.
  [[nodiscard]] NodeId node() {
    NodeId id(short_text());
    if (!id.is_none() && !id.is_valid()) fail();
    return id;
  }
  [[nodiscard]] ByteSpan sized() { return raw(u32()); }
  /// A count of items that take at least `item_bytes` each: more than can follow fails the reader
  /// and yields 0, so that nothing is allocated for items that are not there.
  [[nodiscard]] std::size_t count(std::size_t item_bytes) {
    const std::size_t n = u32();
    if (n > remaining() / item_bytes) {
      fail();
      return 0;
    }
    return n;
  }

  [[nodiscard]] std::size_t offset() const { return offset_; }
  [[nodiscard]] std::size_t remaining() const { return bytes_.size() - offset_; }
  [[nodiscard]] bool failed() const { return failed_; }
  /// Nothing failed and nothing is left.
  [[nodiscard]] bool complete() const { return !failed_ && remaining() == 0; }
  void fail() {
    failed_ = true;
    offset_ = bytes_.size();
  }

 private:
  template <class T>
  T integer() {
    const ByteSpan bytes = raw(sizeof(T));
    return bytes.empty() ? T{} : load_le<T>(bytes.data());
  }
  template <std::size_t N>
  void copy_to(std::array<std::uint8_t, N>& out) {
    const ByteSpan bytes = raw(N);
    if (!bytes.empty()) std::memcpy(out.data(), bytes.data(), N);
  }

  ByteSpan bytes_;
  std::size_t offset_ = 0;
  bool failed_ = false;
};

}  // namespace lockstep
