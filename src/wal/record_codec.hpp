#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "lockstep/wal_source.hpp"
#include "wal/log_map.hpp"
#include "wal/log_state.hpp"
#include "wal/segment_format.hpp"

// The records of a batch; docs/wal-format.md has them byte by byte.
namespace lockstep {

enum class RecordType : std::uint32_t {
  kEntry = 1,     ///< digest, encoded header, payload
  kState = 2,     ///< identity, hard state, install intent: all of them, whichever changed
  kBoundary = 3,  ///< of a released prefix
  kReset = 4,     ///< a boundary that replaces the log
  kSummary = 5,   ///< all that a log must know of what comes before this segment
  kCopy = 6,      ///< as an entry; takes the place of a damaged one
  kDamage = 7,    ///< a range that was found damaged while the log was open
};

/// Type and length.
inline constexpr std::size_t kRecordHeaderBytes = 8;
/// What an entry takes besides its encoded bytes.
inline constexpr std::size_t kEntryRecordOverhead = kRecordHeaderBytes + Digest::kBytes;

void encode_record_header(RecordType type, std::size_t length, std::uint8_t* out);

/// One record as it lies in a body.
struct Record {
  RecordType type = RecordType::kEntry;
  ByteSpan content;
};

/// Walks the records of a body.
class RecordReader {
 public:
  explicit RecordReader(ByteSpan body) : body_(body) {}
  /// Empty at the end, and when the body is malformed.
  [[nodiscard]] std::optional<Record> next();
  [[nodiscard]] bool complete() const { return body_.empty(); }

 private:
  ByteSpan body_;
};

struct StateRecord {
  WALIdentity identity;
  HardState hard_state;
  std::optional<InstallIntent> install_intent;
};

[[nodiscard]] std::vector<std::uint8_t> encode_state(const StateRecord& state);
[[nodiscard]] std::optional<StateRecord> decode_state(ByteSpan bytes);

[[nodiscard]] std::vector<std::uint8_t> encode_boundary(const Boundary& boundary);
[[nodiscard]] std::optional<Boundary> decode_boundary(ByteSpan bytes);

[[nodiscard]] std::vector<std::uint8_t> encode_range(IndexRange range);
[[nodiscard]] std::optional<IndexRange> decode_range(ByteSpan bytes);

/// Bounds, runs, indexes, boundary and damage of the log, and where its entries lie in older
/// segments. Identity, hard state and install intent lie beside it in a state record.
struct SummaryRecord {
  WALState state;
  LogMap map;
  /// The log's end and counters after the last batch that the segment was born with: what its
  /// headers say if they can still be read.
  EntryId promised;
  LogCounters promised_counters;
};

[[nodiscard]] std::vector<std::uint8_t> encode_summary(const WALState& state, const LogMap& map,
                                                       EntryId promised,
                                                       const LogCounters& promised_counters);
[[nodiscard]] std::optional<SummaryRecord> decode_summary(ByteSpan bytes);

}  // namespace lockstep
