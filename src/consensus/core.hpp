#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "consensus/bootstrap_round.hpp"
#include "consensus/checkpoint_watch.hpp"
#include "consensus/configuration_history.hpp"
#include "consensus/core_options.hpp"
#include "consensus/effects.hpp"
#include "consensus/election.hpp"
#include "consensus/election_timer.hpp"
#include "consensus/following.hpp"
#include "consensus/installation.hpp"
#include "consensus/leadership.hpp"
#include "consensus/log.hpp"
#include "consensus/membership_change.hpp"
#include "consensus/repair.hpp"
#include "consensus/transfer.hpp"
#include "lockstep/configuration.hpp"
#include "lockstep/role.hpp"
#include "lockstep/time.hpp"
#include "lockstep/wal_source.hpp"

namespace lockstep::consensus {

/// What the replica found when it opened its log and its engine.
struct Recovered {
  WALState wal;
  /// Of the boundary, and of all configuration entries held.
  ConfigurationHistory configurations;
  /// Applied by the engine, hence committed.
  Index applied;
};

/// The replication core of one replica (Raft): events in, one
/// batch of effects out. It knows no thread, socket, file, clock or hash. After each event the
/// driver takes the effects and executes them in order, before the next event.
class Core {
 public:
  Core(CoreOptions options, Recovered recovered, MonotonicTime now);

  // --- events ---
  /// The time of the event that follows.
  void set_time(MonotonicTime now) { now_ = std::max(now_, now); }
  void tick(MonotonicTime now);
  /// When the next tick is due: one before it would find nothing to do. It comes nearer with
  /// events, and is never further away than a heartbeat interval.
  [[nodiscard]] MonotonicTime next_deadline() const;
  void receive(PeerMessage message);
  /// Appends entries of the host's to the log. Precondition: this node leads and is not failing.
  void propose(std::vector<Proposal> proposals);
  /// Starts an election by hand.
  void campaign(CallId call);
  /// Gives leadership or candidacy up.
  void become_follower_by_command(CallId call);
  /// Gives leadership up; kNotLeader when there is none.
  void step_down(CallId call);
  /// Hands leadership over to this voter.
  void transfer_leadership(CallId call, const NodeId& target);
  /// The disk does not answer, or does again. That it is full the core knows by itself.
  void disk_stalled(bool stalled) { disk_stalled_ = stalled; }
  /// Founds the group; ids are random ones from the driver.
  void bootstrap(CallId call, const std::vector<NodeId>& members, ClusterId cluster, Epoch epoch);
  /// Changes the members, on the leader; answered once the change is committed (Raft §6).
  void change_members(CallId call, const MembershipRequest& request);
  void durable_up_to(WriteNumber number);
  void write_failed(const Error& error);
  /// The disk had no room for what is not durable yet, and nothing of it was written. From now on
  /// only term, vote and identity are asked to be written, which need next to no room, at once if
  /// they wait; entries stay in memory.
  void no_space();
  /// Asks for all that is not durable, as one write; again after `no_space`.
  void write_again();
  /// Entries cannot be read back any more (design rule 4).
  void damage_found(IndexRange range);
  /// The end of `Effects::repair`.
  void repair_done(const Error& error);
  /// A checkpoint of what this node has applied.
  void checkpoint_made(Index index, const Digest& digest);
  // Snapshots (Raft §7). A leader's: what `Effects::snapshots_wanted` and `pieces_wanted` asked
  // for.
  void snapshot_ready(const NodeId& follower, SnapshotOffer offer);
  /// None can be had now.
  void snapshot_failed(const NodeId& follower, const Error& error);
  void piece_ready(const PieceWanted& wanted, SharedBuffer chunk);
  // A follower's: what came of `Effects::pieces_received`.
  void piece_stored(const NodeId& sender, SnapshotId id, std::uint64_t next_offset);
  void piece_refused(const NodeId& sender, SnapshotId id, const Error& error);
  /// All of it is there, and is what was sent. `name`: the engine's name for it.
  void snapshot_received(const NodeId& sender, SnapshotId id, std::string name, Boundary boundary);
  /// The end of `Effects::install_snapshot`, when it was a success.
  void engine_has_snapshot();
  [[nodiscard]] bool is_installing() const { return installation_.has_value(); }
  /// The log has durably let go of what lies up to this entry.
  void prefix_released(EntryId last);
  void read_done(std::uint64_t id, std::vector<Entry> entries);
  void read_failed(std::uint64_t id, const Error& error);
  void link_up(const NodeId& peer);
  void link_lost(const NodeId& peer);
  /// A dial to the peer's address was actively refused: no process listens there.
  void dial_refused(const NodeId& peer);
  /// A message was not accepted by the transport.
  void send_failed(const NodeId& peer);
  void applied_up_to(Index index) { applied_ = index; }
  /// Asks the leader for its commit index (follower).
  void request_sync(std::uint64_t id);
  /// Wants an index that a linearizable read has to wait for; answered by `ReadIndexKnown`, or
  /// never, when messages are lost. On the leader, an earlier one is given up. Ids are never used
  /// again, by no life of this node.
  void request_read(std::uint64_t id);
  /// Feeds a follower now instead of at the next retry (leader). What it does not acknowledge yet
  /// is sent again.
  void feed(const NodeId& follower);
  /// The driver cannot go on: gives leadership up and takes no part any more.
  void fail(const Error& error);

