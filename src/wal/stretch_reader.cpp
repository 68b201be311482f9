#include "wal/stretch_reader.hpp"

#include <algorithm>
#include <utility>

#include "base/byte_codec.hpp"
#include "base/digest.hpp"
#include "base/entry_codec.hpp"
#include "wal/record_codec.hpp"

namespace lockstep {

StretchReader::Step StretchReader::next() {
  while (expected_ <= stretch_.range.last) {
    const std::optional<BatchScanner::Found> found = next_found();
    if (!found) return lost(stretch_.end, "a batch is not where it was written");
    const BatchHeader& header = found->header;
    const IndexRange entries =
        stretch_.repaired ? header.repaired : IndexRange{header.first_index, header.last.index};
    if (entries.first < expected_ || (stretch_.repaired && entries.first != expected_)) {
      return lost(stretch_.end, "a batch is not the one that was written");
    }
    if (entries.first > expected_) {
      behind_damage_ = found;
      return lost(std::min(stretch_.end, entries.first.previous()),
                  "the header of a batch is damaged");
    }
    position_ = found->end;
    if (entries.empty()) continue;
    expected_ = entries.last.next();
    const Batch batch{*found,
                      entries,
                      {std::max(entries.first, stretch_.range.first),
                       std::min(entries.last, stretch_.range.last)}};
    if (batch.live.empty()) continue;
    if (found->body_in_window) return {batch, {}};
    return {{}, damage_of(batch, "a batch is cut off")};
  }
  return {};
}

std::optional<BatchScanner::Found> StretchReader::next_found() {
  if (behind_damage_) return std::exchange(behind_damage_, std::nullopt);
  return scanner_.next();
}

bool StretchReader::is_whole(const Batch& batch) {
  const BatchHeader& header = batch.found.header;
  const Result<ByteSpan> body = window_.at(batch.found.body_offset(), header.body_bytes);
  if (!body || body->size() < header.body_bytes) return false;
  const std::uint32_t seed = batch_seed(stretch_.segment.nonce, batch.found.offset, header.number);
  return crc32c(*body, seed) == header.body_crc;
}

StretchReader::Step StretchReader::lost(Index last, const char* what) {
  const IndexRange range{std::exchange(expected_, last.next()), last};
  return {{}, DamagedPlace{stretch_.segment.number, position_, range, what}};
}

std::optional<Entry> BatchEntries::next() {
  for (;;) {
    if (end_ - offset_ < kRecordHeaderBytes) return std::nullopt;
    const Result<ByteSpan> head = window_.at(offset_, kRecordHeaderBytes);
    if (!head || head->size() < kRecordHeaderBytes) return std::nullopt;
    const auto type = static_cast<RecordType>(load_le<std::uint32_t>(head->data()));
    const std::uint64_t length = load_le<std::uint32_t>(head->data() + 4);
    const std::uint64_t content = offset_ + kRecordHeaderBytes;
    if (length > end_ - content) return std::nullopt;
    offset_ = content + length;
    if (type != (is_copies_ ? RecordType::kCopy : RecordType::kEntry)) continue;
    const Index index = std::exchange(index_, index_.next());
    if (index < wanted_) continue;

    if (length < Digest::kBytes + EntryHeader::kEncodedBytes) return std::nullopt;
    const Result<SharedBuffer> bytes = window_.share(content, length);
    if (!bytes || bytes->size() < length) return std::nullopt;
    Entry entry;
    std::copy_n(bytes->data(), Digest::kBytes, entry.digest.bytes.begin());
    entry.encoded = bytes->slice(Digest::kBytes, bytes->size() - Digest::kBytes);
    const auto header = decode_entry_header(entry.encoded.bytes());
    if (!header || header->index != index) return std::nullopt;
    entry.header = *header;
    return entry;
  }
}

}  // namespace lockstep
