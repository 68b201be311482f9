#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "lockstep/entry.hpp"
#include "lockstep/error.hpp"
#include "lockstep/export.hpp"
#include "lockstep/logging.hpp"
#include "lockstep/metrics.hpp"
#include "lockstep/network_manager.hpp"
#include "lockstep/role.hpp"
#include "lockstep/runtime.hpp"
#include "lockstep/state_machine.hpp"
#include "lockstep/subscription.hpp"
#include "lockstep/types.hpp"
#include "lockstep/wal_source.hpp"

namespace lockstep {

/// When a write completes. It never changes what is committed or applied.
enum class ReplicationMode {
  kSync,   ///< once a majority of the voters in the configuration has it durable
  kAsync,  ///< once this node has it durable; such a write may be lost when the leader changes
};
[[nodiscard]] LOCKSTEP_EXPORT std::string to_string(ReplicationMode mode);

/// Who names the leader.
enum class Leadership {
  kAssigned,  ///< the operator or the host, by `set_role`
  kElected,   ///< the nodes, by time-out (Raft §5.2); `set_role` moves it by hand all the same
};

struct ReplicaOptions {
  NodeId node{};
  GroupId group{};
  /// The same on all nodes of a group.
  Leadership leadership = Leadership::kElected;
  ReplicationMode mode = ReplicationMode::kSync;

  std::chrono::milliseconds heartbeat_interval{200};
  /// A node that hears of no leader for a random time in this range campaigns, and a leader that
  /// hears of no majority for the minimum gives up. Several heartbeats long, and longer than a
  /// machine of yours pauses. Of no effect where leadership is assigned.
  std::chrono::milliseconds election_timeout_min{1000};
  std::chrono::milliseconds election_timeout_max{2000};
  /// How long `set_role(kLeader)` waits for the others.
  std::chrono::milliseconds vote_timeout{2000};
  /// How long `transfer_leadership` waits for the new leader; writes are refused meanwhile.
  std::chrono::milliseconds transfer_timeout{2000};
  /// How long `bootstrap` waits for all members to answer, and then to confirm.
  std::chrono::milliseconds bootstrap_timeout{30000};
  /// After this a write reports `WriteUnknown`; replication goes on. 0: never.
  std::chrono::milliseconds write_timeout{10000};
  /// An append unanswered for this long is sent again, then after 2, 4, ... up to 32 times as long.
  std::chrono::milliseconds retry_interval{500};
  /// A write to the log, or its opening, unanswered for this long makes the disk count as stalled.
  /// `stop` waits for the log's end no longer than this.
  std::chrono::milliseconds stall_limit{5000};

