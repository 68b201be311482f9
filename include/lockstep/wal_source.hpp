#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "lockstep/configuration.hpp"
#include "lockstep/entry.hpp"
#include "lockstep/error.hpp"
#include "lockstep/export.hpp"
#include "lockstep/types.hpp"

namespace lockstep {

/// Durable before any answer that depends on it leaves the node (Raft figure 2, persistent state).
struct HardState {
  Term current_term;
  /// None: no vote in this term.
  NodeId voted_for;
  friend bool operator==(const HardState&, const HardState&) = default;
};

/// Whose log this is. `node`, `group` and `incarnation` are made with the folder; cluster and epoch
/// come with the bootstrap entry.
struct WALIdentity {
  ClusterId cluster;
  GroupId group;
  Epoch epoch;
  NodeId node;
  Incarnation incarnation;
  friend bool operator==(const WALIdentity&, const WALIdentity&) = default;
};

/// What a log knows of the prefix that it released: entries up to and including `last` are gone.
struct Boundary {
  EntryId last;
  Configuration configuration;
  /// The checkpoint digest at the newest multiple of 1,024 not beyond `last`.
  Digest checkpoint;
  /// Digests of the entries after that checkpoint, up to `last`.
  std::vector<Digest> digests_since;
  friend bool operator==(const Boundary&, const Boundary&) = default;
};

/// A snapshot is about to replace engine and log; finished at the next start if a crash comes
/// between.
struct InstallIntent {
  std::string snapshot_id;
  EntryId last;
  friend bool operator==(const InstallIntent&, const InstallIntent&) = default;
};

/// Entries of `term` begin at `first` and end where the next run begins.
struct TermRun {
  Term term;
  Index first;
  friend bool operator==(const TermRun&, const TermRun&) = default;
};

/// All that a replica must know of its log before it starts. None of it may cost a scan of the
/// whole log. Damaged entries count as held: `bounds` spans them, `damaged` names them.
struct WALState {
  WALIdentity identity;
  HardState hard_state;
  /// First and last index held; empty: `first = last + 1`.
  IndexRange bounds;
  /// Terms of all entries held, in index order. A run of term 0: damaged, its terms are unknown.
  std::vector<TermRun> term_runs;
  /// Indexes of configuration entries held, in order; of damaged ones as far as they are known.
  std::vector<Index> configuration_indexes;
  /// The newest configuration entry that was appended and not cut off since, be it damaged or
  /// released; 0: none was since the boundary. Nothing: the log cannot tell. Then any damaged entry
  /// behind the last of those above may be one, and the node, even a group's only voter, does not
  /// lead before that is repaired.
  std::optional<Index> newest_configuration;
  std::optional<Boundary> boundary;
  std::optional<InstallIntent> install_intent;
  /// The last entry that this log ever promised: its index is `bounds.last`, since entries that are
  /// lost at the end count as held. Its term is known though the entry may be damaged. The
  /// boundary's when no entry is held.
  EntryId last_promised;
  /// Ascending, apart from each other. Reading from one answers kCorruption until it is repaired.
  std::vector<IndexRange> damaged;
};

/// One atomic change. In effect it is done in the order of its fields.
struct WALWrite {
  /// Forget this index and all that follow; beyond the end it has no effect. Not into the released
  /// prefix.
  std::optional<Index> truncate_from;
  /// Consecutive, of terms that never fall; the first follows the last entry that is left. Sealed:
  /// digest and encoded header are right.
  std::vector<Entry> entries;
  std::optional<HardState> hard_state;
  /// Everything held is replaced by this boundary (snapshot install), and an install intent of
  /// earlier is done with.
  std::optional<Boundary> boundary;
  /// Cluster and epoch; node, group and incarnation must be the log's own.
  std::optional<WALIdentity> identity;
  /// An empty `snapshot_id` takes the intent back.
  std::optional<InstallIntent> install_intent;
};

/// Rot came to light after `open`: reading from the range answers kCorruption until it is repaired.
struct WALDamaged {
  IndexRange range;
};
/// The log has failed for good while no call was under way that could have told.
struct WALFailed {
  Error error;
};
/// What a log tells without being asked.
using WALEvent = std::variant<WALDamaged, WALFailed>;

/// What a log must offer to be replicated. Implement it to plug in a log of your own.
///
/// Thread: every method is called on the WAL executor that the host gave with the log, and may
/// block there. Callbacks come on that executor too, as tasks of their own: never inside the call
/// that they belong to. A callback may call the log again. Lifetime: arguments are the callee's to
/// keep. Errors: a failed write or sync is final: every waiting and later mutating call completes
/// with the same error, until the log is opened anew; kNoSpace alone is not. A call refused with
/// kInvalidArgument changes nothing, and those behind it stand on their own. Nothing is thrown.
/// Every call completes its callback exactly once, on `close` too; a call before `open` has
/// completed answers kWrongState.
///
/// Want of space is not final: a write refused with kNoSpace has changed nothing (a crash may
/// bring it back until a later one is durable), those behind it that build on it are refused with
/// kInvalidArgument, and all are submitted again. `release_prefix`, `close`: also on a full disk.
class LOCKSTEP_EXPORT IWALSource {
 public:
  using OpenHandler = std::function<void(Result<WALState>)>;
  using DoneHandler = std::function<void(Error)>;
  using ReadHandler = std::function<void(Result<std::vector<Entry>>)>;
  using EventHandler = std::function<void(const WALEvent&)>;

