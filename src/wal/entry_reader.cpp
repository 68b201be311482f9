#include "wal/entry_reader.hpp"

#include <algorithm>

#include "base/byte_codec.hpp"
#include "base/entry_codec.hpp"
#include "wal/record_codec.hpp"

namespace lockstep {
namespace {

constexpr std::size_t kSmallestRead = 16 << 10;
constexpr std::size_t kLargestRead = 1 << 20;

Error damaged(Index index) {
  return {Errc::kCorruption, "entry " + to_string(index) + " is damaged on the disk"};
}

}  // namespace

Result<std::vector<Entry>> EntryReader::read(IndexRange range, std::size_t byte_budget) {
  Request request{range.first, range.last, byte_budget, {}};
  while (!request.done && request.next <= request.last) {
    const LogMap::Extent* const extent = map_.find(request.next);
    const Result<> read =
        extent != nullptr ? read_extent(*extent, request) : Result<>(damaged(request.next));
    if (!read) {
      // What was asked for first decides; the next read begins at the trouble and reports it.
      if (request.entries.empty()) return read.error();
      break;
    }
  }
  return std::move(request.entries);
}

Result<> EntryReader::read_extent(const LogMap::Extent& extent, Request& request) {
  const LogMap::Segment* const segment = map_.segment(extent.segment);
  if (segment == nullptr) return damaged(request.next);
  const Result<IFile*> file = open_segment(extent.segment);
  if (!file) return file.error();
  const std::size_t read_ahead =
      std::clamp(request.bytes_left + kSmallestRead, kSmallestRead, kLargestRead);
  FileWindow window(**file, segment->end, read_ahead);
  const Index last_of_extent = extent.range.last;
  BatchScanner scanner(window, segment->nonce, LogMap::nearest_place(extent, request.next).offset);
  while (!request.done && request.next <= std::min(request.last, last_of_extent)) {
    Result<std::optional<BatchScanner::Found>> next = scanner.next();
    if (!next) return next.error();
    std::optional<BatchScanner::Found>& batch = *next;
    if (extent.repaired && batch) {
      if (!batch->header.repaired.contains(request.next)) return damaged(request.next);
      batch->header.first_index = batch->header.repaired.first;
      batch->header.last.index = batch->header.repaired.last;
    }
    // Passed over, or not there: its header is damaged.
    if (!batch || batch->header.first_index > request.next) return damaged(request.next);
    const bool any = batch->header.first_index <= batch->header.last.index;
    if (any) map_.learn(request.next, {batch->header.first_index, batch->offset});
    if (!any || batch->header.last.index < request.next) continue;
    if (!batch->body_in_window) return damaged(request.next);
    if (Result<> read = read_batch(window, *batch, last_of_extent, request); !read) return read;
  }
  return {};
}

Result<> EntryReader::read_batch(FileWindow& window, const BatchScanner::Found& batch,
                                 Index last_of_extent, Request& request) {
  std::uint64_t offset = batch.body_offset();
  const std::uint64_t body_end = offset + batch.header.body_bytes;
  Index index = batch.header.first_index;
  const Index last = std::min({request.last, last_of_extent, batch.header.last.index});
  while (index <= last) {
    if (body_end - offset < kRecordHeaderBytes) return damaged(request.next);
    const Result<ByteSpan> head = window.at(offset, kRecordHeaderBytes);
    if (!head) return head.error();
    if (head->size() < kRecordHeaderBytes) return damaged(request.next);
    const auto type = static_cast<RecordType>(load_le<std::uint32_t>(head->data()));
    const std::uint64_t length = load_le<std::uint32_t>(head->data() + 4);
    offset += kRecordHeaderBytes;
    if (length > body_end - offset) return damaged(request.next);
    const std::uint64_t content = offset;
    offset += length;
    const bool is_copy = !batch.header.repaired.empty();
    if (type != (is_copy ? RecordType::kCopy : RecordType::kEntry)) continue;
    const Index found = index;
    index = index.next();
    if (found < request.next) continue;

    const Result<SharedBuffer> bytes = window.share(content, length);
    if (!bytes) return bytes.error();
    if (bytes->size() <
        std::max<std::uint64_t>(length, Digest::kBytes + EntryHeader::kEncodedBytes)) {
      return damaged(found);
    }
    Entry entry;
    std::copy_n(bytes->data(), Digest::kBytes, entry.digest.bytes.begin());
    entry.encoded = bytes->slice(Digest::kBytes, bytes->size() - Digest::kBytes);
    const auto header = decode_entry_header(entry.encoded.bytes());
    if (!header || header->index != found) return damaged(found);
    entry.header = *header;
    if (!verify_entry(sha_, entry)) return damaged(found);

    if (!request.entries.empty() && entry.size_bytes() > request.bytes_left) {
      request.done = true;
      return {};
    }
    request.bytes_left -= std::min(request.bytes_left, entry.size_bytes());
    request.entries.push_back(std::move(entry));
    request.next = found.next();
  }
  return {};
}

Result<IFile*> EntryReader::open_segment(std::uint64_t number) {
  if (!open_file_ || open_number_ != number) {
    Result<std::unique_ptr<IFile>> file = folder_.open_segment(number);
    if (!file) return file.error();
    open_file_ = std::move(*file);
    open_number_ = number;
  }
  return open_file_.get();
}

}  // namespace lockstep
