// Linearizable reads by ReadIndex (design rule 3; thesis §6.4): what was committed when the read
// came, told once a majority has shown that this leader was still the leader then.
#include "consensus/core.hpp"
#include "consensus/quorum.hpp"

namespace lockstep::consensus {

void Core::request_read(std::uint64_t id) {
  if (failed_) return;
  if (std::holds_alternative<Leadership>(state_)) {
    add_read(identity_.node, id);
    check_invariants();
  } else if (const auto known = leader()) {
    send(*known, ReadIndexRequest{id});
  } else {
    notice(ReadIndexKnown{id, not_leader(), {}});
  }
}

void Core::add_read(const NodeId& reader, std::uint64_t id) {
  std::get<Leadership>(state_).reads.add(reader, id);
  serve_reads();
}

/// Begins a round for those that wait for one and answers those whose round is confirmed. Not
/// before the no-op of the term is committed: only then this leader knows all that is (§8).
void Core::serve_reads() {
  auto& leadership = std::get<Leadership>(state_);
  if (commit_index_ < leadership.first_index) return;
  const auto is_confirmed = [&](std::uint64_t round) {
    return is_majority(configuration(), [&](const NodeId& node) {
      if (node == identity_.node) return true;
      const auto follower = leadership.followers.find(node);
      return follower != leadership.followers.end() && !follower->second.stranger &&
             follower->second.round >= round;
    });
  };
  while (true) {
    if (leadership.reads.wants_round()) {
      leadership.reads.start(++leadership.round, commit_index_);
      for (auto& [node, follower] : leadership.followers) {
        if (is_voter(configuration(), node)) send_heartbeat(node, follower);
      }
    }
    const auto ready = leadership.reads.take(is_confirmed);
    if (ready.empty()) return;
    for (const auto& read : ready) answer_read(read, reason_not_to_read(read));
  }
}

/// What this node's engine can never show, as nobody has a copy (rule 4).
Error Core::reason_not_to_read(const ReadIndexQueue::Read& read) const {
  const auto damaged = log_.first_damaged_after(applied_);
  if (!is_sole_voter() || !damaged || *damaged > read.index) return {};
  return Error(Errc::kCorruption, "entry " + to_string(*damaged) +
                                      ", which is not applied yet, is damaged on the disk of the "
                                      "only voter");
}

void Core::answer_read(const ReadIndexQueue::Read& read, Error error) {
  if (read.reader == identity_.node) {
    return notice(ReadIndexKnown{read.id, std::move(error), read.index});
  }
  send(read.reader, ReadIndexResponse{read.id, !error, read.index});
}

/// The leadership ends.
void Core::refuse_reads() {
  for (const auto& read : std::get<Leadership>(state_).reads.take_all()) {
    answer_read(read, Errc::kLeadershipLost);
  }
}

void Core::receive_body(const PeerMessage& from, const ReadIndexRequest& request) {
  const bool leads = std::holds_alternative<Leadership>(state_);
  if (!leads || !is_member(configuration(), from.peer)) {
    return send(from.peer, ReadIndexResponse{request.id, false, {}});
  }
  add_read(from.peer, request.id);
}

/// Whoever leads by now: what was true of the index then stays true.
void Core::receive_body(const PeerMessage& from, const ReadIndexResponse& response) {
  if (!sender_counts(from)) return;
  const Error refused(Errc::kNotLeader, from.peer.str() + " does not lead");
  notice(ReadIndexKnown{response.id, response.accepted ? Error() : refused, response.read_index});
}

}  // namespace lockstep::consensus