  /// A session that this node opens ends when no command of it came for so long, by the time that
  /// session entries carry.
  std::chrono::milliseconds session_timeout{600'000};

  std::size_t max_entry_bytes = std::size_t{16} << 20;
  /// Proposed but not committed; beyond it `kOverloaded`.
  std::size_t max_uncommitted_bytes = std::size_t{64} << 20;
  /// Sent to one follower and not acknowledged.
  std::size_t max_in_flight_bytes = std::size_t{4} << 20;
  std::size_t max_in_flight_messages = 64;
  /// A batch of entries in one message; one entry may be larger.
  std::size_t max_batch_bytes = 60000;
  /// The newest entries kept in memory for followers; older ones are read from the WAL.
  std::size_t tail_cache_bytes = std::size_t{16} << 20;
  /// Handed to the engine but not yet applied.
  std::size_t max_apply_batch_bytes = std::size_t{1} << 20;

  /// The log's beginning is released once the log is larger than this, as far as the engine has it
  /// durable. It needs an engine with snapshots. 0: never by itself.
  std::uint64_t compaction_threshold_bytes = std::uint64_t{256} << 20;
  /// Of the log's end no more than this is kept for members that lack it, and behind a snapshot
  /// that is on its way; whoever lacks more gets a snapshot. It should hold what is written while a
  /// snapshot is sent: if less is kept, another one has to follow.
  std::uint64_t retention_bytes = std::uint64_t{64} << 20;
  /// Sent to all members together; 0: no limit.
  std::uint64_t snapshot_bytes_per_second = 0;
  /// Where a snapshot is kept while it is being received; made when needed. Empty: in memory, up to
  /// 64 MiB, and a larger one is refused.
  std::string snapshot_folder{};

  /// A member that comes with an emptied disk is made a learner by the leader, by itself, and
  /// promoted if it was a voter. False: that is the operator's to say, by `add_learner`.
  bool readmit_strangers = false;

  LogSink log{};
  /// Where callbacks run. Empty: a strand of the runtime's, apart from the replica's own. Give a
  /// worker of the runtime's when your callbacks may block.
  std::shared_ptr<IExecutor> callback_executor{};
  /// Called when one of the library's own invariants is found broken,
  /// once. The replica has stopped taking part.
  std::function<void(const std::string&)> on_invariant_broken{};
};

[[nodiscard]] LOCKSTEP_EXPORT std::vector<OptionProblem> check(const ReplicaOptions& options);

/// Durable on a majority of the voters: no fault within the failure model loses it.
struct WriteCommitted {
  EntryId id;
  /// The engine's answer, when `WaitFor::kApplied` was asked.
  std::optional<CommandResult> result;
  /// False: `copies` was asked for and not reached in time.
  bool copies_met = true;
};
/// ASYNC: durable here; replication goes on; may be lost when the leader changes.
struct WriteLocallyDurable {
  EntryId id;
};
/// Definitely without effect, now or ever: not in the log, or, a session's, in it and not applied.
struct WriteRejected {
  Error error;
};
/// Sent, and then the time or the leadership ran out, or the replica stopped: it may still commit.
struct WriteUnknown {
  EntryId id;
  Error error;
};
using WriteOutcome = std::variant<WriteCommitted, WriteLocallyDurable, WriteRejected, WriteUnknown>;

/// For people: `committed at 12`, `unknown: ...`.
[[nodiscard]] LOCKSTEP_EXPORT std::string to_string(const WriteOutcome& outcome);

enum class WaitFor {
  kCommitted,
  kApplied,  ///< and applied by this node's engine, whose result comes back
};

/// A command that is applied at most once, however often it is sent (Raft thesis §6.3): the same
/// (session, sequence) again gets the first one's result. It completes when it is applied.
///
/// Rejected with kSessionExpired: the session is unknown or has ended. That says nothing of an
/// earlier attempt whose outcome was unknown: it may have been applied while the session lived.
/// With kSuperseded: `sequence` is below what was called the lowest outstanding one before. With
/// kOverloaded also: it is 256 or more above it.
struct SessionWrite {
  SessionId session;
  /// The client's own count of its commands, from 1 on, one for each command.
  std::uint64_t sequence = 0;
  /// The client waits for no result of an earlier command any more: those are forgotten.
  std::uint64_t lowest_outstanding = 1;
};

struct WriteOptions {
  /// Empty: the replica's.
  std::optional<ReplicationMode> mode{};
  WaitFor wait = WaitFor::kCommitted;
  /// Empty: the replica's `write_timeout`. 0: never.
  std::optional<std::chrono::milliseconds> timeout{};
  /// At least so many members, this one and learners included, must have it durable before the call
  /// completes. 0: no demand beyond the majority.
  std::size_t copies = 0;
  std::optional<SessionWrite> session{};
};

struct FollowerStatus {
  NodeId node;
  bool connected = false;
  bool voter = true;
  /// Highest entry known to be durable there and equal to ours.
  Index match_index;
  std::uint64_t lag_entries = 0;
  std::uint64_t lag_bytes = 0;
  /// For how long it has not been level with this leader's log; 0 when level.
  std::chrono::nanoseconds lag_time{0};
  /// What it lacks has been released from the log.
  bool needs_snapshot = false;
  /// Of the snapshot on its way there, and how much of it has arrived; 0: there is none.
  std::uint64_t snapshot_bytes = 0;
  std::uint64_t snapshot_bytes_arrived = 0;
  /// It answers with data that is not what the configuration names.
  bool stranger = false;
};

/// How the disk of the log is.
enum class DiskState {
  kHealthy,
  /// It has no room. New writes are rejected with kNoSpace; what was begun goes on by itself once
  /// there is some.
  kFull,
  /// It has not answered for `stall_limit`. New writes are rejected with kStalled until it does.
  kStalled,
};
[[nodiscard]] LOCKSTEP_EXPORT std::string to_string(DiskState state);

struct ReplicationStatus {
  NodeId node;
  GroupId group;
  ClusterId cluster;
  Incarnation incarnation;
  ReplicationMode mode = ReplicationMode::kSync;
  Role role = Role::kFollower;
  Term term;
  /// The leader of `term`, when known.
  std::optional<NodeId> leader;
  bool bootstrapped = false;
  bool stranger = false;
  std::vector<NodeId> connected_nodes;
  /// When an entry of this group was last committed here; 0: never. Milliseconds since the Unix
  /// epoch.
  std::int64_t last_replication_time_ms = 0;
  /// Writes called and not completed.
  std::uint64_t pending_entries = 0;
  /// On the leader the most that any voter lacks; on a follower what it knows to be committed and
  /// has not applied.
  std::uint64_t replication_lag = 0;
  /// The first entry that the log still holds.
  Index first_index{1};
  Index last_index;
  Index durable_index;
  Index commit_index;
  Index last_applied;
  /// Applied and durable in the engine, by its own report.
  Index durable_applied;
  Configuration configuration;
  /// On the leader only.
  std::vector<FollowerStatus> followers;
  DiskState disk = DiskState::kHealthy;
  /// Entries that the disk has lost. They count towards no majority, and this node is not elected,
  /// until they have been fetched from another member, which it does by itself.
  std::vector<IndexRange> damaged;
  /// Set when the replica has stopped taking part: failed WAL, failed engine, broken invariant.
  std::optional<Error> failure;
};

/// Counters never go backwards.
struct ReplicationMetrics {
  std::uint64_t writes_committed = 0;
  std::uint64_t writes_locally_durable = 0;
  std::uint64_t writes_rejected = 0;
  std::uint64_t writes_unknown = 0;
  std::uint64_t entries_appended = 0;  ///< by this node as leader
  std::uint64_t entries_received = 0;  ///< as follower, new to its log
  std::uint64_t entries_committed = 0;
  std::uint64_t entries_applied = 0;
  std::uint64_t entries_truncated = 0;  ///< uncommitted ones that another leader's replaced
  std::uint64_t appends_sent = 0;
  std::uint64_t appends_rejected = 0;  ///< by followers whose log did not match
  std::uint64_t appends_fenced = 0;  ///< refused by a node of a higher term: this leader was stale
  std::uint64_t stale_messages_refused = 0;  ///< by this node: of an earlier term or another epoch
  std::uint64_t messages_refused = 0;        ///< by this node: malformed, or more than it can hold
  std::uint64_t heartbeats_sent = 0;
  std::uint64_t heartbeats_received = 0;
  std::uint64_t elections_started = 0;
  std::uint64_t elections_won = 0;
  std::uint64_t wal_writes = 0;
  std::uint64_t entries_damaged = 0;   ///< found unreadable on the disk, at the start or later
  std::uint64_t entries_repaired = 0;  ///< and replaced by another member's copies
  std::uint64_t repairs_served = 0;    ///< batches of copies given to other members
  std::uint64_t divergences = 0;       ///< members found to differ from this node
  std::uint64_t snapshots_sent = 0;    ///< and installed there
  std::uint64_t snapshots_installed = 0;
  std::uint64_t snapshot_bytes_sent = 0;
  std::uint64_t snapshot_bytes_received = 0;
  std::uint64_t apply_batches = 0;
  std::uint64_t entries_released = 0;  ///< from the log's beginning
  std::uint64_t listener_exceptions = 0;
  /// From the call of `replicate` to its completion, by what it ended in.
  Histogram commit_latency;
  Histogram local_latency;
};

/// An entry in this leader's log is committed, its own or an earlier leader's.
struct EntryReplicated {
  EntryId id;
};
/// A follower has made an entry of the leader's durable.
struct EntryReceived {
  EntryId id;
  NodeId leader;
};
/// Something failed that no single call stands for. The replica goes on unless `status().failure`
/// says otherwise.
struct ReplicationError {
  Error error;
};
struct RoleChanged {
  Role from;
  Role to;
  Term term;
};
/// This node has learned who leads `term`; it may be itself.
struct LeaderElected {
  NodeId node;
  Term term;
};
struct TermChanged {
  Term term;
};
/// Entries that were never committed were replaced by another leader's.
struct EntriesTruncated {
  IndexRange range;
};
/// The disk has lost entries of this node's log.
struct EntriesDamaged {
  IndexRange range;
};
/// They are there again.
struct EntriesRepaired {
  IndexRange range;
};
struct DiskStateChanged {
  DiskState state;
};
/// Who the members are from this entry on is committed. The configuration may be joint: then the
/// final one follows.
struct MembersChanged {
  Index index;
  Configuration configuration;
};
/// A member has installed this leader's snapshot; entries behind `last` follow.
struct SnapshotSent {
  NodeId node;
  EntryId last;
};
/// Engine and log of this node are those of a leader's snapshot, up to `last`.
struct SnapshotInstalled {
  EntryId last;
};
/// The committed log of another node is not the same as this node's, though it must be: one of them
/// was changed behind the library's back, or there is a bug. Seen from both ends. The entries in
/// question are behind `newest_equal` (0: no checkpoint was compared), up to `first_different`.
struct Diverged {
  NodeId node;
  Index newest_equal;
  Index first_different;
};
/// A snapshot took the place of entries of this node's log that were not known to be committed. The
/// same may have been committed, or others.
struct FateUnknown {
  IndexRange range;
};
using ReplicationEvent =
    std::variant<EntryReplicated, EntryReceived, ReplicationError, RoleChanged, EntriesTruncated,
                 EntriesDamaged, EntriesRepaired, DiskStateChanged, LeaderElected, TermChanged,
                 MembersChanged, SnapshotSent, SnapshotInstalled, FateUnknown, Diverged>;

/// One replica of one group: it keeps this node's log in step with the others' and its engine in
/// step with the log.
///
/// Threads: every method may be called from any thread, also inside callbacks; none blocks for
/// long; none throws. Callbacks run on `callback_executor`, never under a lock, never inside
/// the call, in the order in which things happened. The engine is called on a worker of its own,
/// the WAL on its executor. Every accepted call completes exactly once, on `stop` too, with
/// kStopped or `WriteUnknown`.
class LOCKSTEP_EXPORT WALReplicationManager {
 public:
  using DoneHandler = std::function<void(Error)>;
  using WriteHandler = std::function<void(WriteOutcome)>;
  using ReadBarrierHandler = std::function<void(Result<Index>)>;
  using SessionHandler = std::function<void(Result<SessionId>)>;
  using EventListener = std::function<void(const ReplicationEvent&)>;