  virtual ~IWALSource();

  /// Whom to tell what nobody asked for; given at most once, before `open`. Called like the other
  /// callbacks, and no more once `close` has completed. A log that never looks by itself, and finds
  /// rot only in a `read` that says so, need not call it.
  virtual void on_event(EventHandler handler) = 0;

  /// Recovers what is there, or makes a new log with a fresh incarnation. Called once, first.
  /// Errors: kLocked, kForeignData, kNewerFormat, kCorruption, kNoSpace, kIo, kSyncFailed.
  virtual void open(OpenHandler done) = 0;

  /// Makes one change durable. Prefix-safe as a whole: after a crash at any point, either none or
  /// all of it is there, and everything before it is. `done` without an error means durable; calls
  /// complete in the order submitted, together with `release_prefix` and `repair`. What is
  /// submitted while a sync is under way should share the next one. Errors: kIo, kSyncFailed,
  /// kNoSpace, kStopped, kInvalidArgument (a gap, or entries of another group).
  virtual void write(WALWrite write, DoneHandler done) = 0;

  /// Forgets entries up to and including `boundary.last`, atomically with storing the boundary.
  /// What is held then begins behind it; when the disk has its room back is the log's own affair.
  /// One that is released already has no effect. Errors: as `write`; kInvalidArgument also for an
  /// entry that the log does not hold.
  virtual void release_prefix(Boundary boundary, DoneHandler done) = 0;

  /// Puts copies in the place of damaged entries, atomically: `entries` are those of `range`, all
  /// of it damaged, sealed as for `write`. Their digests are checked once more, and their terms
  /// must fit those that the log still knows. Errors: as `write`; kBadEntryDigest, and
  /// kInvalidArgument for what is not damaged or does not fit: nothing is changed. `kNotSupported`
  /// is an answer: a node with such a log is not elected again, and is to leave the voters.
  virtual void repair(IndexRange range, std::vector<Entry> entries, DoneHandler done) = 0;

  /// Entries from `range.first` on, at least one, and otherwise as many as fit `byte_budget`
  /// together; stops at the end of the log and before a damaged entry. Sees every write submitted
  /// before. What comes from the disk is checked against its digest. Errors: kReleased, kOutOfRange
  /// (`range.first` is beyond the end), kCorruption (it is damaged), kInvalidArgument (empty), kIo.
  virtual void read(IndexRange range, std::size_t byte_budget, ReadHandler done) = 0;

  /// Completes what is waiting, makes it durable, closes. Afterwards every call completes with
  /// kStopped. Destroying the log without it completes what is waiting with kStopped; whether that
  /// is durable is then unknown.
  virtual void close(DoneHandler done) = 0;
};

}  // namespace lockstep
