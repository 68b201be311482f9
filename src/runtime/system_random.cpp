#include "runtime/system_random.hpp"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <bit>
#include <random>

namespace lockstep {

std::uint64_t system_random() {
  std::array<std::uint8_t, sizeof(std::uint64_t)> bytes{};
  system_random(bytes);
  return std::bit_cast<std::uint64_t>(bytes);
}

void system_random(std::span<std::uint8_t> bytes) {
  // Requests of up to 256 bytes are never cut short once the kernel's pool is seeded.
  constexpr std::size_t kWholeBytes = 256;
  while (!bytes.empty()) {
    const auto piece = bytes.first(std::min(bytes.size(), kWholeBytes));
    if (::getrandom(piece.data(), piece.size(), 0) != static_cast<ssize_t>(piece.size())) {
      std::random_device device;
      for (std::uint8_t& byte : piece) byte = static_cast<std::uint8_t>(device());
    }
    bytes = bytes.subspan(piece.size());
  }
}

}  // namespace lockstep
