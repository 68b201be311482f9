#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "consensus/messages.hpp"
#include "lockstep/time.hpp"
#include "lockstep/types.hpp"

namespace lockstep::consensus {

/// An image that a leader can send: what its first piece says of it.
struct SnapshotOffer {
  SnapshotId id;
  EntryId last;
  std::uint64_t size_bytes = 0;
  SharedBuffer metadata;
};

/// The way of one image to one follower, in pieces that are acknowledged (Raft §7). It begins, and
/// after any trouble begins again, with a piece that carries no bytes: the answer says from where
/// to go on.
class SnapshotTransfer {
 public:
  static constexpr std::uint64_t kPieceBytes = 60'000;
  /// Asked for or sent, and not acknowledged.
  static constexpr std::uint64_t kWindowBytes = 4 * kPieceBytes;

  explicit SnapshotTransfer(SnapshotOffer offer) : offer_(std::move(offer)) {}

  [[nodiscard]] const SnapshotOffer& offer() const { return offer_; }
  /// The follower has everything before it.
  [[nodiscard]] std::uint64_t acknowledged_bytes() const { return acknowledged_; }

  /// The first piece is to be sent (again).
  void open(MonotonicTime now) {
    is_open_ = false;
    last_progress_ = now;
  }
  void acknowledged(std::uint64_t next_offset, MonotonicTime now) {
    if (next_offset > offer_.size_bytes) return;
    const bool answers_opening = !std::exchange(is_open_, true);
    if (answers_opening || next_offset < acknowledged_) wanted_ = next_offset;
    if (answers_opening || next_offset > acknowledged_) last_progress_ = now;
    acknowledged_ = next_offset;
    wanted_ = std::max(wanted_, next_offset);
  }
  /// Where the next piece begins; none: nothing may be sent now.
  [[nodiscard]] std::optional<std::uint64_t> next_piece() {
    const bool may = is_open_ && wanted_ < offer_.size_bytes &&
                     wanted_ + kPieceBytes <= acknowledged_ + kWindowBytes;
    if (!may) return std::nullopt;
    const std::uint64_t offset = wanted_;
    wanted_ = std::min(wanted_ + kPieceBytes, offer_.size_bytes);
    return offset;
  }
  [[nodiscard]] MonotonicTime silent_since() const { return last_progress_; }
  [[nodiscard]] bool is_silent_since(MonotonicTime since) const { return last_progress_ <= since; }

 private:
  SnapshotOffer offer_;
  bool is_open_ = false;
  std::uint64_t acknowledged_ = 0;
  /// Everything before it was asked for.
  std::uint64_t wanted_ = 0;
  MonotonicTime last_progress_{};
};

}  // namespace lockstep::consensus
