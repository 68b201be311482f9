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

/// What goes with an image of the engine.
struct SnapshotMetadata {
  /// Index and term of `last`: names the place, not the bytes.
  std::string id;
  /// The image is the state right behind this entry.
  EntryId last;
  /// The members at this place.
  Configuration configuration;
  /// The newest checkpoint not beyond `last`, and the digests of the entries since.
  Digest checkpoint;
  std::vector<Digest> digests_since;
  /// Lockstep's own pairs at this point, sessions among them; the engine keeps them as it keeps
  /// those of `seal`.
  std::vector<std::pair<std::string, std::string>> pairs;
  std::uint32_t format_version = 1;
};

/// A frozen image of the engine. One that the engine makes (`begin_snapshot`) is read, and let go
/// of, on another thread while applying goes on; it lives until its last transfer ends, and holds
/// up the release of the log behind it so long. It is read once more than it is sent, for its
/// digest, and must give the same bytes each time. No exception may leave.
class LOCKSTEP_EXPORT ISnapshot {
 public:
  virtual ~ISnapshot();
  /// Bytes in all.
  [[nodiscard]] virtual std::uint64_t size() const = 0;
  /// Up to `max_bytes` from `offset` on; empty at the end. An error ends the transfers; a new image
  /// is asked for later.
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

  /// An image of the state exactly after the last `apply`; called when a member needs one, and when
  /// the log is to be released. It should cost little: what takes time belongs into
  /// `ISnapshot::read`. `kNotSupported` is an answer: the log is then kept whole, and a member that
  /// lacks what it has released before cannot come back. Other errors are reported, and it is asked
  /// again later.
  [[nodiscard]] virtual Result<std::shared_ptr<ISnapshot>> begin_snapshot(
      const SnapshotMetadata& metadata) = 0;

  /// Replaces the whole state by `snapshot`, and all pairs by `metadata.pairs`, atomically and
  /// durably on return: after a crash the engine recovers as it was before, or with this state,
  /// these pairs and `durable_applied = metadata.last.index`. The snapshot has been verified as a
  /// whole; it may be read in any pieces, and is gone after the return. An error is final: the
  /// replica stops, reports, and begins anew at the next start.
  [[nodiscard]] virtual Result<> install_snapshot(const SnapshotMetadata& metadata,
                                                  ISnapshot& snapshot) = 0;
};

}  // namespace lockstep
