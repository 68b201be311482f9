// Who is a member: the founding of a group, and what uninitialised nodes are told
// (docs/architecture.md).
#include <algorithm>
#include <set>

#include "consensus/configuration_codec.hpp"
#include "consensus/core.hpp"
#include "consensus/quorum.hpp"

namespace lockstep::consensus {
namespace {

constexpr Term kFoundingTerm{1};
constexpr Index kFoundingIndex{1};

}  // namespace

void Core::bootstrap(CallId call, const std::vector<NodeId>& members, ClusterId cluster,
                     Epoch epoch) {
  if (failed_) return answer(call, Errc::kWrongState);
  if (initialised()) {
    return answer(call, Error(Errc::kAlreadyBootstrapped,
                              "this node belongs to cluster " + to_string(identity_.cluster)));
  }
  if (bootstrap_) {
    return answer(call, Error(Errc::kWrongState, "a bootstrap is already under way here"));
  }
  const std::set<NodeId> distinct(members.begin(), members.end());
  if (distinct.size() != members.size() || !distinct.contains(identity_.node)) {
    return answer(call, Error(Errc::kInvalidArgument,
                              "members: must name each member once, and among them this node, " +
                                  identity_.node.str()));
  }
  bootstrap_.emplace();
  bootstrap_->call = call;
  bootstrap_->members = members;
  bootstrap_->cluster = cluster;
  bootstrap_->epoch = epoch;
  bootstrap_->deadline = now_ + options_.bootstrap_timeout;
  bootstrap_->next_question = now_;
  bootstrap_->incarnations[identity_.node] = identity_.incarnation;
  tick_bootstrap();
  check_invariants();
}

/// Asks whom it still misses; founds once all have answered; repeats the entry to those that have
/// not confirmed it.
void Core::tick_bootstrap() {
  BootstrapRound& round = *bootstrap_;
  const bool collecting = !round.own_write;
  if (collecting && round.incarnations.size() == round.members.size()) {
    return found_group();
  }
  if (!collecting && round.founded.size() == round.members.size()) return finish_bootstrap({});
  const auto is_missing = [&](const NodeId& node) {
    return collecting ? !round.incarnations.contains(node) : !round.founded.contains(node);
  };
  if (now_ >= round.deadline) {
    std::string text = collecting ? "nothing was written; no answer from"
                                  : "the group is founded; not yet confirmed by";
    for (const NodeId& node : round.members) {
      if (is_missing(node)) text += " " + node.str();
    }
    return finish_bootstrap(Error(Errc::kTimedOut, std::move(text)));
  }
  const bool may_ask = collecting || round.founded.contains(identity_.node);
  if (!may_ask || now_ < round.next_question) return;
  round.next_question = now_ + options_.heartbeat_interval;
  for (const NodeId& node : round.members) {
    if (!is_missing(node) || node == identity_.node) continue;
    if (collecting) {
      send_state(node, true);
    } else {
      send_bootstrap_entry(node);
    }
  }
}

void Core::found_group() {
  BootstrapRound& round = *bootstrap_;
  BootstrapRecord record;
  record.cluster = round.cluster;
  record.epoch = round.epoch;
  for (const NodeId& node : round.members) {
    record.configuration.voters.push_back({node, round.incarnations.at(node)});
  }
  const std::vector<std::uint8_t> payload = encode(record);
  save_hard_state({kFoundingTerm, NodeId{}});
  std::vector<Proposal> proposals(1);
  proposals[0].kind = EntryKind::kConfiguration;
  proposals[0].payload_bytes = payload.size();
  proposals[0].memory = Payload(ByteSpan(payload)).release();
  append_new(std::move(proposals));
  join_group(record);
  write().identity = identity_;
  round.own_write = last_write_;
  round.next_question = now_;
}

void Core::finish_bootstrap(Error error) {
  const CallId call = bootstrap_->call;
  bootstrap_.reset();
  // The first leader need not wait for a time-out.
  if (!error) election_timer_.expire();
  answer(call, std::move(error));
}

void Core::send_state(const NodeId& peer, bool wants_answer) {
  MemberState state;
  state.initialised = initialised();
  state.bootstrapping = bootstrap_.has_value();
  state.wants_answer = wants_answer;
  state.cluster = identity_.cluster;
  const auto seen = membership_.seen.find(peer);
  if (seen != membership_.seen.end() && admits(peer, seen->second.incarnation)) {
    state.admitted = seen->second.incarnation;
  }
  if (initialised()) return send_after_sync(peer, state);
  send(peer, state);
}

/// To a node that the configuration names with other data than it has.
void Core::send_verdict(const NodeId& peer) {
  MemberState verdict;
  verdict.initialised = true;
  verdict.receiver_is_stranger = true;
  verdict.cluster = identity_.cluster;
  send_after_sync(peer, verdict);
}

void Core::send_bootstrap_entry(const NodeId& peer) {
  for (const auto& [id, node] : bootstrap_reads_) {
    if (node == peer) return;
  }
  bootstrap_reads_[++last_read_] = peer;
  effects_.reads_wanted.push_back(
      {last_read_, peer, {kFoundingIndex, kFoundingIndex}, options_.max_batch_bytes});
}

void Core::receive_body(const PeerMessage& from, const MemberState& state) {
  const auto [place, is_new] = membership_.seen.try_emplace(from.peer);
  NodeSeen& seen = place->second;
  const bool has_joined = state.initialised && !seen.initialised && !is_new;
  const MonotonicTime same_since = is_new ? now_ : seen.same_since;
  seen = {from.incarnation, state.initialised, state.cluster, from.epoch, same_since, now_};
  const bool in_round = bootstrap_ && std::ranges::count(bootstrap_->members, from.peer) > 0;
  if (in_round && !bootstrap_->own_write) {
    if (state.initialised) {
      finish_bootstrap(Error(Errc::kAlreadyBootstrapped,
                             from.peer.str() + " belongs to cluster " + to_string(state.cluster)));
    } else if (state.bootstrapping) {
      finish_bootstrap(Error(Errc::kWrongState, "bootstrap was called on " + from.peer.str() +
                                                    " too: call it on one node only"));
    } else {
      bootstrap_->incarnations[from.peer] = from.incarnation;
      tick_bootstrap();
    }
  } else if (in_round && state.initialised) {
    if (state.cluster == identity_.cluster) {
      bootstrap_->founded.insert(from.peer);
      tick_bootstrap();
    } else {
      finish_bootstrap(Error(Errc::kForeignCluster,
                             from.peer.str() + " belongs to cluster " + to_string(state.cluster)));
    }
  }

  if (state.receiver_is_stranger && !initialised() && !stranger_) {
    stranger_ = true;
    notice(Trouble{Error(Errc::kStranger,
                         from.peer.str() + " knows this node with other data: this folder counts "
                                           "for nothing until the operator admits it")});
  }
  const bool is_for_us = !state.admitted.is_none() && state.admitted == identity_.incarnation;
  if (!initialised() && is_for_us && !state.cluster.is_none() && !from.epoch.is_none()) {
    return join_as_admitted(from, state);
  }
  if (initialised() && !state.initialised && is_member(configuration(), from.peer)) {
    if (!sender_counts(from)) return send_verdict(from.peer);
    if (hard_state_write_ > durable_write_) return;
    const Member* founder = find_member(configurations_.at(kFoundingIndex), from.peer);
    const bool founds = founder != nullptr && founder->incarnation == from.incarnation &&
                        log_.first_index() == kFoundingIndex;
    return founds ? send_bootstrap_entry(from.peer) : send_state(from.peer, false);
  }
  if (has_joined) feed_anew(from.peer);
  if (state.wants_answer) send_state(from.peer, false);
}

/// The group's log names this data: cluster and epoch are taken from the member that says so, and
/// the log begins empty, to be fed.
void Core::join_as_admitted(const PeerMessage& from, const MemberState& state) {
  if (bootstrap_) {
    finish_bootstrap(Error(Errc::kAlreadyBootstrapped,
                           "cluster " + to_string(state.cluster) + " has admitted this node"));
  }
  identity_.cluster = state.cluster;
  identity_.epoch = from.epoch;
  stranger_ = false;
  write_state();
  notice(ClusterKnown{state.cluster});
  send_state(from.peer, false);
}

/// It could take nothing before.
void Core::feed_anew(const NodeId& node) {
  auto* leadership = std::get_if<Leadership>(&state_);
  if (leadership == nullptr) return;
  const auto follower = leadership->followers.find(node);
  if (follower == leadership->followers.end()) return;
  follower->second.silent_retries = 0;
  follower->second.progress.lost();
  feed(node, follower->second);
}

/// A member accepts exactly one such entry, only while uninitialised and only if it finds itself in
/// it.
void Core::receive_body(const PeerMessage& from, const BootstrapEntry& bootstrap) {
  if (initialised()) return send_state(from.peer, false);
  if (bootstrap.entries.size() != 1) return notice(MessageRefused{});
  const Entry& entry = bootstrap.entries.front();
  const auto record = decode_record(entry.payload().bytes());
  if (!record || entry.header.kind != EntryKind::kConfiguration ||
      entry.id() != EntryId{kFoundingIndex, kFoundingTerm} ||
      entry.header.group != identity_.group) {
    return notice(MessageRefused{});
  }
  const Member* self = find_member(record->configuration, identity_.node);
  if (self == nullptr || self->incarnation != identity_.incarnation) {
    return notice(Trouble{Error(Errc::kStranger, "the group that " + from.peer.str() +
                                                     " founded does not name this node's data")});
  }
  if (bootstrap_) {
    finish_bootstrap(Error(Errc::kAlreadyBootstrapped,
                           from.peer.str() + " founded cluster " + to_string(record->cluster)));
  }
  save_hard_state({kFoundingTerm, NodeId{}});
  log_.append(entry);
  write_entries_from(kFoundingIndex);
  join_group(*record);
  write().identity = identity_;
  send_state(from.peer, false);
}

}  // namespace lockstep::consensus
