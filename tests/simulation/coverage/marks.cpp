#include "simulation/coverage/marks.hpp"

#include <algorithm>

namespace lockstep::sim {
namespace {

constexpr const char* kWalkedBack = "a follower says where to try instead";
constexpr const char* kWalkedBackTerms = "a leader walks back over several terms";
constexpr const char* kTruncated = "another leader's entries replace a tail";
constexpr const char* kTruncatedManyTerms = "a tail of several terms is replaced";
constexpr const char* kPreVoteRefused = "a pre-vote is refused";
constexpr const char* kPreVoteLogBehind = "a pre-vote is refused for the log";
constexpr const char* kVoteRefused = "a vote is refused";
constexpr const char* kVoteLogBehind = "a vote is refused for the log";
constexpr const char* kVoteByOperator = "an operator begins an election";
constexpr const char* kFenced = "a stale leader is fenced";
constexpr const char* kOldTermCommits = "entries of an earlier term commit with a later one's";
constexpr const char* kCommitsWithoutOwnDisk = "a leader commits what its disk has not";
constexpr const char* kDamaged = "damage is found";
constexpr const char* kTermsLost = "damage takes the terms of entries too";
constexpr const char* kRepaired = "damage is healed by others' copies";
constexpr const char* kRepairRefused = "a member has no copies that are known to be the same";
constexpr const char* kRepairWithoutLeader = "copies are given by one that does not lead";
constexpr const char* kDiskFull = "a log finds no room";
constexpr const char* kDiskFullEnds = "a log finds room again";
constexpr const char* kDiskStalls = "a log does not answer";
constexpr const char* kDiskStallEnds = "a log answers again";
constexpr const char* kStarts = "a log is opened again";
constexpr const char* kLeadsAgain = "a node leads once more";
constexpr const char* kReleased = "the log's beginning is released";
constexpr const char* kReleasedWhileOpen = "a log is opened that begins behind a boundary";
constexpr const char* kSnapshotSent = "a member gets a snapshot";
constexpr const char* kSnapshotWhileJoint = "a snapshot is installed while members change";
constexpr const char* kInstallationCut = "a start finds an installation begun";
constexpr const char* kFateUnknown = "a snapshot takes the place of an uncommitted tail";
constexpr const char* kJoint = "a configuration is joint";
constexpr const char* kJointUndone = "a joint configuration is undone";
constexpr const char* kJointFinishedByAnother = "a successor finishes a half-done change";
constexpr const char* kLeaderRemoved = "a leader writes the configuration that it leaves";
constexpr const char* kTransfer = "leadership is handed over";
constexpr const char* kTransferAborted = "a leader gives up handing over";
constexpr const char* kTransferBySickDisk = "a leader hands over since its disk is sick";
constexpr const char* kReadElsewhere = "a node asks the leader for a read";
constexpr const char* kReadRefused = "a read is refused by who leads no longer";
constexpr const char* kLearner = "a learner comes";
constexpr const char* kReadmitted = "a member comes back with other data";

constexpr const char* kNames[] = {kWalkedBack,
                                  kWalkedBackTerms,
                                  kTruncated,
                                  kTruncatedManyTerms,
                                  kPreVoteRefused,
                                  kPreVoteLogBehind,
                                  kVoteRefused,
                                  kVoteLogBehind,
                                  kVoteByOperator,
                                  kFenced,
                                  kOldTermCommits,
                                  kCommitsWithoutOwnDisk,
                                  kDamaged,
                                  kTermsLost,
                                  kRepaired,
                                  kRepairRefused,
                                  kRepairWithoutLeader,
                                  kDiskFull,
                                  kDiskFullEnds,
                                  kDiskStalls,
                                  kDiskStallEnds,
                                  kStarts,
                                  kLeadsAgain,
                                  kReleased,
                                  kReleasedWhileOpen,
                                  kSnapshotSent,
                                  kSnapshotWhileJoint,
                                  kInstallationCut,
                                  kFateUnknown,
                                  kJoint,
                                  kJointUndone,
                                  kJointFinishedByAnother,
                                  kLeaderRemoved,
                                  kTransfer,
                                  kTransferAborted,
                                  kTransferBySickDisk,
                                  kReadElsewhere,
                                  kReadRefused,
                                  kLearner,
                                  kReadmitted};

}  // namespace

std::span<const char* const> Marks::names() { return kNames; }

void Marks::on_event(const NodeId& node, const ReplicationEvent& event) {
  if (const auto* role = std::get_if<RoleChanged>(&event)) {
    if (role->to != Role::kLeader) return;
    for (const auto& [term, leader] : facts_.leaders) {
      if (term < role->term && leader == node) return hit(kLeadsAgain);
    }
  } else if (std::holds_alternative<EntriesDamaged>(event)) {
    hit(kDamaged);
  } else if (std::holds_alternative<EntriesRepaired>(event)) {
    hit(kRepaired);
  } else if (const auto* disk = std::get_if<DiskStateChanged>(&event)) {
    DiskState& before = disks_[node];
    if (disk->state == DiskState::kFull) hit(kDiskFull);
    if (disk->state == DiskState::kStalled) hit(kDiskStalls);
    if (disk->state == DiskState::kHealthy) {
      hit(before == DiskState::kFull ? kDiskFullEnds : kDiskStallEnds);
    }
    before = disk->state;
  } else if (const auto* trouble = std::get_if<ReplicationError>(&event)) {
    if (trouble->error == Errc::kLeadershipLost) hit(kFenced);
  } else if (std::holds_alternative<SnapshotSent>(event)) {
    hit(kSnapshotSent);
  } else if (std::holds_alternative<FateUnknown>(event)) {
    hit(kFateUnknown);
  }
}

void Marks::on_open(const NodeId& node, const WALState& state) {
  disks_[node] = DiskState::kHealthy;
  transfers_.erase(node);
  const auto known = facts_.nodes.find(node);
  if (known != facts_.nodes.end() && known->second.incarnation == state.identity.incarnation) {
    hit(kStarts);
  }
  if (state.boundary) hit(kReleasedWhileOpen);
  if (state.install_intent) hit(kInstallationCut);
  for (const TermRun& run : state.term_runs) {
    if (run.term == Term{}) hit(kTermsLost);
  }
}

void Marks::on_change(const NodeId& node, const LogChange& change) {
  if (change.is_release) hit(kReleased);
  const LogCopy& log = facts_.nodes.at(node).submitted;
  see_transfer_end(node, change);
  const Configuration* before = log.configuration();
  if (before != nullptr && change.truncate_from) {
    const Configuration* left = log.configuration_at(change.truncate_from->previous());
    if (before->is_joint() && left != nullptr && !left->is_joint()) hit(kJointUndone);
  }
  for (const auto& [index, configuration] : change.configurations) {
    if (before != nullptr) see_change(node, *before, configuration);
    before = &configuration;
  }
  if (!change.truncate_from) return;
  const EntryTrace* first = log.at(*change.truncate_from);
  if (first == nullptr) return;
  hit(kTruncated);
  if (first->term != log.at(log.last_index())->term) hit(kTruncatedManyTerms);
}

/// Whoever hands over takes nothing new until that has come to nothing.
void Marks::see_transfer_end(const NodeId& node, const LogChange& change) {
  const auto transfer = transfers_.find(node);
  if (transfer == transfers_.end()) return;
  const auto& [term, last] = transfer->second;
  const bool still_leads = !change.hard_state || change.hard_state->current_term == term;
  const bool appends =
      !change.entries.empty() && change.entries.back().term == term && change.first_entry > last;
  if (still_leads && !appends) return;
  if (still_leads) hit(kTransferAborted);
  transfers_.erase(transfer);
}

void Marks::see_change(const NodeId& node, const Configuration& before,
                       const Configuration& after) {
  const auto is_in = [](const std::vector<Member>& members, const NodeId& id) {
    return std::ranges::find(members, id, &Member::node) != members.end();
  };
  if (after.is_joint()) hit(kJoint);
  for (const Member& learner : after.learners) {
    const bool is_new = std::ranges::find(before.learners, learner) == before.learners.end();
    if (is_new) hit(is_in(before.voters, learner.node) ? kReadmitted : kLearner);
  }
  const Term term = facts_.nodes.at(node).submitted.hard_state().current_term;
  if (!facts_.leads(node, term)) return;
  if (!is_in(after.voters, node)) hit(kLeaderRemoved);
  if (!before.is_joint() || after.is_joint()) return;
  const LogCopy& log = facts_.nodes.at(node).submitted;
  if (log.configuration_term() < term) hit(kJointFinishedByAnother);
}

void Marks::on_send(const NodeId& from, const NodeId&, const consensus::PeerMessage& message) {
  std::visit([&](const auto& body) { see(from, body); }, message.body);
}

void Marks::see(const NodeId&, const consensus::VoteRequest& request) {
  if (request.by_operator && !request.pre_vote) hit(kVoteByOperator);
}

void Marks::see(const NodeId&, const consensus::VoteResponse& response) {
  if (response.granted) return;
  hit(response.pre_vote ? kPreVoteRefused : kVoteRefused);
  if (response.log_behind) hit(response.pre_vote ? kPreVoteLogBehind : kVoteLogBehind);
}

void Marks::see(const NodeId& from, const consensus::AppendEntries& append) {
  see(from, consensus::Heartbeat{append.term, append.commit_index, 0});
}

void Marks::see(const NodeId& from, const consensus::AppendResponse& response) {
  if (response.accepted || response.rejected == Index{}) return;
  hit(kWalkedBack);
  // Refused once more, further back, in an earlier term.
  EntryId& last = refused_[from];
  const bool goes_on = response.rejected == last.index;
  if (goes_on && response.closest.term < last.term) hit(kWalkedBackTerms);
  last = response.closest;
}

void Marks::see(const NodeId& from, const consensus::Heartbeat& heartbeat) {
  if (heartbeat.commit_index <= facts_.last_committed()) return;
  const EntryTrace* first =
      facts_.entry_of_leader(from, facts_.last_committed().next(), heartbeat.term);
  if (first != nullptr && first->term < heartbeat.term) hit(kOldTermCommits);
  if (facts_.nodes.at(from).durable.last_index() < heartbeat.commit_index) {
    hit(kCommitsWithoutOwnDisk);
  }
}

void Marks::see(const NodeId& from, const consensus::TransferLeadership& transfer) {
  const Index last = facts_.nodes.at(from).submitted.last_index();
  if (!transfers_.try_emplace(from, Transfer{transfer.term, last}).second) return;
  hit(kTransfer);
  if (disks_[from] != DiskState::kHealthy) hit(kTransferBySickDisk);
}

void Marks::see(const NodeId&, const consensus::ReadIndexRequest&) { hit(kReadElsewhere); }

void Marks::see(const NodeId&, const consensus::ReadIndexResponse& response) {
  if (!response.accepted) hit(kReadRefused);
}

void Marks::see(const NodeId& from, const consensus::RepairResponse& response) {
  if (response.entries.empty()) return hit(kRepairRefused);
  const Term newest = facts_.leaders.empty() ? Term{} : facts_.leaders.rbegin()->first;
  if (!facts_.leads(from, newest)) hit(kRepairWithoutLeader);
}

void Marks::on_apply(const NodeId&, const CommittedCommand&, const KvState&) {}
void Marks::on_install(const NodeId&, const SnapshotMetadata&, const KvState&) {
  for (const auto& [node, known] : facts_.nodes) {
    const Configuration* now = known.submitted.configuration();
    if (now != nullptr && now->is_joint()) return hit(kSnapshotWhileJoint);
  }
}

}  // namespace lockstep::sim