  struct Parts {
    std::shared_ptr<Runtime> runtime;
    std::shared_ptr<INetworkManager> network;
    std::shared_ptr<IWALSource> wal;
    /// Where `wal` wants to be called.
    std::shared_ptr<IExecutor> wal_executor;
    std::shared_ptr<IStateMachine> state_machine;
  };

  /// Touches nothing yet. Errors: kInvalidArgument, kNotSupported.
  [[nodiscard]] static Result<std::unique_ptr<WALReplicationManager>> create(ReplicaOptions options,
                                                                             Parts parts);

  WALReplicationManager() = default;
  WALReplicationManager(const WALReplicationManager&) = delete;
  WALReplicationManager& operator=(const WALReplicationManager&) = delete;
  /// Stops without waiting; what `stop` waits for ends by itself.
  virtual ~WALReplicationManager();

  /// Opens the WAL, recovers the engine, takes its place as a follower. Once. Errors: whatever
  /// these two say; kWrongState, kForeignData.
  virtual void start(DoneHandler done) = 0;

  /// Founds the group: called once, on one node. Waits until every member, this node among them,
  /// has reported itself uninitialised; then the list is written as the entry at index 1, with a
  /// fresh cluster id and every member's incarnation, and `done` comes when all of them have it
  /// durable. Errors: kAlreadyBootstrapped (here or at a member), kTimedOut (naming who did not
  /// answer; nothing was written, or, if the message says so, it was, and reaches the others when
  /// they come), kInvalidArgument, kStopped.
  virtual void bootstrap(std::vector<NodeId> members, DoneHandler done) = 0;

