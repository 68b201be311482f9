#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "lockstep/configuration.hpp"
#include "lockstep/entry.hpp"
#include "lockstep/error.hpp"
#include "lockstep/export.hpp"
#include "lockstep/types.hpp"

namespace lockstep {

/// One command of the host's, committed, in its place.
struct CommittedCommand {
  EntryId id;
  SharedBuffer payload;
  /// The host had changed its data before it called `replicate` (single voter only; see
  /// docs/embedding.md).
  bool own_write = false;
};

/// The engine's answer to one command. A rejected command is a result, not a failure: it is the
/// same on every node.
struct CommandResult {
  std::error_code status;
  std::string value;
};

/// A put (`value`) or a delete (no value) in the small key space that Lockstep keeps inside the
/// engine.
struct SealedPair {
  std::string key;
  std::optional<std::string> value;
};

/// Takes the batch's results, one a command, in order; returns the pairs to store in the same
/// transaction as the batch. To be called once in each `apply`.
using Seal = std::function<std::vector<SealedPair>(std::vector<CommandResult>)>;

struct RecoveredEngine {
  /// Everything up to here is applied and durable; 0 for an engine that starts empty.
  Index durable_applied;
  /// All live pairs that `seal` returned before, in any order.
  std::vector<std::pair<std::string, std::string>> pairs;
};

struct SnapshotMetadata {
  std::string id;
  EntryId last;
  Configuration configuration;
  Digest checkpoint;
  std::vector<Digest> digests_since;
  /// Lockstep's own pairs at this point, sessions among them; the engine keeps them as it keeps
  /// those of `seal`.
  std::vector<std::pair<std::string, std::string>> pairs;
  std::uint32_t format_version = 1;
};

/// A frozen image of the engine. Read on another thread while applying goes on; lives until its
/// last transfer ends.
class LOCKSTEP_EXPORT ISnapshot {
 public:
  virtual ~ISnapshot();
  /// Bytes in all.
  [[nodiscard]] virtual std::uint64_t size() const = 0;
  /// Up to `max_bytes` from `offset` on; empty at the end.
  [[nodiscard]] virtual Result<SharedBuffer> read(std::uint64_t offset, std::size_t max_bytes) = 0;
};

/// What a host's engine must offer. Every call comes from the replica's apply worker, one at a
/// time; it may block there without harm to heartbeats. Arguments are the callee's to keep. No
/// exception may leave.
class LOCKSTEP_EXPORT IStateMachine {
 public:
  virtual ~IStateMachine();

  /// Called once, first, before anything else. An error keeps the replica from starting.
  [[nodiscard]] virtual Result<RecoveredEngine> recover() = 0;

  /// Applies commands in index order; a batch may be empty (entries of Lockstep's own only) and is
  /// sealed too. Returns the newest index that is durable in the engine, which may lag behind. An
  /// error is final: the replica stops applying, reports, stops leading.
  [[nodiscard]] virtual Result<Index> apply(std::span<const CommittedCommand> batch,
                                            const Seal& seal) = 0;

  /// An image of the state exactly after the last `apply`. `kNotSupported` is an answer: the log is
  /// then kept whole. Called before entries are released; nobody is sent the image yet.
  [[nodiscard]] virtual Result<std::shared_ptr<ISnapshot>> begin_snapshot(
      const SnapshotMetadata& metadata) = 0;

  /// Replaces the whole state by `snapshot`, atomically and idempotently. Not called yet.
  [[nodiscard]] virtual Result<> install_snapshot(const SnapshotMetadata& metadata,
                                                  ISnapshot& snapshot) = 0;
};

}  // namespace lockstep
