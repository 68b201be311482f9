#pragma once

#include "wal/batch_builder.hpp"
#include "wal/log_parts.hpp"
#include "wal/record_codec.hpp"

namespace lockstep {

/// Applies the batches of a segment one after another to what is known of the log, and works out
/// what those that cannot be read have held.
class Replay {
 public:
  /// A batch with its place in the segment that is replayed.
  using Batch = BatchBuilder::Batch;

  explicit Replay(LogParts& log) : log_(log) {}
  /// Batches that follow lie in this segment.
  void set_segment(std::uint64_t number, std::uint64_t nonce) { segment_ = {number, nonce, 0}; }
  /// The log is known already; no summary need come first.
  void assume_known() { known_ = true; }

  /// Errors: kCorruption, when the records make no sense.
  [[nodiscard]] Result<> apply(const Batch& batch, ByteSpan body);
  /// The header is whole, the body is not.
  void apply_damaged(const Batch& batch);
  /// Something that counted cannot be read, header and all; the next header tells what it was.
  void note_gap() { gap_ = true; }
  /// The first batch that is not applied here tells what a gap before it was. `whole`: it will be
  /// applied later.
  void close_gap(const BatchHeader& next, bool whole);
  /// A batch that will be applied later may hold the newest state.
  void look_ahead(const BatchHeader& header, ByteSpan body);
  /// At the end. `end_missing`: something that counted lay behind the last batch. Errors:
  /// kCorruption, when what must not be lost is lost.
  [[nodiscard]] Result<> finish(bool end_missing);

 private:
  void take_end_of(const BatchHeader& header);
  void note_versions(RecordType type, const LogCounters& counters);
  void catch_up(const BatchHeader& header);
  void truncate(Index from);
  void append_damaged(IndexRange range, Term first_term, Term last_term);
  [[nodiscard]] bool apply_record(const Record& record, const Batch& batch);
  [[nodiscard]] bool apply_entry(ByteSpan content);
  [[nodiscard]] bool apply_copy(ByteSpan content, IndexRange repaired);
  [[nodiscard]] bool apply_repair(const Batch& batch);
  [[nodiscard]] bool apply_summary(ByteSpan content, const Batch& batch);
  void apply_boundary(const Boundary& boundary);

  LogParts& log_;
  LogMap::Segment segment_;
  bool known_ = false;
  bool gap_ = false;
  std::vector<EntryHeader> copies_;     // in the batch that is applied
  LogCounters newest_;                  // that any header tells of
  std::uint32_t state_version_ = 0;     // of the newest state that could be read
  std::uint32_t boundary_version_ = 0;  // of the newest boundary
  EntryId promised_;
  LogCounters promised_counters_;
};

}  // namespace lockstep
