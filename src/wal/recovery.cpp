#include "wal/recovery.hpp"

#include <algorithm>
#include <deque>

#include "base/digest.hpp"
#include "wal/batch_scanner.hpp"
#include "wal/replay.hpp"

namespace lockstep {
namespace {

constexpr std::size_t kReadAhead = 1 << 20;

Error in_file(const Error& error, const std::string& path) {
  return {error.code, path + ": " + error.message};
}

/// Goes through one segment. A batch is held back until a later header proves that it was synced;
/// what is held back at the end is the tail.
class SegmentRecovery {
 public:
  SegmentRecovery(FileWindow& window, const SegmentHeader& header, Recovered& result)
      : window_(window),
        scanner_(window_, header.nonce, kFirstBatchOffset),
        nonce_(header.nonce),
        replay_(result.log),
        result_(result) {
    replay_.set_segment(header.number, header.nonce);
  }

  Result<> run() {
    while (const std::optional<BatchScanner::Found> found = scanner_.next()) {
      hold(*found);
      if (Result<> applied = apply_proven(); !applied) return applied;
    }
    const bool end_missing = proven_end_ > position_;
    if (end_missing) remark_damage(position_, proven_end_);
    if (!held_.empty()) replay_.close_gap(held_.front().batch.header, held_.front().whole);
    if (Result<> kept = keep_tail(); !kept) return kept;
    for (const TailBatch& kept : result_.tail) {
      replay_.look_ahead(kept.header, kept.body.bytes());
    }
    return replay_.finish(end_missing);
  }

 private:
  struct Held {
    bool is_gap = false;
    bool whole = false;
    Replay::Batch batch;  // of a gap: only where it lies
    SharedBuffer body;
    Error read_error;
  };

  void hold(const BatchScanner::Found& found) {
    const bool follows = !found.after_gap && (position_ == kFirstBatchOffset ||
                                              found.header.number == last_number_ + 1);
    if (!follows) {
      Held gap;
      gap.is_gap = true;
      gap.batch.offset = position_;
      gap.batch.end = found.offset;
      gap.read_error = scanner_.read_error();
      held_.push_back(std::move(gap));
    }
    Held held;
    held.batch = {found.offset, found.end, found.header};
    if (found.body_in_window) {
      Result<SharedBuffer> body = window_.share(found.body_offset(), found.header.body_bytes);
      if (body) held.body = std::move(*body);
      if (!body) held.read_error = body.error();
      const std::uint32_t seed = batch_seed(nonce_, found.offset, found.header.number);
      held.whole = held.body.size() == found.header.body_bytes &&
                   crc32c(held.body.bytes(), seed) == found.header.body_crc;
    }
    held_.push_back(std::move(held));
    position_ = found.end;
    last_number_ = found.header.number;
    proven_end_ = std::max(proven_end_, found.header.proven_end);
  }

  Result<> apply_proven() {
    while (!held_.empty() && held_.front().batch.offset < proven_end_) {
      const Held& held = held_.front();
      if (held.is_gap || !held.whole) remark_damage(held.batch.offset, held.batch.end);
      if (held.is_gap) {
        replay_.note_gap();
      } else if (!held.whole) {
        replay_.apply_damaged(held.batch);
      } else if (Result<> applied = replay_.apply(held.batch, held.body.bytes()); !applied) {
        return applied;
      }
      held_.pop_front();
    }
    return {};
  }

  Result<> keep_tail() {
    while (!held_.empty() && held_.front().whole) {
      Held& held = held_.front();
      result_.tail.push_back({held.batch.header, std::move(held.body), held.batch.offset});
      held_.pop_front();
    }
    // A write that was torn reads back, if not well. What the disk does not give back at all may
    // have been acknowledged, and the disk may think better of it.
    const Error error = held_.empty() ? next_cannot_be_read() : held_.front().read_error;
    if (error) {
      return Error(error.code, error.message +
                                   "; this is the newest write, which may have been acknowledged, "
                                   "so it is not given up");
    }
    if (!held_.empty()) {
      result_.remarks.push_back("cut a torn tail of " +
                                std::to_string(position_ - held_.front().batch.offset) +
                                " bytes that was never acknowledged");
    }
    return {};
  }

