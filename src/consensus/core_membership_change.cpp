// Changes of the members by the leader (Raft §6, thesis §4; design rule 10): one at a time, every
// change of voters by a joint configuration.
#include "consensus/configuration_codec.hpp"
#include "consensus/core.hpp"
#include "consensus/quorum.hpp"

namespace lockstep::consensus {

void Core::change_members(CallId call, const MembershipRequest& request) {
  Result<Member> member = member_to_change(request);
  if (!member) return answer(call, member.error());
  auto& change = membership_.change;
  if (has_made(configuration(), request.operation)) {
    if (!members_are_changing()) return answer(call, {});
    // An earlier leader's, perhaps: it is finished here.
    if (!change) change.emplace(MembershipChange{request, {}, std::nullopt});
    return change->calls.push_back(call);
  }
  if (change) {
    const bool again = change->request == request && !request.operation.is_none();
    if (again) return change->calls.push_back(call);
    return answer(call, Error(Errc::kWrongState,
                              to_string(change->request) + " is under way; one change at a time"));
  }
  if (transfer_) {
    return answer(
        call, Error(Errc::kWrongState, "leadership is being handed to " + transfer_->target.str()));
  }
  if (commit_index_ < std::get<Leadership>(state_).first_index) {
    return answer(call, Error(Errc::kWrongState,
                              "nothing of this leader's term is committed yet: try again soon"));
  }
  if (members_are_changing()) {
    return answer(
        call, Error(Errc::kWrongState, "a change of members that an earlier leader began, entry " +
                                           to_string(configurations_.newest_index()) +
                                           ", is not finished yet; one change at a time"));
  }
  if (is_done(configuration(), request, *member)) return answer(call, {});
  const auto begun = begin_change(request, *member);
  if (!begun) return answer(call, begun.error());
  change->calls.push_back(call);
  tick_membership();
  check_invariants();
}

/// Precondition: no change is under way.
Result<> Core::begin_change(const MembershipRequest& request, const Member& member) {
  const auto next = change(configuration(), request, member);
  if (!next) return next.error();
  membership_.change.emplace(MembershipChange{request, {}, std::nullopt});
  if (request.kind == MemberChange::kPromote) {
    membership_.change->catch_up.emplace(log_.last_index(), now_);
  } else {
    append_configuration(*next);
  }
  return {};
}

/// The node with the data that the change is about. Errors: why this node cannot begin it.
Result<Member> Core::member_to_change(const MembershipRequest& request) const {
  if (failed_) return Error(Errc::kWrongState, "this replica has stopped taking part");
  const auto* leadership = std::get_if<Leadership>(&state_);
  if (leadership == nullptr) return not_leader();
  Member member{request.node, {}};
  if (request.kind == MemberChange::kPromote) {
    const auto follower = leadership->followers.find(request.node);
    if (follower != leadership->followers.end() && follower->second.stranger) {
      return Error(Errc::kStranger, request.node.str() +
                                        " has other data than the configuration names: add it "
                                        "as a learner first");
    }
  }
  if (request.kind != MemberChange::kAddLearner) return member;
  if (request.node == identity_.node) {
    member.incarnation = identity_.incarnation;
    return member;
  }
  const auto seen = membership_.seen.find(request.node);
  if (seen == membership_.seen.end()) {
    return Error(Errc::kNotConnected, request.node.str() +
                                          " has not reported itself to this leader: start it, "
                                          "connect it, and call again");
  }
  const NodeSeen& node = seen->second;
  if (node.initialised && (node.cluster != identity_.cluster || node.epoch != identity_.epoch)) {
    return Error(Errc::kForeignCluster, request.node.str() + " belongs to cluster " +
                                            to_string(node.cluster) + ", epoch " +
                                            to_string(node.epoch) + ": empty its folder first");
  }
  const Member* known = find_member(configuration(), request.node);
  const bool is_stranger = known != nullptr && known->incarnation != node.incarnation;
  if (is_stranger && !is_confirmed(node)) {
    return Error(Errc::kWrongState, request.node.str() +
                                        " has told only now that it has other data than the "
                                        "configuration names: call again in a moment");
  }
  member.incarnation = node.incarnation;
  return member;
}

/// The newest configuration is not committed, or not the last of its change.
bool Core::members_are_changing() const {
  return configuration().is_joint() || configurations_.newest_index() > commit_index_;
}

void Core::append_configuration(const Configuration& configuration) {
  const std::vector<std::uint8_t> payload =
      encode(BootstrapRecord{identity_.cluster, identity_.epoch, configuration});
  std::vector<Proposal> proposals(1);
  proposals[0].kind = EntryKind::kConfiguration;
  proposals[0].payload_bytes = payload.size();
  proposals[0].memory = Payload(ByteSpan(payload)).release();
  append_new(std::move(proposals));
  add_configuration(log_.last_index(), configuration);
  feed_all();
}

/// What a leader has to do for its members: end a joint configuration, its own or an earlier
/// leader's, once it is committed; leave once a configuration without it is.
void Core::tick_membership() {
  const auto* leadership = std::get_if<Leadership>(&state_);
  if (leadership == nullptr || failed_) return;
  if (membership_.change && membership_.change->catch_up) return tick_catch_up();
  if (configurations_.newest_index() == membership_.settled) return;
  const bool is_committed =
      configurations_.newest_index() <= commit_index_ && commit_index_ >= leadership->first_index;
  if (!is_committed) return;
  if (configuration().is_joint()) return append_configuration(final_of(configuration()));
  membership_.settled = configurations_.newest_index();
  if (membership_.change) end_membership_change({});
  update_followers();
  for (const auto& [node, seen] : membership_.seen) {
    if (!seen.initialised && admits(node, seen.incarnation)) send_state(node, false);
  }
  if (is_own_voter()) return;
  tell_commit();  // nobody else would, until the next leader
  become_follower(std::nullopt);
}

/// Thesis §4.2.1: a learner becomes a voter when it has caught up, so that it holds nobody up.
void Core::tick_catch_up() {
  MembershipChange& change = *membership_.change;
  const NodeId& node = change.request.node;
  const auto& followers = std::get<Leadership>(state_).followers;
  const auto follower = followers.find(node);
  const bool is_fed = follower != followers.end();
  const Index match = is_fed ? follower->second.progress.match_index() : Index{};
  const auto* transfer =
      is_fed && follower->second.transfer ? &*follower->second.transfer : nullptr;
  const std::uint64_t progress =
      match.value() + (transfer == nullptr ? 0 : transfer->acknowledged_bytes());
  // One that is dead has caught up with nothing, however level it was when it died.
  const bool is_there = is_fed && is_heard(follower->second);
  switch (change.catch_up->look(is_there ? match : Index{}, progress, log_.last_index(), now_,
                                options_.election_timeout_min, options_.bootstrap_timeout)) {
    case CatchUp::State::kGoesOn:
      return;
    case CatchUp::State::kTooSlow:
      return end_membership_change(
          Error(Errc::kLogBehind, node.str() + " does not catch up: after " +
                                      std::to_string(CatchUp::kMaxRounds) +
                                      " rounds one still takes longer than an election time-out; "
                                      "nothing was changed"));
    case CatchUp::State::kStandsStill:
      return end_membership_change(Error(
          Errc::kTimedOut, is_there
                               ? node.str() + " gets no further than entry " + to_string(match) +
                                     " of " + to_string(log_.last_index()) + "; nothing was changed"
                               : node.str() + " does not answer, or not with the data that was "
                                              "added; nothing was changed"));
    case CatchUp::State::kCaughtUp:
      break;
  }
  change.catch_up.reset();
  const auto next = consensus::change(configuration(), change.request, {});
  if (!next) return end_membership_change(next.error());
  append_configuration(*next);
}

/// Design 4, by option: nodes that have lost their data come back without the operator, as what
/// they were.
void Core::readmit_strangers() {
  const auto* leadership = std::get_if<Leadership>(&state_);
  if (!options_.readmit_strangers || leadership == nullptr || membership_.change ||
      members_are_changing() || commit_index_ < leadership->first_index) {
    return;
  }
  for (const auto& [node, seen] : membership_.seen) {
    const Member* known = find_member(configuration(), node);
    const bool is_stranger = known != nullptr && known->incarnation != seen.incarnation;
    if (!is_stranger || seen.initialised || !is_confirmed(seen)) continue;
    const bool was_voter =
        is_voter(configuration(), node) || is_owed_promotion(configuration(), *known);
    const OperationId mark = was_voter ? readmission_of(seen.incarnation) : OperationId{};
    if (begin_change({MemberChange::kAddLearner, node, mark}, {node, seen.incarnation})) return;
  }
  for (const Member& learner : configuration().learners) {
    const auto follower = leadership->followers.find(learner.node);
    const bool is_level = follower != leadership->followers.end() && is_heard(follower->second) &&
                          follower->second.progress.match_index() >= leadership->first_index &&
                          now_ - follower->second.level_at < options_.election_timeout_min;
    if (!is_level || !is_owed_promotion(configuration(), learner)) continue;
    if (begin_change({MemberChange::kPromote, learner.node, {}}, learner)) return;
  }
}

/// That a node has other data than the configuration names may be told by a message of long ago: it
/// must have told nothing else for a while, and again and again.
bool Core::is_confirmed(const NodeSeen& seen) const {
  return seen.told_at - seen.same_since >= options_.election_timeout_min;
}

/// Any message confirms what its sender has told of itself, or contradicts it.
void Core::note_sender(const PeerMessage& message) {
  const auto place = membership_.seen.find(message.peer);
  if (place == membership_.seen.end()) return;
  NodeSeen& seen = place->second;
  const bool goes_on = message.incarnation == seen.incarnation &&
                       now_ - seen.told_at < options_.election_timeout_min;
  if (!goes_on) seen.same_since = now_;
  seen.told_at = now_;
}

void Core::end_membership_change(const Error& error) {
  const MembershipChange ended = *std::exchange(membership_.change, std::nullopt);
  for (const CallId call : ended.calls) answer(call, error);
}

/// This node leads no longer; what is in the log, a successor finishes or replaces.
void Core::abandon_membership_change() {
  if (!membership_.change) return;
  const bool begun = !membership_.change->catch_up;
  end_membership_change(
      Error(Errc::kLeadershipLost, to_string(membership_.change->request) +
                                       (begun ? " was begun and may still be made: ask the next "
                                                "leader, with the same operation id"
                                              : " was not begun; nothing was changed")));
}

}  // namespace lockstep::consensus
