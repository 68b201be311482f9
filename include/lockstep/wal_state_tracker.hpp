#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "lockstep/buffer.hpp"
#include "lockstep/error.hpp"
#include "lockstep/export.hpp"
#include "lockstep/runtime.hpp"
#include "lockstep/wal_source.hpp"

namespace lockstep {

class LogState;

/// For those who implement IWALSource on a storage of their own: all that a log must know besides
/// its entries, kept up to date change by change, and the rules by which a log refuses a call. What
/// is left to do is to store the entries, and `encoded()` beside them in the same transaction
/// (`examples/rocksdb_wal`).
///
/// It stores nothing itself. Make the changes of a group on a copy, and take the copy over once
/// they are durable: then a write that failed for want of space has changed nothing. Not
/// thread-safe.
class LOCKSTEP_EXPORT WALStateTracker {
 public:
  /// A new, empty log, with a fresh incarnation.
  WALStateTracker(NodeId node, GroupId group, Runtime& runtime);
  /// A log of which this is known.
  explicit WALStateTracker(WALState state);
  WALStateTracker(const WALStateTracker& other);
  WALStateTracker& operator=(const WALStateTracker& other);
  WALStateTracker(WALStateTracker&&) noexcept;
  WALStateTracker& operator=(WALStateTracker&&) noexcept;
  ~WALStateTracker();

  /// What was stored. Errors: kCorruption, kNewerFormat.
  [[nodiscard]] static Result<WALStateTracker> decode(ByteSpan encoded, ByteSpan encoded_boundary);
  /// All of it but the boundary, with a checksum; some hundred bytes, and 16 more for each term,
  /// configuration entry and damaged range in the log.
  [[nodiscard]] std::vector<std::uint8_t> encoded() const;
  /// Up to 32 KiB, but it changes only with a release or a boundary; empty: there is none.
  [[nodiscard]] std::vector<std::uint8_t> encoded_boundary() const;

  /// What `open` answers.
  [[nodiscard]] const WALState& get() const;

  // Each of these makes the change as a whole, or says what is wrong with it and changes nothing.
  // The errors are those that IWALSource demands.

  [[nodiscard]] Result<> write(const WALWrite& write);
  /// False: it was released before; nothing to do.
  [[nodiscard]] Result<bool> release_prefix(const Boundary& boundary);
  /// Checks every digest, too.
  [[nodiscard]] Result<> repair(IndexRange range, const std::vector<Entry>& entries);
  /// What lies outside the log is left out.
  void mark_damaged(IndexRange range);
  /// What a read of `range` may deliver: up to the end of the log, or to a damaged entry.
  [[nodiscard]] Result<IndexRange> readable(IndexRange range) const;

 private:
  std::unique_ptr<LogState> state_;
};

}  // namespace lockstep