  /// kLeader: an election begun by hand (Raft §5.2 without its time-out): a higher term, durable,
  /// and the grants of a majority of the voters; nothing is appended before. kFollower: gives
  /// leadership up. Errors: kLogBehind, kNoMajority, kNotBootstrapped, kNotAMember, kSuperseded,
  /// kCorruption (entries of this node's log are damaged and not yet repaired; a sole voter leads
  /// all the same), kStopped; kNotSupported for the other roles.
  virtual void set_role(Role role, DoneHandler done) = 0;

  /// Gives leadership up; where it is elected, the others elect another one after a time-out
  /// (`transfer_leadership` is faster). Errors: kNotLeader, kStopped.
  virtual void step_down(DoneHandler done) = 0;

  /// Appends one command to the group's log, on the leader. Calls from one thread are appended in
  /// the order made. Cancelling the wait (a time-out) does not withdraw the entry. Rejected with
  /// kNotLeader, kOverloaded, kTooLarge, kNoSpace, kStalled, kStopped, kInvalidArgument (an ASYNC
  /// write that wants to be applied or more than one copy: it completes before either), ...
  virtual void replicate(Payload payload, WriteOptions options, WriteHandler done) = 0;
  void replicate(Payload payload, WriteHandler done) {
    replicate(std::move(payload), WriteOptions{}, std::move(done));
  }
  [[nodiscard]] std::future<WriteOutcome> replicate(Payload payload, WriteOptions options = {});

