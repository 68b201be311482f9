#include "lockstep/buffer.hpp"

#include <utility>

namespace lockstep {

SharedBuffer SharedBuffer::copy_of(ByteSpan bytes) { return adopt({bytes.begin(), bytes.end()}); }

SharedBuffer SharedBuffer::adopt(std::vector<std::uint8_t> bytes) {
  auto owner = std::make_shared<const std::vector<std::uint8_t>>(std::move(bytes));
  const ByteSpan view = *owner;
  return {std::move(owner), view};
}

}  // namespace lockstep
