#include "wal/batch_builder.hpp"

#include <algorithm>
#include <array>

#include "base/digest.hpp"

namespace lockstep {
namespace {

/// A reader that looks for one entry walks its batch from the start, and damage takes a batch as a
/// whole, so what is written together is cut into batches of about this size.
constexpr std::uint64_t kBatchTargetBytes = 128 << 10;

constexpr std::array<std::uint8_t, kSectorBytes> kPadding{};

}  // namespace

void BatchBuilder::begin(std::uint64_t nonce, std::uint64_t offset, std::uint64_t next_number,
                         const LogCounters& counters, const LogState& log) {
  nonce_ = nonce;
  end_ = offset;
  next_number_ = next_number;
  counters_ = counters;
  last_ = log.last();
  newest_configuration_ = log.get().newest_configuration;
  under_way_ = false;
  arena_.clear();
  pieces_.clear();
  batches_.clear();
  header_places_.clear();
}

void BatchBuilder::begin_change() {
  if (under_way_ && open_.bytes >= kBatchTargetBytes) end_batch();
  if (!under_way_) begin_batch();
}

void BatchBuilder::begin_change_by_truncation(Index from, EntryId left) {
  end_batch();
  begin_batch();
  counters_.note_truncation(from);
  ++counters_.truncations;
  last_ = left;
  // Which one is the newest then, a later batch will tell.
  if (newest_configuration_ >= from) newest_configuration_.reset();
  open_.header.truncate_from = from;
  open_.header.first_index = left.index.next();
}

void BatchBuilder::add_entry(const Entry& entry) {
  if (open_.header.first_index == entry.header.index) open_.header.first_term = entry.header.term;
  put_entry(RecordType::kEntry, entry);
  last_ = entry.id();
  if (entry.header.kind == EntryKind::kConfiguration) newest_configuration_ = last_.index;
}

void BatchBuilder::add_repair(const std::vector<Entry>& entries) {
  end_batch();
  begin_batch();
  open_.header.repaired = {entries.front().header.index, entries.back().header.index};
  for (const Entry& entry : entries) put_entry(RecordType::kCopy, entry);
  end_batch();
}

void BatchBuilder::add_record(RecordType type, ByteSpan content, bool restated) {
  if (!restated && type == RecordType::kState) ++counters_.state_version;
  if (!restated && (type == RecordType::kBoundary || type == RecordType::kReset)) {
    ++counters_.boundary_version;
  }
  std::uint8_t* const record = arena_.take(kRecordHeaderBytes + content.size());
  encode_record_header(type, content.size(), record);
  std::copy(content.begin(), content.end(), record + kRecordHeaderBytes);
  put_in_body({record, kRecordHeaderBytes + content.size()});
  ++open_.header.records;
}

void BatchBuilder::add_copy(const BatchHeader& header, ByteSpan body) {
  end_batch();
  begin_batch();
  open_.header.truncate_from = header.truncate_from;
  open_.header.first_index = header.first_index;
  open_.header.first_term = header.first_term;
  open_.header.records = header.records;
  open_.header.repaired = header.repaired;
  put_in_body(body);
  const Index truncated_min = counters_.truncated_min;
  counters_ = header.counters;
  counters_.truncated_min = truncated_min;  // of this segment
  counters_.note_truncation(header.truncate_from);
  last_ = header.last;
  newest_configuration_ = header.newest_configuration;
  end_batch();
}

std::uint8_t* BatchBuilder::add_sectors(std::size_t count) {
  std::uint8_t* const sectors = arena_.take(count * kSectorBytes);
  put({sectors, count * kSectorBytes});
  return sectors;
}

void BatchBuilder::seal(std::uint64_t proven_end) {
  end_batch();
  for (std::size_t i = 0; i < batches_.size(); ++i) {
    batches_[i].header.proven_end = proven_end;
    encode_batch_header(batches_[i].header, nonce_, batches_[i].offset, header_places_[i]);
  }
}

void BatchBuilder::begin_batch() {
  open_ = {};
  open_.offset = end_;
  open_.header.number = next_number_++;
  open_.header.first_index = last_.index.next();
  open_.crc = batch_seed(nonce_, end_, open_.header.number);
  header_places_.push_back(arena_.take(BatchHeader::kEncodedBytes));
  put({header_places_.back(), BatchHeader::kEncodedBytes});
  under_way_ = true;
}

void BatchBuilder::end_batch() {
  if (!under_way_) return;
  open_.header.body_bytes = open_.bytes;
  open_.header.body_crc = open_.crc;
  open_.header.last = last_;
  open_.header.counters = counters_;
  open_.header.newest_configuration = newest_configuration_;
  const std::uint64_t exact = open_.offset + BatchHeader::kEncodedBytes + open_.bytes;
  end_ = align_to_sector(exact);
  put(ByteSpan(kPadding).first(end_ - exact));
  batches_.push_back({open_.offset, end_, open_.header});
  under_way_ = false;
}

void BatchBuilder::put_entry(RecordType type, const Entry& entry) {
  std::uint8_t* const head = arena_.take(kEntryRecordOverhead);
  encode_record_header(type, Digest::kBytes + entry.encoded.size(), head);
  std::copy(entry.digest.bytes.begin(), entry.digest.bytes.end(), head + kRecordHeaderBytes);
  put_in_body({head, kEntryRecordOverhead});
  put_in_body(entry.encoded.bytes());
  ++open_.header.records;
}

void BatchBuilder::put(ByteSpan piece) {
  if (piece.empty()) return;
  // Neighbours in the arena become one piece.
  if (!pieces_.empty() && pieces_.back().data() + pieces_.back().size() == piece.data()) {
    pieces_.back() = {pieces_.back().data(), pieces_.back().size() + piece.size()};
  } else {
    pieces_.push_back(piece);
  }
}

void BatchBuilder::put_in_body(ByteSpan piece) {
  open_.crc = crc32c(piece, open_.crc);
  open_.bytes += piece.size();
  put(piece);
}

}  // namespace lockstep
