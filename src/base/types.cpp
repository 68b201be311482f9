#include "lockstep/types.hpp"

#include <algorithm>

#include "base/hex.hpp"

namespace lockstep {

std::string to_hex(const std::array<std::uint8_t, 16>& bytes) { return hex(bytes); }

std::string to_string(const Digest& digest) { return hex(digest.bytes); }

bool NodeId::is_valid() const {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == ':' || c == '-';
  };
  return !name_.empty() && name_.size() <= kMaxBytes &&
         std::all_of(name_.begin(), name_.end(), allowed);
}

}  // namespace lockstep