  /// Where the write behind all that is proven would begin.
  [[nodiscard]] Error next_cannot_be_read() const {
    const std::uint64_t next = std::max(position_, proven_end_);
    if (!window_.holds(next, BatchHeader::kEncodedBytes)) return {};
    const Result<ByteSpan> bytes = window_.at(next, BatchHeader::kEncodedBytes);
    return bytes ? Error() : bytes.error();
  }

  void remark_damage(std::uint64_t from, std::uint64_t to) {
    result_.remarks.push_back("damaged: bytes " + std::to_string(from) + " to " +
                              std::to_string(to));
  }

  FileWindow& window_;
  BatchScanner scanner_;
  const std::uint64_t nonce_;
  Replay replay_;
  Recovered& result_;
  std::deque<Held> held_;
  std::uint64_t proven_end_ = 0;
  std::uint64_t position_ = kFirstBatchOffset;  // behind the last batch found
  std::uint64_t last_number_ = 0;
};

}  // namespace

Result<SegmentHeader> read_segment_header(FileWindow& window) {
  Error error;
  for (const std::uint64_t copy : {std::size_t{0}, kSectorBytes}) {
    const std::uint64_t there = std::min<std::uint64_t>(window.end(), copy + kSectorBytes);
    if (there <= copy) break;
    const Result<ByteSpan> bytes = window.at(copy, there - copy);
    if (!bytes) {
      error = bytes.error();
      continue;
    }
    Result<SegmentHeader> header = decode_segment_header(*bytes);
    if (header || header.error() == Errc::kNewerFormat) return header;
    error = header.error();
  }
  return error ? error : Error(Errc::kCorruption, "the segment is empty");
}

Result<Recovered> recover_log(const WALFolder& folder, const std::vector<std::uint64_t>& segments,
                              const NodeId& node, GroupId group) {
  const std::uint64_t last = segments.back();
  const std::string path = folder.segment_path(last);
  const Result<std::unique_ptr<IFile>> file = folder.open_segment(last);
  if (!file) return file.error();
  const Result<std::uint64_t> size = (*file)->size();
  if (!size) return size.error();
  FileWindow window(**file, *size, kReadAhead);
  const Result<SegmentHeader> header = read_segment_header(window);
  if (!header) return in_file(header.error(), path);
  if (header->node != node || header->group != group) {
    return Error(Errc::kForeignData, path + " belongs to node " + header->node.str() + ", group " +
                                         to_string(header->group) + "; asked for was node " +
                                         node.str() + ", group " + to_string(group));
  }
  if (header->number != last) {
    // Its contents may be right, but they are not the newest.
    return Error(Errc::kCorruption, path + " holds segment " + std::to_string(header->number) +
                                        "; each segment belongs under its own number");
  }
  Recovered result;
  if (Result<> run = SegmentRecovery(window, *header, result).run(); !run) {
    return in_file(run.error(), path);
  }
  for (std::string& remark : result.remarks) remark.insert(0, path + ": ");
  return result;
}

WALIdentity newest_identity(const Recovered& recovered) {
  WALIdentity identity = recovered.log.state.get().identity;
  for (const TailBatch& batch : recovered.tail) {
    RecordReader records(batch.body.bytes());
    while (const std::optional<Record> record = records.next()) {
      if (record->type != RecordType::kState) continue;
      if (const auto state = decode_state(record->content)) identity = state->identity;
    }
  }
  return identity;
}

Result<std::vector<std::string>> mark_missing_segments(const WALFolder& folder, LogParts& log) {
  std::vector<std::uint64_t> missing;
  for (const LogMap::Segment& segment : log.map.segments()) {
    const Result<bool> there = folder.has_segment(segment.number);
    if (!there) return {boost::system::in_place_error, there.error()};
    if (!*there) missing.push_back(segment.number);
  }
  std::vector<std::string> paths;
  for (const std::uint64_t number : missing) {
    paths.push_back(folder.segment_path(number));
    for (const IndexRange& range : log.map.lose_segment(number)) log.state.mark_damaged(range);
  }
  return paths;
}

}  // namespace lockstep
