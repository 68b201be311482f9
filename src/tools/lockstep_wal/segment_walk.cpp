#include "tools/lockstep_wal/segment_walk.hpp"

#include <algorithm>

#include "base/entry_codec.hpp"
#include "wal/record_codec.hpp"

namespace lockstep::tools {
namespace {

constexpr std::size_t kReadAhead = 1 << 20;

WalkStep gap(std::uint64_t from, std::uint64_t to) {
  WalkStep step;
  step.offset = from;
  step.end = to;
  return step;
}

}  // namespace

SegmentWalk::SegmentWalk(IFile& file, std::uint64_t nonce, std::uint64_t from, std::uint64_t end)
    : window_(file, end, kReadAhead),
      scanner_(window_, nonce, from),
      nonce_(nonce),
      position_(from) {}

std::optional<WalkStep> SegmentWalk::next() {
  if (pending_) return std::exchange(pending_, std::nullopt);
  const std::optional<BatchScanner::Found> found = scanner_.next();
  if (!found) {
    const std::uint64_t from = std::exchange(position_, window_.end());
    if (from >= window_.end()) return std::nullopt;
    return gap(from, window_.end());
  }
  WalkStep step = check(*found);
  const std::uint64_t from = std::exchange(position_, step.end);
  const std::uint64_t number = step.header->number;
  const bool follows = !last_number_ || number == *last_number_ + 1;
  last_number_ = number;
  if (from == step.offset && follows) return step;
  pending_ = std::move(step);
  return gap(from, pending_->offset);
}

WalkStep SegmentWalk::check(const BatchScanner::Found& found) {
  WalkStep step;
  step.offset = found.offset;
  step.end = found.end;
  step.header = found.header;
  const std::uint64_t there = window_.end() - std::min(window_.end(), found.body_offset());
  const SharedBuffer body =
      read_body(found.body_offset(), std::min(found.header.body_bytes, there));
  const std::uint32_t seed = batch_seed(nonce_, found.offset, found.header.number);
  step.body_whole =
      body.size() == found.header.body_bytes && crc32c(body.bytes(), seed) == found.header.body_crc;
  take_entries(body, step);
  return step;
}

/// With zeros in the place of sectors that cannot be read.
SharedBuffer SegmentWalk::read_body(std::uint64_t offset, std::uint64_t bytes) {
  if (const Result<SharedBuffer> body = window_.share(offset, bytes)) return *body;
  std::vector<std::uint8_t> body(static_cast<std::size_t>(bytes));
  for (std::uint64_t done = 0; done < bytes;) {
    const std::uint64_t sector_end = align_to_sector(offset + done + 1);
    const std::uint64_t size = std::min(bytes, sector_end - offset) - done;
    if (const Result<ByteSpan> sector = window_.at(offset + done, size)) {
      std::copy(sector->begin(), sector->end(), body.begin() + static_cast<std::ptrdiff_t>(done));
    }
    done += size;
  }
  return SharedBuffer::adopt(std::move(body));
}

void SegmentWalk::take_entries(const SharedBuffer& body, WalkStep& step) {
  // By place, as the log reads them: an entry that cannot be made out leaves its index out.
  Index index = step.range().first;
  const RecordType wanted = step.repairs() ? RecordType::kCopy : RecordType::kEntry;
  RecordReader records(body.bytes());
  while (const std::optional<Record> record = records.next()) {
    if (record->type != wanted) continue;
    const Index expected = index;
    index = index.next();
    if (record->content.size() < Digest::kBytes + EntryHeader::kEncodedBytes) continue;
    Entry entry;
    std::copy_n(record->content.data(), Digest::kBytes, entry.digest.bytes.begin());
    const auto offset = static_cast<std::size_t>(record->content.data() - body.data());
    entry.encoded = body.slice(offset + Digest::kBytes, record->content.size() - Digest::kBytes);
    const auto header = decode_entry_header(entry.encoded.bytes());
    if (!header || header->index != expected) continue;
    entry.header = *header;
    if (verify_entry(sha_, entry)) step.entries.push_back(std::move(entry));
  }
}

}  // namespace lockstep::tools
