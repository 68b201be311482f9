#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "lockstep/buffer.hpp"
#include "lockstep/entry.hpp"
#include "wal/arena.hpp"
#include "wal/log_state.hpp"
#include "wal/record_codec.hpp"
#include "wal/segment_format.hpp"

namespace lockstep {

/// Lays out what one write to a segment holds: batches at aligned offsets, as a list of pieces that
/// point to the entries where they lie. The entries must stay until the pieces are written.
class BatchBuilder {
 public:
  struct Batch {
    std::uint64_t offset = 0;
    std::uint64_t end = 0;
    BatchHeader header;
    /// Of the entries in it.
    [[nodiscard]] IndexRange range() const { return {header.first_index, header.last.index}; }
  };

  /// Starts anew, behind the batch that ends at `offset`; `log` is what it has led to.
  void begin(std::uint64_t nonce, std::uint64_t offset, std::uint64_t next_number,
             const LogCounters& counters, const LogState& log);

  /// What follows is one change: it lies in one batch, as a whole.
  void begin_change();
  /// A change that begins by dropping `from` and all that follow; `left`: the end of the log then.
  /// A reset drops everything (`from` 1) and leaves the new boundary.
  void begin_change_by_truncation(Index from, EntryId left);
  void add_entry(const Entry& entry);
  /// The content is copied. `restated`: nothing in it is new.
  void add_record(RecordType type, ByteSpan content, bool restated = false);
  /// Copies in the place of damaged entries, in a batch of their own.
  void add_repair(const std::vector<Entry>& entries);
  /// A batch read from another segment, as it is. `body` must stay.
  void add_copy(const BatchHeader& header, ByteSpan body);

  /// Sectors before the first batch, for a new segment.
  [[nodiscard]] std::uint8_t* add_sectors(std::size_t count);

  /// What follows lies in another batch than what came before.
  void end_batch();
  /// Ends the last batch and writes the headers.
  void seal(std::uint64_t proven_end);
  /// As `seal`, for a new segment: it gets its name only after all of this has been synced, so its
  /// batches prove themselves.
  void seal_born() {
    end_batch();
    seal(end_);
  }

  [[nodiscard]] const std::vector<ByteSpan>& pieces() const { return pieces_; }
  [[nodiscard]] const std::vector<Batch>& batches() const { return batches_; }
  /// Aligned: where the next batch would begin. Precondition: no batch is under way.
  [[nodiscard]] std::uint64_t end() const { return end_; }
  [[nodiscard]] std::uint64_t next_number() const { return next_number_; }
  [[nodiscard]] const LogCounters& counters() const { return counters_; }
  [[nodiscard]] EntryId last() const { return last_; }

 private:
  struct Open {
    BatchHeader header;
    std::uint64_t offset = 0;
    std::uint32_t crc = 0;
    std::uint64_t bytes = 0;
  };
  void begin_batch();
  void put_entry(RecordType type, const Entry& entry);
  void put(ByteSpan piece);
  void put_in_body(ByteSpan piece);

  std::uint64_t nonce_ = 0;
  std::uint64_t end_ = 0;
  std::uint64_t next_number_ = 0;
  LogCounters counters_;
  EntryId last_;
  std::optional<Index> newest_configuration_;

  bool under_way_ = false;
  Open open_;
  Arena arena_;
  std::vector<ByteSpan> pieces_;
  std::vector<Batch> batches_;
  std::vector<std::uint8_t*> header_places_;  // of the batches
};

}  // namespace lockstep
