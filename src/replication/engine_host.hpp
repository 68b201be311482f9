#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/checkpoint_chain.hpp"
#include "base/digest.hpp"
#include "lockstep/entry.hpp"
#include "lockstep/state_machine.hpp"
#include "replication/pending_writes.hpp"
#include "replication/session_table.hpp"

namespace lockstep::replication {

/// What came of one batch.
struct AppliedBatch {
  Index last;
  bool wants_results = false;
  /// One for each command in it, if they are wanted.
  std::vector<PendingWrites::Applied> results;
  std::size_t entries = 0;
  /// By the engine's report.
  Index durable_applied;
  /// Of its entries, and the checkpoints that they complete; none while the chain is not known.
  std::vector<Digest> digests;
  std::vector<LogCheckpoint> checkpoints;
};

/// The engine's state behind one entry, and what goes with it.
struct SnapshotImage {
  SnapshotMetadata metadata;
  std::shared_ptr<ISnapshot> state;
};

/// The engine, with what Lockstep keeps in step with it: sessions, the chain of checkpoints, and
/// the pairs that the engine stores. Used on the apply worker only.
class EngineHost {
 public:
  explicit EngineHost(std::shared_ptr<IStateMachine> engine) : engine_(std::move(engine)) {}

  /// The engine must not throw; if it does, it has failed.
  [[nodiscard]] Result<RecoveredEngine> recover();
  /// None: it is not known, and no checkpoints are made.
  void set_chain(std::optional<CheckpointChain> chain) { chain_ = std::move(chain); }
  [[nodiscard]] Result<AppliedBatch> apply(const std::vector<Entry>& entries, bool wants_results);
  /// `metadata` lacks the pairs. Errors: the engine's; kNotSupported is an answer.
  [[nodiscard]] Result<SnapshotImage> begin_snapshot(SnapshotMetadata metadata);
  /// The engine's state is that of the image from now on.
  [[nodiscard]] Result<> install(SnapshotImage image);

 private:
  struct Stretch;
  [[nodiscard]] Result<Stretch> take_stretch(std::span<const Entry> entries, bool wants_results);
  [[nodiscard]] Result<> apply_stretch(Stretch stretch, AppliedBatch& batch);
  void note_results(Stretch& stretch, std::vector<CommandResult> results, AppliedBatch& batch);
  [[nodiscard]] std::vector<SealedPair> seal(const AppliedBatch& batch, EntryId last);
  void add_to_chain(std::span<const Entry> entries, AppliedBatch& batch);

  const std::shared_ptr<IStateMachine> engine_;
  std::optional<CheckpointChain> chain_;
  SessionTable sessions_;
  /// All that are live.
  std::map<std::string, std::string> pairs_;
  Sha256 sha_;
};

}  // namespace lockstep::replication
