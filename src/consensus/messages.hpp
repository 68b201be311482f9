#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include "lockstep/buffer.hpp"
#include "lockstep/entry.hpp"
#include "lockstep/types.hpp"

/// What replicas of one group say to each other.
namespace lockstep::consensus {

/// Names one image of an engine.
using SnapshotId = StrongId<struct SnapshotTag>;

/// Raft figure 2, RequestVote. Sent once the candidate's own (term, vote) is durable.
struct VoteRequest {
  Term term;
  EntryId last;
  /// Begun by a person or the host: passes a follower's stickiness to a living leader, never the
  /// log rule.
  bool by_operator = true;
  /// Asks whether a request in this term would be granted; moves nobody's term (Raft thesis §9.6).
  bool pre_vote = false;
};

struct VoteResponse {
  /// The voter's own.
  Term term;
  bool granted = false;
  /// Refused because the candidate's log is behind the voter's (Raft §5.4.1).
  bool log_behind = false;
  bool pre_vote = false;
  /// The term that was asked for.
  Term round{};
};

/// Raft figure 2, AppendEntries, with entries.
struct AppendEntries {
  Term term;
  EntryId previous;
  Index commit_index;
  /// The entries, as a range of the sender's log in memory...
  IndexRange range;
  /// ...or, on receipt and after a read from the WAL, the entries themselves.
  std::vector<Entry> entries;
};

/// Answers AppendEntries and Heartbeat. Acceptance is cumulative and is told when things become
/// durable, not when they come.
struct AppendResponse {
  Term term;
  bool accepted = false;
  /// Accepted: everything up to here is durable and equal to the leader's log.
  Index match_index;
  /// Refused: `previous.index` of the append that did not fit, and where to try instead.
  Index rejected;
  EntryId closest;
  /// Of the newest heartbeat seen from this leader in this term.
  std::uint64_t round = 0;
  /// Neither full nor stalled: this node may be handed the leadership.
  bool disk_is_well = true;
};

/// AppendEntries without entries: keeps the leadership known and carries the commit index.
struct Heartbeat {
  Term term;
  Index commit_index;
  /// Counts the leader's heartbeats: whoever echoes a round followed it when that was sent.
  std::uint64_t round = 0;
};

/// Asks the leader for its commit index, and to be fed at once.
struct SyncRequest {
  std::uint64_t id = 0;
};
struct SyncResponse {
  std::uint64_t id = 0;
  bool is_leader = false;
  Index commit_index;
};

/// Who a node is, told when a connection is made and when asked. The only message of a node that is
/// uninitialised.
struct MemberState {
  bool initialised = false;
  /// It is founding the group itself at this moment.
  bool bootstrapping = false;
  bool wants_answer = false;
  /// The sender's configuration names the receiver with other data than it has.
  bool receiver_is_stranger = false;
  ClusterId cluster;
  /// The sender's configuration names the receiver, with this data, as a member: one that is
  /// uninitialised may take the cluster from here. None: it does not say so.
  Incarnation admitted{};
};

/// The entry at index 1, for a member that is uninitialised.
struct BootstrapEntry {
  std::vector<Entry> entries;
};

/// Asks a member, whoever leads, for copies of entries that the sender's disk has lost.
struct RepairRequest {
  IndexRange range;
  /// An entry of the sender's log at or behind the range's end. Who has it too has the same entries
  /// before it (Raft §5.3, log matching). Zeros: none is known.
  EntryId anchor;
  /// What both have committed is the same as well (Raft §5.4.3).
  Index commit_index;
  /// Echoed by the answer: one to an earlier question may show what was replaced since.
  std::uint64_t question = 0;
};
/// Entries from `first` on; none: the sender has no copy that it knows to be the same.
struct RepairResponse {
  Index first;
  std::vector<Entry> entries;
  std::uint64_t question = 0;
};

/// Leader to the voter that is to lead instead: begin an election now (Raft thesis §3.10).
struct TransferLeadership {
  Term term;
};

/// Asks the leader for an index that a linearizable read has to wait for (Raft thesis §6.4).
struct ReadIndexRequest {
  std::uint64_t id = 0;
};
struct ReadIndexResponse {
  std::uint64_t id = 0;
  bool accepted = false;
  Index read_index;
};

/// A piece of a snapshot, from the leader to a member that needs what the log has released (Raft
/// §7).
struct InstallSnapshot {
  Term term;
  /// Names the image: pieces of the same one fit together, whoever sends them.
  SnapshotId snapshot;
  EntryId last;
  std::uint64_t size_bytes = 0;
  std::uint64_t offset = 0;
  /// With the piece at offset 0 only.
  SharedBuffer metadata;
  SharedBuffer chunk;
};
struct SnapshotResponse {
  enum class State : std::uint8_t {
    kAccepting = 1,
    kInstalled = 2,
    kRefused = 3,
    kTooOld = 4,    ///< the member has promised what lies beyond this image
    kNeedless = 5,  ///< its engine has what the image holds, though its log is damaged there
  };
  Term term;
  SnapshotId snapshot;
  /// Everything before it is there.
  std::uint64_t next_offset = 0;
  State state = State::kAccepting;
};

/// What a member's committed log amounts to up to an index; one that has another digest there has
/// diverged (design rule 13).
struct Checkpoint {
  Index index;
  Digest digest;
};

using MessageBody =
    std::variant<VoteRequest, VoteResponse, AppendEntries, AppendResponse, Heartbeat, SyncRequest,
                 SyncResponse, MemberState, BootstrapEntry, RepairRequest, RepairResponse,
                 TransferLeadership, ReadIndexRequest, ReadIndexResponse, InstallSnapshot,
                 SnapshotResponse, Checkpoint>;

/// A message to a peer, or from one.
struct PeerMessage {
  NodeId peer;
  /// Of the sender; filled in by the core when sending.
  Epoch epoch;
  Incarnation incarnation;
  MessageBody body;
};

}  // namespace lockstep::consensus