  [[nodiscard]] Effects take_effects();

  // --- what can be seen ---
  [[nodiscard]] Role role() const;
  [[nodiscard]] Term term() const { return hard_state_.current_term; }
  [[nodiscard]] std::optional<NodeId> leader() const;
  [[nodiscard]] const Log& log() const { return log_; }
  [[nodiscard]] Log& log() { return log_; }
  [[nodiscard]] Index commit_index() const { return commit_index_; }
  [[nodiscard]] const WALIdentity& identity() const { return identity_; }
  [[nodiscard]] bool initialised() const { return !identity_.cluster.is_none(); }
  [[nodiscard]] bool is_stranger() const { return stranger_; }
  [[nodiscard]] bool disk_is_full() const { return unwritten_from_.has_value(); }
  [[nodiscard]] bool disk_is_well() const { return !disk_stalled_ && !disk_is_full(); }
  /// To whom leadership is being handed over: nothing may be proposed meanwhile.
  [[nodiscard]] std::optional<NodeId> handing_over_to() const {
    return transfer_ ? std::optional(transfer_->target) : std::nullopt;
  }
  [[nodiscard]] bool failed() const { return failed_; }
  /// The newest in the log, committed or not: that by which this node acts (Raft §6).
  [[nodiscard]] const Configuration& configuration() const { return configurations_.newest(); }
  [[nodiscard]] const ConfigurationHistory& configurations() const { return configurations_; }
  [[nodiscard]] bool is_repairing() const { return repair_.write_under_way; }
  /// Null unless this node leads.
  [[nodiscard]] const Leadership* leadership() const { return std::get_if<Leadership>(&state_); }

 private:
  struct PendingWrite {
    WriteNumber number;
    /// Where it changes the log.
    Index first_index;
    Index last_index;
  };

  // core.cpp
  void send(const NodeId& peer, MessageBody body);
  void send_after_sync(const NodeId& peer, MessageBody body);
  [[nodiscard]] PeerMessage addressed(const NodeId& peer, MessageBody body) const;
  LogWrite& write();
  void write_entries_from(Index first);
  void truncate_from(Index index);
  [[nodiscard]] Index wanted_in_memory_from() const;
  void write_state();
  void save_hard_state(HardState hard_state);
  void enter_term(Term term);
  void become_follower(std::optional<NodeId> leader);
  void change_state(std::variant<Following, Election, Leadership> next);
  void advance_commit(Index index);
  void release_committed();
  /// Nothing, when nobody called.
  [[nodiscard]] Error not_leader() const;
  void answer(std::optional<CallId> call, Error error);
  void notice(Notice value) { effects_.notices.push_back(std::move(value)); }
  void broken(std::string what);
  void join_group(const BootstrapRecord& record);
  [[nodiscard]] bool belongs_to_epoch(const PeerMessage& message);
  [[nodiscard]] bool sender_counts(const PeerMessage& message);
  [[nodiscard]] bool is_own_voter() const;
  [[nodiscard]] bool is_sole_voter() const;

  // core_deadlines.cpp
  [[nodiscard]] MonotonicTime next_deadline_of(const Leadership& leadership) const;
  [[nodiscard]] MonotonicTime next_deadline_of(const Election& election) const;
  [[nodiscard]] MonotonicTime next_deadline_of(const Following& following) const;

  // core_liveness.cpp
  void tick_liveness();
  [[nodiscard]] bool campaigns_by_itself() const;
  [[nodiscard]] bool hears_a_leader() const;
  [[nodiscard]] bool hears_a_majority() const;
  [[nodiscard]] bool is_heard(const Leadership::Follower& follower) const;
  [[nodiscard]] bool stays_damaged();