  /// Opens a session for writes that are applied at most once, on the leader. It ends by itself:
  /// `session_timeout` after its last command, or when more than 1,024 sessions are open or their
  /// results take more than 64 MiB, the one that was silent for longest. Errors: as `replicate`;
  /// when the outcome is unknown a session may be open that nobody uses, which does no harm.
  virtual void open_session(SessionHandler done) = 0;
  [[nodiscard]] std::future<Result<SessionId>> open_session();

  /// On the leader: `done` when `node` has everything that was in the log at the time of the call,
  /// durable, sending at once what it lacks. On a follower: `node` must be the leader, and `done`
  /// comes when this node has applied what was committed when it asked. Errors: kNotLeader,
  /// kNotAMember, kTimedOut (after `write_timeout`), kLeadershipLost, kStopped.
  virtual void sync_with_node(NodeId node, DoneHandler done) = 0;

  [[nodiscard]] virtual ReplicationStatus status() const = 0;
  [[nodiscard]] virtual ReplicationMetrics metrics() const = 0;
  /// Events that a listener is too slow for are dropped; a `ReplicationError` (kOverloaded) then
  /// tells how many.
  [[nodiscard]] virtual Subscription subscribe(EventListener listener) = 0;

  /// The engine has made everything up to `index` durable since its `apply` returned. For engines
  /// that flush later, in their own time. Never waits; from any thread. Of an `index` beyond what
  /// the engine was given only that much counts.
  virtual void report_durable_applied(Index index) = 0;

  /// Completes every waiting call, closes the WAL, lets go of network, engine and WAL, then calls
  /// `done`. May be called twice. Errors: kStalled: the WAL has not ended within `stall_limit`; it
  /// is let go when it does.
  virtual void stop(DoneHandler done) = 0;

  /// A linearizable read, on leader, follower or learner: `done` once this node's engine has
  /// applied whatever was committed anywhere when this was called, with the index up to which; what
  /// it shows then may be read. Costs one round of heartbeats, shared by all that wait. Errors:
  /// kNotLeader (no leader is known, or it leads no more), kLeadershipLost (this node led),
  /// kTimedOut (after `write_timeout`), kCorruption (this sole voter has lost what it would have to
  /// apply), kOverloaded (too many wait), kStopped.
  virtual void read_barrier(ReadBarrierHandler done) = 0;

