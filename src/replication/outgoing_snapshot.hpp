#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "consensus/snapshot_transfer.hpp"
#include "replication/engine_host.hpp"

namespace lockstep::replication {

/// An image of this node's engine as the stream that other members get. On the snapshot worker.
class OutgoingSnapshot {
 public:
  /// Reads all of it once, for its digest. Errors: the image's; kStateMachineFailed when it is not
  /// as long as it says; kStopped.
  [[nodiscard]] static Result<std::shared_ptr<OutgoingSnapshot>> make(
      SnapshotImage image, const std::atomic<bool>& stopped);

  [[nodiscard]] const consensus::SnapshotOffer& offer() const { return offer_; }
  /// `max_bytes` from `offset` on, less at the end only.
  [[nodiscard]] Result<SharedBuffer> read(std::uint64_t offset, std::size_t max_bytes);

 private:
  explicit OutgoingSnapshot(SnapshotImage image);

  const std::shared_ptr<ISnapshot> state_;
  const SharedBuffer pairs_;
  consensus::SnapshotOffer offer_;
};

}  // namespace lockstep::replication