  // core_transfer.cpp
  void start_transfer(std::optional<CallId> call, const NodeId& target);
  void tell_to_campaign();
  void tick_transfer();
  void end_transfer(Error error);
  [[nodiscard]] bool is_sick() const;
  void hand_over_if_sick();
  void receive_body(const PeerMessage& from, const TransferLeadership& transfer);

  // core_pre_vote.cpp
  void start_pre_vote();
  void request_pre_votes();
  void count_pre_vote();
  void answer_pre_vote(const PeerMessage& from, const VoteRequest& request);
  void make_way_for(const NodeId& candidate);
  void receive_pre_vote(const PeerMessage& from, const VoteResponse& response);

  // core_election.cpp
  void start_election();
  void start_round(Election election);
  void request_votes();
  void tick_election();
  void end_election();
  void count_election();
  [[nodiscard]] bool is_up_to_date(EntryId last) const;
  void ask_for_votes(const VoteRequest& request, const std::map<NodeId, bool>& answered);
  void receive_body(const PeerMessage& from, const VoteRequest& request);
  void receive_body(const PeerMessage& from, const VoteResponse& response);
  void become_leader();

  // core_leader.cpp
  void append_new(std::vector<Proposal> proposals);
  void feed_all();
  void feed(const NodeId& node, Leadership::Follower& follower);
  void read_ahead(const NodeId& node, Leadership::Follower& follower);
  [[nodiscard]] std::size_t window_of(const Leadership::Follower& follower) const;
  void look_at_pace(Leadership::Follower& follower) const;
  void send_entries(const NodeId& node, Leadership::Follower& follower, IndexRange range,
                    std::vector<Entry> entries);
  void send_heartbeat(const NodeId& node, Leadership::Follower& follower);
  void commit_by_majority();
  void plan_commit_notice();
  [[nodiscard]] bool wants_commit_notice(const Leadership::Follower& follower) const;
  void tell_commit();
  void tick_leader();
  [[nodiscard]] std::chrono::nanoseconds patience_with(const Leadership::Follower& follower) const;
  void mark_level();
  void receive_body(const PeerMessage& from, const AppendResponse& response);
  void receive_body(const PeerMessage& from, const SyncRequest& request);

  // core_follower.cpp
  [[nodiscard]] bool follow(const PeerMessage& from, Term term);
  [[nodiscard]] bool contains(EntryId id) const;
  [[nodiscard]] bool may_take(const AppendEntries& append);
  [[nodiscard]] std::optional<Index> take_entries(AppendEntries& append);
  void append_received(std::span<Entry> entries);
  void acknowledge();
  [[nodiscard]] AppendResponse response_to_leader(bool accepted) const;
  void receive_body(const PeerMessage& from, AppendEntries& append);
  void receive_body(const PeerMessage& from, const Heartbeat& heartbeat);
  void receive_body(const PeerMessage& from, const SyncResponse& response);

  // core_bootstrap.cpp
  void found_group();
  void finish_bootstrap(Error error);
  void tick_bootstrap();
  void send_state(const NodeId& peer, bool wants_answer);
  void send_verdict(const NodeId& peer);
  void send_bootstrap_entry(const NodeId& peer);
  void join_as_admitted(const PeerMessage& from, const MemberState& state);
  void feed_anew(const NodeId& node);
  void receive_body(const PeerMessage& from, const MemberState& state);
  void receive_body(const PeerMessage& from, const BootstrapEntry& bootstrap);

  // core_membership.cpp
  [[nodiscard]] std::optional<Configuration> configuration_in(const Entry& entry) const;
  void take_configuration(const Entry& entry);
  void add_configuration(Index index, Configuration configuration);
  void undo_configurations_from(Index index);
  void doubt_damaged_configurations(const WALState& wal);
  [[nodiscard]] bool names_other_data() const;
  void configuration_changed(Role role_before);
  void update_followers();
  [[nodiscard]] bool admits(const NodeId& node, Incarnation incarnation) const;
  [[nodiscard]] bool takes_part() const;
  [[nodiscard]] bool may_lead() const;

  // core_membership_change.cpp
  [[nodiscard]] Result<Member> member_to_change(const MembershipRequest& request) const;
  [[nodiscard]] bool members_are_changing() const;
  [[nodiscard]] Result<> begin_change(const MembershipRequest& request, const Member& member);
  void append_configuration(const Configuration& configuration);
  void tick_membership();
  void tick_catch_up();
  void readmit_strangers();
  [[nodiscard]] bool is_confirmed(const NodeSeen& seen) const;
  void note_sender(const PeerMessage& message);
  void end_membership_change(const Error& error);
  void abandon_membership_change();

