// Input: a frame, as it comes from the network.
#include "frames.hpp"

using namespace lockstep;  // NOLINT

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  (void)fuzz::check_frame(SharedBuffer::copy_of(ByteSpan(data, size)));
  return 0;
}
