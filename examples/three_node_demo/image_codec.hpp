#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace lockstep_demo {

/// Numbers and texts, one after the other, each text with its length before it.
class ImageWriter {
 public:
  void number(std::uint64_t value) {
    for (int shift = 0; shift < 64; shift += 8) {
      bytes_.push_back(static_cast<char>((value >> shift) & 0xFFU));
    }
  }
  void text(std::string_view value) {
    number(value.size());
    bytes_.append(value);
  }
  [[nodiscard]] std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

/// Reads what an ImageWriter has written. Where the bytes end too early it gives zeros and empty
/// texts from there on, and `complete` says so.
class ImageReader {
 public:
  /// `bytes` must outlive the reader.
  explicit ImageReader(std::string_view bytes) : rest_(bytes) {}

  std::uint64_t number() {
    const std::string_view bytes = take(8);
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      value |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
    }
    return value;
  }
  std::string text() { return std::string(take(number())); }
  /// Of things that take a byte at least, so that a damaged number costs no memory.
  std::uint64_t count() {
    const std::uint64_t value = number();
    if (value <= rest_.size()) return value;
    failed_ = true;
    return 0;
  }
  /// Everything was read, and nothing was missing.
  [[nodiscard]] bool complete() const { return !failed_ && rest_.empty(); }

 private:
  std::string_view take(std::uint64_t size) {
    if (failed_ || size > rest_.size()) {
      failed_ = true;
      return {};
    }
    const std::string_view taken = rest_.substr(0, static_cast<std::size_t>(size));
    rest_.remove_prefix(taken.size());
    return taken;
  }

  std::string_view rest_;
  bool failed_ = false;
};

}  // namespace lockstep_demo