  // core_read.cpp
  void add_read(const NodeId& reader, std::uint64_t id);
  void serve_reads();
  [[nodiscard]] Error reason_not_to_read(const ReadIndexQueue::Read& read) const;
  void answer_read(const ReadIndexQueue::Read& read, Error error);
  void refuse_reads();
  void receive_body(const PeerMessage& from, const ReadIndexRequest& request);
  void receive_body(const PeerMessage& from, const ReadIndexResponse& response);

  // core_repair.cpp
  void tick_repair();
  [[nodiscard]] IndexRange next_damage();
  void note_refusal(const NodeId& peer);
  [[nodiscard]] std::vector<NodeId> members_to_ask() const;
  [[nodiscard]] EntryId anchor_of(IndexRange range) const;
  [[nodiscard]] bool fits_damage(IndexRange asked, const std::vector<Entry>& copies) const;
  void repair_from(std::span<const Entry> copies);
  void repaired(const std::vector<Entry>& copies);
  void repair_refused(const Error& error);
  [[nodiscard]] bool shares(const RepairRequest& request) const;
  void answer_repair(const RepairRead& read, std::vector<Entry> entries);
  void receive_body(const PeerMessage& from, const RepairRequest& request);
  void receive_body(const PeerMessage& from, const RepairResponse& response);

  // core_checkpoints.cpp
  void tell_checkpoint(const NodeId& node);
  void report(const Divergence& divergence);
  void receive_body(const PeerMessage& from, const Checkpoint& checkpoint);

  // core_snapshot.cpp
  void want_snapshot(const NodeId& node, Leadership::Follower& follower);
  void ask_for_snapshot(const NodeId& node, const Leadership::Follower& follower);
  void pause_snapshot(Leadership::Follower& follower);
  void help_with_snapshot(const PeerMessage& from);
  void open_snapshot(const NodeId& node, Leadership::Follower& follower);
  void advance_snapshot(const NodeId& node, Leadership::Follower& follower);
  void end_snapshot(const NodeId& node, Leadership::Follower& follower);
  void tick_snapshot(const NodeId& node, Leadership::Follower& follower);
  [[nodiscard]] Leadership::Follower* follower_awaiting(const NodeId& node);
  void receive_body(const PeerMessage& from, const SnapshotResponse& response);

  // core_installation.cpp
  [[nodiscard]] bool needs(EntryId last_of_snapshot) const;
  [[nodiscard]] bool may_install(EntryId last_of_snapshot) const;
  void confirm(const NodeId& leader, const InstallSnapshot& piece);
  void answer_piece(const NodeId& sender, SnapshotId id, std::uint64_t next_offset,
                    SnapshotResponse::State state);
  void write_installation();
  void advance_installation(WriteNumber durable);
  void finish_installation();
  void receive_body(const PeerMessage& from, const InstallSnapshot& piece);

  /// What this version does not know what to do with.
  void receive_body(const PeerMessage&, const auto&) { notice(MessageRefused{}); }

  void check_invariants();

  CoreOptions options_;
  WALIdentity identity_;
  MonotonicTime now_;
  HardState hard_state_;
  Log log_;
  ConfigurationHistory configurations_;
  Membership membership_;
  Index commit_index_;
  /// Committed and durable here, as told to the driver.
  Index released_;
  Index applied_;
  std::variant<Following, Election, Leadership> state_;
  ElectionTimer election_timer_;
  std::optional<Transfer> transfer_;
  bool disk_stalled_ = false;
  std::optional<BootstrapRound> bootstrap_;
  bool stranger_ = false;
  bool failed_ = false;

  WriteNumber last_write_;
  WriteNumber durable_write_;
  /// The newest write that changed term, vote or identity: answers wait for it.
  WriteNumber hard_state_write_;
  std::deque<PendingWrite> pending_writes_;
  /// While the disk is full: entries from here on are in no write.
  std::optional<Index> unwritten_from_;
  std::uint64_t last_read_ = 0;
  /// Reads of the entry at index 1, by whom it is for.
  std::map<std::uint64_t, NodeId> bootstrap_reads_;
  /// Reads for a member whose own copies are damaged.
  std::map<std::uint64_t, RepairRead> repair_reads_;
  Repair repair_;
  std::optional<Installation> installation_;
  CheckpointWatch checkpoints_;
  std::set<NodeId> linked_;

  Effects effects_;
  /// As of the last check, for the rules that compare before with after.
  struct Checked {
    HardState hard_state;
    Index commit_index;
  } checked_;
};

}  // namespace lockstep::consensus
