#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lockstep/export.hpp"

namespace lockstep {

using ByteSpan = std::span<const std::uint8_t>;

[[nodiscard]] inline ByteSpan as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

/// A slice of immutable bytes that shares ownership of the memory it lies in, such as a receive
/// buffer. Cheap to copy; safe to read from any thread.
class SharedBuffer {
 public:
  SharedBuffer() = default;
  SharedBuffer(std::shared_ptr<const void> owner, ByteSpan bytes)
      : owner_(std::move(owner)), bytes_(bytes) {}

  [[nodiscard]] LOCKSTEP_EXPORT static SharedBuffer copy_of(ByteSpan bytes);
  [[nodiscard]] static SharedBuffer copy_of(std::string_view text) {
    return copy_of(as_bytes(text));
  }
  [[nodiscard]] LOCKSTEP_EXPORT static SharedBuffer adopt(std::vector<std::uint8_t> bytes);

  [[nodiscard]] ByteSpan bytes() const { return bytes_; }
  [[nodiscard]] const std::uint8_t* data() const { return bytes_.data(); }
  [[nodiscard]] std::size_t size() const { return bytes_.size(); }
  [[nodiscard]] bool empty() const { return bytes_.empty(); }
  [[nodiscard]] std::string_view view() const {
    return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()};
  }
  /// Shares the owner. Precondition: `offset + length <= size()`.
  [[nodiscard]] SharedBuffer slice(std::size_t offset, std::size_t length) const {
    return {owner_, bytes_.subspan(offset, length)};
  }

 private:
  std::shared_ptr<const void> owner_;
  ByteSpan bytes_;
};

}  // namespace lockstep
