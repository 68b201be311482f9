#include "wal/batch_scanner.hpp"

#include <algorithm>

namespace lockstep {

std::optional<BatchScanner::Found> BatchScanner::next() {
  const std::uint64_t expected = offset_;
  read_error_ = {};
  for (; window_.holds(offset_, BatchHeader::kEncodedBytes); offset_ += kSectorBytes) {
    const Result<ByteSpan> bytes = window_.at(offset_, BatchHeader::kEncodedBytes);
    if (!bytes && offset_ == expected) read_error_ = bytes.error();
    if (!bytes) continue;
    const auto header = decode_batch_header(*bytes, nonce_, offset_);
    if (!header) continue;
    Found found;
    found.offset = offset_;
    found.header = *header;
    found.after_gap = offset_ != expected;
    found.body_in_window = window_.holds(found.body_offset(), header->body_bytes);
    found.end = found.body_in_window ? align_to_sector(found.body_offset() + header->body_bytes)
                                     : window_.end();
    offset_ = found.end;
    return found;
  }
  return std::nullopt;
}

}  // namespace lockstep
