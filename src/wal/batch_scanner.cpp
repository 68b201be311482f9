#include "wal/batch_scanner.hpp"

#include <algorithm>

namespace lockstep {

Result<std::optional<BatchScanner::Found>> BatchScanner::next() {
  const std::uint64_t expected = offset_;
  while (window_.holds(offset_, BatchHeader::kEncodedBytes)) {
    const Result<ByteSpan> bytes = window_.at(offset_, BatchHeader::kEncodedBytes);
    if (!bytes) return bytes.error();
    const auto header = decode_batch_header(*bytes, nonce_, offset_);
    if (!header) {
      offset_ += kSectorBytes;
      continue;
    }
    Found found;
    found.offset = offset_;
    found.header = *header;
    found.after_gap = offset_ != expected;
    found.body_in_window = window_.holds(found.body_offset(), header->body_bytes);
    found.end = found.body_in_window ? align_to_sector(found.body_offset() + header->body_bytes)
                                     : window_.end();
    offset_ = found.end;
    return std::optional(found);
  }
  return std::optional<Found>();
}

}  // namespace lockstep
