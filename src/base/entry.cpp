#include "lockstep/entry.hpp"

#include <algorithm>

namespace lockstep {

bool is_known(EntryKind kind) {
  switch (kind) {
    case EntryKind::kNoop:
    case EntryKind::kConfiguration:
    case EntryKind::kCommand:
    case EntryKind::kOpenSession:
    case EntryKind::kSessionCommand:
      return true;
  }
  return false;
}

Payload::Payload(std::size_t size)
    : memory_(std::make_shared_for_overwrite<std::uint8_t[]>(EntryHeader::kEncodedBytes + size)),
      size_(size) {}

Payload::Payload(ByteSpan bytes) : Payload(bytes.size()) {
  std::copy(bytes.begin(), bytes.end(), this->bytes().begin());
}

std::shared_ptr<std::uint8_t[]> Payload::release() && {
  size_ = 0;
  return std::move(memory_);
}

}  // namespace lockstep
