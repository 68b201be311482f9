#include "consensus/message_text.hpp"

#include <map>

#include "consensus/configuration_codec.hpp"
#include "consensus/configuration_text.hpp"

namespace lockstep::consensus::test {
namespace {

std::string id(EntryId value) { return to_string(value.index) + "/" + to_string(value.term); }

struct BodyText {
  std::string operator()(const VoteRequest& body) const {
    return std::string(body.pre_vote ? "pre_vote_request" : "vote_request") +
           " term=" + to_string(body.term) + " last=" + id(body.last);
  }
  std::string operator()(const VoteResponse& body) const {
    const std::string verdict = body.granted ? "granted" : "refused";
    return std::string(body.pre_vote ? "pre_vote " : "vote ") + verdict +
           " term=" + to_string(body.term) + (body.log_behind ? " log_behind" : "");
  }
  std::string operator()(const AppendEntries& body) const {
    std::string text = "append term=" + to_string(body.term) + " prev=" + id(body.previous);
    if (!body.entries.empty()) text += " entries=";
    for (const Entry& entry : body.entries) {
      if (&entry != &body.entries.front()) text += ",";
      text += id(entry.id());
    }
    return text + " commit=" + to_string(body.commit_index);
  }
  std::string operator()(const AppendResponse& body) const {
    const std::string term = " term=" + to_string(body.term);
    if (body.accepted) return "ack " + to_string(body.match_index) + term;
    return "reject " + to_string(body.rejected) + " try=" + id(body.closest) + term;
  }
  std::string operator()(const Heartbeat& body) const {
    return "heartbeat term=" + to_string(body.term) + " commit=" + to_string(body.commit_index);
  }
  std::string operator()(const SyncRequest&) const { return "sync_request"; }
  std::string operator()(const SyncResponse& body) const {
    return "sync_response " + std::string(body.is_leader ? "leader" : "no_leader") +
           " commit=" + to_string(body.commit_index);
  }
  std::string operator()(const MemberState& body) const {
    std::string text = body.initialised ? "state initialised" : "state uninitialised";
    if (body.bootstrapping) text += " bootstrapping";
    if (body.wants_answer) text += " wants_answer";
    if (body.receiver_is_stranger) text += " receiver_is_stranger";
    if (!body.admitted.is_none()) text += " admitted";
    return text;
  }
  std::string operator()(const BootstrapEntry&) const { return "bootstrap_entry"; }
  std::string operator()(const RepairRequest& body) const {
    return "repair_request " + to_string(body.range.first) + ".." + to_string(body.range.last) +
           " anchor=" + id(body.anchor) + " commit=" + to_string(body.commit_index);
  }
  std::string operator()(const RepairResponse& body) const {
    std::string text = "repair_response " + to_string(body.first) + " entries=";
    for (const Entry& entry : body.entries) {
      text += (&entry == &body.entries.front() ? "" : ",") + id(entry.id());
    }
    return text;
  }
  std::string operator()(const TransferLeadership& body) const {
    return "transfer_leadership term=" + to_string(body.term);
  }
  std::string operator()(const ReadIndexRequest&) const { return "read_index_request"; }
  std::string operator()(const ReadIndexResponse& body) const {
    return body.accepted ? "read_index " + to_string(body.read_index) : "read_index refused";
  }
  std::string operator()(const InstallSnapshot& body) const {
    return "install_snapshot term=" + to_string(body.term) + " last=" + id(body.last) +
           " offset=" + std::to_string(body.offset);
  }
  std::string operator()(const SnapshotResponse& body) const {
    using State = SnapshotResponse::State;
    const std::string state = body.state == State::kInstalled  ? "installed"
                              : body.state == State::kRefused  ? "refused"
                              : body.state == State::kTooOld   ? "too_old"
                              : body.state == State::kNeedless ? "needless"
                                                               : "accepting";
    return "snapshot " + state + " next=" + std::to_string(body.next_offset);
  }
  std::string operator()(const Checkpoint& body) const {
    return "checkpoint " + to_string(body.index);
  }
};

struct NoticeText {
  std::string operator()(const RoleChange& n) const {
    return "role " + to_string(n.from) + " to " + to_string(n.to) + " in term " + to_string(n.term);
  }
  std::string operator()(const EntriesReplaced& n) const { return "replaced " + range(n.range); }
  std::string operator()(const Trouble& n) const { return "trouble " + name_of(n.error); }
  std::string operator()(const LeadershipGained& n) const {
    return "leadership_gained " + to_string(n.first_index);
  }
  std::string operator()(const FencedByFollower& n) const {
    return "fenced_by " + n.follower.str();
  }
  std::string operator()(const AppendRejected&) const { return "append_rejected"; }
  std::string operator()(const StaleMessageRefused&) const { return "stale_message_refused"; }
  std::string operator()(const MessageRefused&) const { return "message_refused"; }
  std::string operator()(const ElectionStarted&) const { return "election_started"; }
  std::string operator()(const ClusterKnown&) const { return "cluster_known"; }
  std::string operator()(const EntriesAccepted& n) const { return "accepted " + range(n.range); }
  std::string operator()(const SyncAnswered& n) const {
    return "sync_answered " + std::string(n.response.is_leader ? "leader" : "no_leader") +
           " commit=" + to_string(n.response.commit_index);
  }
  std::string operator()(const LogDamaged& n) const { return "damaged " + range(n.range); }
  std::string operator()(const ConfigurationCommitted& n) const {
    return "members " + text_of(n.configuration) + " at " + to_string(n.index);
  }
  std::string operator()(const LogRepaired& n) const { return "repaired " + range(n.range); }
  std::string operator()(const QuorumLost&) const { return "quorum_lost"; }
  std::string operator()(const ReadIndexKnown& n) const {
    return "read " + std::to_string(n.id) + " " +
           (n.error ? name_of(n.error) : "at " + to_string(n.index));
  }
  std::string operator()(const SnapshotSentTo& n) const {
    return "snapshot_sent " + n.node.str() + " " + to_string(n.last.index);
  }
  std::string operator()(const SnapshotTaken& n) const {
    return "snapshot_taken " + to_string(n.last.index);
  }
  std::string operator()(const Divergence& n) const {
    return "diverged " + n.node.str() + " equal=" + to_string(n.newest_equal) +
           " different=" + to_string(n.first_different);
  }
  std::string operator()(const DamageOutlived&) const { return "damage_outlived"; }
  std::string operator()(const FateUnclear& n) const { return "fate_unclear " + range(n.range); }
  static std::string range(IndexRange value) {
    return to_string(value.first) + ".." + to_string(value.last);
  }
};

}  // namespace

std::string text_of(const MessageBody& body) { return std::visit(BodyText{}, body); }
std::string text_of(const Notice& notice) { return std::visit(NoticeText{}, notice); }

std::string kind_of(const MessageBody& body) {
  const std::string text = text_of(body);
  return text.substr(0, text.find(' '));
}

std::string content_of(const Entry& entry) {
  if (entry.header.kind == EntryKind::kConfiguration) {
    const auto record = decode_record(entry.payload().bytes());
    if (entry.header.index == Index{1} || !record) return "config";
    return "config:" + text_of(record->configuration);
  }
  if (entry.header.kind == EntryKind::kNoop) return "noop";
  return std::string(entry.payload().view());
}

std::string text_of(const std::vector<Entry>& entries) {
  std::string text;
  for (const Entry& entry : entries) {
    if (!text.empty()) text += " ";
    text += to_string(entry.header.term) + "/" + content_of(entry);
  }
  return text;
}

std::string name_of(const Error& error) {
  static const std::map<Errc, std::string> kNames = {
      {Errc::kInvalidArgument, "invalid_argument"},
      {Errc::kNotSupported, "not_supported"},
      {Errc::kWrongState, "wrong_state"},
      {Errc::kTimedOut, "timed_out"},
      {Errc::kNotBootstrapped, "not_bootstrapped"},
      {Errc::kAlreadyBootstrapped, "already_bootstrapped"},
      {Errc::kLogBehind, "log_behind"},
      {Errc::kNoMajority, "no_majority"},
      {Errc::kStranger, "stranger"},
      {Errc::kNotLeader, "not_leader"},
      {Errc::kNotConnected, "not_connected"},
      {Errc::kLeadershipLost, "leadership_lost"},
      {Errc::kUnknownEntryKind, "unknown_entry_kind"},
      {Errc::kNotAMember, "not_a_member"},
      {Errc::kInvariantBroken, "invariant_broken"},
      {Errc::kForeignCluster, "foreign_cluster"},
      {Errc::kNotLeader, "not_leader"},
      {Errc::kLeadershipLost, "leadership_lost"},
      {Errc::kStalled, "stalled"},
      {Errc::kSuperseded, "superseded"},
      {Errc::kIo, "io"},
      {Errc::kSyncFailed, "sync_failed"},
      {Errc::kCorruption, "corruption"},
  };
  if (!error) return "ok";
  for (const auto& [code, name] : kNames) {
    if (error == code) return name;
  }
  return error.code.message();
}

}  // namespace lockstep::consensus::test
