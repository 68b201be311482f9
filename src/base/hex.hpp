#pragma once

#include <string>

#include "lockstep/buffer.hpp"

namespace lockstep {

/// Two lower-case digits a byte.
[[nodiscard]] inline std::string hex(ByteSpan bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const std::uint8_t byte : bytes) {
    text.push_back(kDigits[byte >> 4]);
    text.push_back(kDigits[byte & 15]);
  }
  return text;
}

}  // namespace lockstep
