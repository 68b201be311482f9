#include <array>

#include "base/byte_codec.hpp"
#include "base/digest.hpp"

namespace lockstep {
namespace {

constexpr std::uint32_t kPolynomial = 0x82f63b78;  // reflected

constexpr auto make_tables() {
  std::array<std::array<std::uint32_t, 256>, 8> tables{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) ? kPolynomial : 0);
    tables[0][i] = crc;
  }
  for (std::size_t t = 1; t < 8; ++t) {
    for (std::size_t i = 0; i < 256; ++i) {
      tables[t][i] = (tables[t - 1][i] >> 8) ^ tables[0][tables[t - 1][i] & 0xff];
    }
  }
  return tables;
}

constexpr auto kTables = make_tables();

std::uint32_t update_bytewise(std::uint32_t crc, ByteSpan bytes) {
  for (const std::uint8_t byte : bytes) crc = (crc >> 8) ^ kTables[0][(crc ^ byte) & 0xff];
  return crc;
}

/// Eight bytes a step ("slicing by 8", Kounavis and Berry 2005).
std::uint32_t update_by_tables(std::uint32_t crc, ByteSpan bytes) {
  while (bytes.size() >= 8) {
    const std::uint64_t word = load_le<std::uint64_t>(bytes.data()) ^ crc;
    crc = 0;
    for (std::size_t i = 0; i < 8; ++i) crc ^= kTables[7 - i][(word >> (8 * i)) & 0xff];
    bytes = bytes.subspan(8);
  }
  return update_bytewise(crc, bytes);
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) std::uint32_t update_by_instruction(std::uint32_t crc,
                                                                      ByteSpan bytes) {
  std::uint64_t wide = crc;
  while (bytes.size() >= 8) {
    wide = __builtin_ia32_crc32di(wide, load_le<std::uint64_t>(bytes.data()));
    bytes = bytes.subspan(8);
  }
  return update_bytewise(static_cast<std::uint32_t>(wide), bytes);
}

std::uint32_t update(std::uint32_t crc, ByteSpan bytes) {
  static const bool kHasInstruction = __builtin_cpu_supports("sse4.2") != 0;
  return kHasInstruction ? update_by_instruction(crc, bytes) : update_by_tables(crc, bytes);
}
#else
std::uint32_t update(std::uint32_t crc, ByteSpan bytes) { return update_by_tables(crc, bytes); }
#endif

}  // namespace

std::uint32_t crc32c(ByteSpan bytes, std::uint32_t seed) { return ~update(~seed, bytes); }

std::uint32_t crc32c_portable(ByteSpan bytes, std::uint32_t seed) {
  return ~update_by_tables(~seed, bytes);
}

}  // namespace lockstep
