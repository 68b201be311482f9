#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "consensus/messages.hpp"
#include "lockstep/error.hpp"
#include "lockstep/role.hpp"
#include "lockstep/wal_source.hpp"

namespace lockstep::consensus {

/// Counts the writes that the core has asked for; they become durable in this order.
using WriteNumber = StrongNumber<struct WriteNumberTag>;
/// Ties an answer to the call it belongs to.
using CallId = StrongNumber<struct CallTag>;

/// The bytes of a new entry: headroom for the header, then the payload (`Payload::release`).
struct Proposal {
  EntryKind kind = EntryKind::kCommand;
  std::shared_ptr<std::uint8_t[]> memory;
  std::size_t payload_bytes = 0;
  /// Of a large payload, hashed beforehand; empty otherwise.
  std::vector<std::uint8_t> leaves;
};

/// A new entry in the log that lacks its encoded header and digest; the core calls no crypto.
struct UnsealedEntry {
  EntryHeader header;
  std::shared_ptr<std::uint8_t[]> memory;
  std::vector<std::uint8_t> leaves;
};

/// One change to make durable; the entries are those of the log in memory.
struct LogWrite {
  WriteNumber number;
  std::optional<Index> truncate_from;
  IndexRange entries;
  std::optional<HardState> hard_state;
  std::optional<WALIdentity> identity;
  std::optional<InstallIntent> install_intent;
  /// Replaces all that the log holds.
  std::optional<Boundary> boundary;
};

/// Copies to put in the place of damaged entries, in the order of the writes.
struct LogRepair {
  IndexRange range;
  std::vector<Entry> entries;
};

struct ReadWanted {
  std::uint64_t id = 0;
  NodeId follower;
  IndexRange range;
  std::size_t byte_budget = 0;
};

/// An image behind `at_least`, or behind a later entry.
struct SnapshotWanted {
  NodeId follower;
  Index at_least;
};

/// A piece of the image that a follower is being sent.
struct PieceWanted {
  NodeId follower;
  SnapshotId snapshot;
  std::uint64_t offset = 0;
  std::uint64_t max_bytes = 0;
};

/// A piece of a snapshot that this replica may need, to be kept.
struct PieceReceived {
  NodeId sender;
  InstallSnapshot piece;
};

struct Answer {
  CallId call;
  Error error;
};

// What observers may want to know.
struct RoleChange {
  Role from;
  Role to;
  Term term;
};
/// Entries that were never committed make room for another leader's.
struct EntriesReplaced {
  IndexRange range;
};
/// The cluster may want to know, nobody in particular waits for it.
struct Trouble {
  Error error;
};
struct LeadershipGained {
  /// The no-op that opens the term.
  Index first_index;
};
struct FencedByFollower {
  NodeId follower;
};
struct AppendRejected {};
/// Of an earlier term or another epoch.
struct StaleMessageRefused {};
/// Makes no sense in the protocol.
struct MessageRefused {};
struct ElectionStarted {};
/// The leader heard of no majority for an election time-out and gave up (thesis §6.2).
struct QuorumLost {};
struct ClusterKnown {
  ClusterId cluster;
};
/// New entries of a leader's, now in the log, not yet durable.
struct EntriesAccepted {
  IndexRange range;
};
/// The leader's answer to `request_sync`.
struct SyncAnswered {
  SyncResponse response;
};
/// Ends `request_read`: with no error, whoever has applied up to `index` may read.
struct ReadIndexKnown {
  std::uint64_t id = 0;
  Error error{};
  Index index{};
};
/// The disk has lost entries; they are looked for at the other members.
struct LogDamaged {
  IndexRange range;
};
struct LogRepaired {
  IndexRange range;
};
/// A configuration is committed.
struct ConfigurationCommitted {
  Index index;
  Configuration configuration;
};
/// A follower has installed the snapshot that it was sent.
struct SnapshotSentTo {
  NodeId node;
  EntryId last;
};
/// Engine and log go on behind this entry.
struct SnapshotTaken {
  EntryId last;
};
/// Entries that the disk has lost, and the leader has released, are applied here: the log may be
/// released behind them.
struct DamageOutlived {
  /// Of the leader's image, and what it says of itself: nothing but with the piece at offset 0.
  SnapshotId snapshot;
  EntryId last;
  SharedBuffer metadata;
};
/// Committed logs that are not the same, though they should be.
struct Divergence {
  NodeId node;
  /// The newest checkpoint that was found equal; 0: none was compared.
  Index newest_equal;
  Index first_different;
};
/// Entries that were in the log, uncommitted, when a snapshot took their place: the same may have
/// been committed, or others.
struct FateUnclear {
  IndexRange range;
};
using Notice =
    std::variant<RoleChange, EntriesReplaced, Trouble, LeadershipGained, FencedByFollower,
                 AppendRejected, StaleMessageRefused, MessageRefused, ElectionStarted, ClusterKnown,
                 EntriesAccepted, SyncAnswered, LogDamaged, LogRepaired, QuorumLost, ReadIndexKnown,
                 ConfigurationCommitted, SnapshotSentTo, SnapshotTaken, FateUnclear, Divergence,
                 DamageOutlived>;

/// What the core wants done, to be executed in the order of the fields. The names carry the rule of
/// safety 1.
struct Effects {
  std::vector<UnsealedEntry> entries_to_seal;
  /// Promise nothing about the local disk.
  std::vector<PeerMessage> messages_to_send_now;
  std::optional<LogWrite> write;
  std::optional<LogRepair> repair;
  /// Not before every write up to `durable_before_messages` is durable.
  std::vector<PeerMessage> messages_to_send_after_sync;
  WriteNumber durable_before_messages;
  std::vector<ReadWanted> reads_wanted;
  /// Images to be made ready (`Core::snapshot_ready`).
  std::vector<SnapshotWanted> snapshots_wanted;
  std::vector<PieceWanted> pieces_wanted;
  std::vector<PieceReceived> pieces_received;
  /// The engine is to take the state of this snapshot, which has been received whole.
  std::optional<SnapshotId> install_snapshot;
  /// Entries up to here may be applied: they are committed, and durable on this node, so that the
  /// engine never gets ahead of the log that it would be repaired from. `Core::commit_index()` may
  /// be further.
  std::optional<Index> commit_index;
  std::vector<Answer> answers;
  std::vector<Notice> notices;
  /// The replica must not go on.
  std::optional<Error> failure;
};

}  // namespace lockstep::consensus