  /// On the leader: brings `to` level, taking no writes meanwhile (kOverloaded), and has it elected
  /// at once; `done` when this node follows it. Else, at the latest after `transfer_timeout`, this
  /// node goes on leading. Errors: kNotLeader, kNotAMember (no voter), kStranger, kStalled (its
  /// disk is full or does not answer), kWrongState (a transfer is under way), kSuperseded (another
  /// one leads now), kTimedOut, kStopped.
  virtual void transfer_leadership(NodeId to, DoneHandler done) = 0;

  // Changes of the members, on the leader, one at a time (Raft §6). `done` comes once the change is
  // committed. `operation`, a random id of the caller's choice, makes it harmless to ask again
  // after an answer that leaves it open, also at another leader: a change among the newest 64 is
  // not made twice. None: the change is not remembered. Errors of all three: kNotLeader,
  // kWrongState (another change is under way, which the message names, or nothing of this leader's
  // term is committed yet), kLeadershipLost (the message says whether the change may still be
  // made), kNoSpace, kStalled, kInvalidArgument, kStopped.

  /// Makes a node that is connected a learner: it receives, applies and serves, and counts for no
  /// majority. One that is a member with other data, since its disk was emptied, comes back with
  /// the data that it has now; as a voter it is removed first, in the same change. A node that has
  /// never been a member must not be bootstrapped. Errors: kNotConnected, kForeignCluster (it
  /// belongs to another cluster), kWrongState (it is a voter already, or has come with other data
  /// less than `election_timeout_min` ago), kInvalidArgument (it is the only voter).
  virtual void add_learner(NodeId node, OperationId operation, DoneHandler done) = 0;
  /// Makes a learner a voter, once it has caught up: in ten rounds, each of which sends it what the
  /// round before has left, one must take less than `election_timeout_min` (Raft thesis §4.2.1).
  /// Errors: kNotAMember (it is no learner), kLogBehind (it is too slow) and kTimedOut (it has not
  /// moved for `bootstrap_timeout`): nothing was changed; kStranger (it has other data).
  virtual void promote(NodeId node, OperationId operation, DoneHandler done) = 0;
  /// Voter or learner. A leader that removes itself leads until that is committed, and steps down.
  /// Errors: kNotAMember, kInvalidArgument (it is the only voter).
  virtual void remove(NodeId node, OperationId operation, DoneHandler done) = 0;

  /// Releases the beginning of this node's log now, whatever its size, up to the newest entry that
  /// the engine has durable: `done` when the log has durably let go of it, or at once when there is
  /// nothing to let go of. Unlike compaction by size it keeps nothing for members that lag: they
  /// get a snapshot. Unless this node leads and all members have what is released, the engine is
  /// asked for an image first. Errors: kNotSupported (the engine has no snapshots, and a member may
  /// be left behind; nothing is released), kStateMachineFailed (it fails to make one), kCorruption
  /// (what the boundary needs to know is damaged in the log), kStopped, what the log says.
  virtual void trigger_snapshot(DoneHandler done) = 0;

  // The same with futures. Do not wait for one inside a callback.
  [[nodiscard]] std::future<Error> start();
  [[nodiscard]] std::future<Error> bootstrap(std::vector<NodeId> members);
  [[nodiscard]] std::future<Error> set_role(Role role);
  [[nodiscard]] std::future<Error> step_down();
  [[nodiscard]] std::future<Error> transfer_leadership(NodeId to);
  [[nodiscard]] std::future<Result<Index>> read_barrier();
  [[nodiscard]] std::future<Error> sync_with_node(NodeId node);
  [[nodiscard]] std::future<Error> add_learner(NodeId node, OperationId operation);
  [[nodiscard]] std::future<Error> promote(NodeId node, OperationId operation);
  [[nodiscard]] std::future<Error> remove(NodeId node, OperationId operation);
  [[nodiscard]] std::future<Error> trigger_snapshot();
  [[nodiscard]] std::future<Error> stop();
};

}  // namespace lockstep
