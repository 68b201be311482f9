#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "consensus/effects.hpp"
#include "lockstep/runtime.hpp"
#include "replication/snapshot_format.hpp"
#include "replication/snapshot_spool.hpp"

namespace lockstep::replication {

/// A snapshot that is there whole, and is what was sent.
struct ReceivedSnapshot {
  consensus::SnapshotId id;
  SnapshotMetadata metadata;
  std::shared_ptr<ISnapshot> state;
};

/// Gathers the pieces of one snapshot at a time. Methods are called on the strand, handlers run
/// there; files are written and bytes hashed on a worker.
class SnapshotReceiver : public std::enable_shared_from_this<SnapshotReceiver> {
 public:
  struct Handlers {
    std::function<void(NodeId, consensus::SnapshotId, std::uint64_t next_offset)> stored;
    std::function<void(NodeId, consensus::SnapshotId, Error)> refused;
    std::function<void(NodeId, ReceivedSnapshot)> received;
  };
  /// `folder` empty: in memory. `file`: its name there.
  SnapshotReceiver(std::shared_ptr<Runtime> runtime, std::shared_ptr<IExecutor> strand,
                   std::string folder, std::string file);

  /// What an earlier life was receiving when it ended. Before `start`, on any thread that may
  /// block.
  void remove_left_over();
  void start(Handlers handlers) { handlers_ = std::move(handlers); }
  void store(consensus::PieceReceived piece);
  /// What is there is needed no more.
  void let_go();
  /// No handler runs any more.
  void stop();

 private:
  class Spooled;
  const std::shared_ptr<Runtime> runtime_;
  const std::shared_ptr<IExecutor> strand_;
  std::shared_ptr<IExecutor> worker_;
  Handlers handlers_;
  /// The worker's.
  const std::shared_ptr<Spooled> spooled_;
};

}  // namespace lockstep::replication
