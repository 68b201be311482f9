#include "transport/bit_flip.hpp"

#include <vector>

#include "wire/frame_header.hpp"

namespace lockstep::transport {

bool carries_entries(ByteSpan frame) {
  const auto header = wire::decode_frame_header(frame);
  return header && header->entry_count > 0;
}

SharedBuffer flip_bit(ByteSpan frame, std::uint64_t bit) {
  std::vector<std::uint8_t> copy(frame.begin(), frame.end());
  bit %= copy.size() * 8;
  copy[bit / 8] = static_cast<std::uint8_t>(copy[bit / 8] ^ (1U << (bit % 8)));
  return SharedBuffer::adopt(std::move(copy));
}

}  // namespace lockstep::transport
