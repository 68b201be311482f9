// Who is there: the follower's time-out (Raft §5.2), the leader's check of its quorum (thesis §6.2)
// and the voters' stickiness to a living leader (thesis §4.2.3).
#include "consensus/core.hpp"
#include "consensus/quorum.hpp"

namespace lockstep::consensus {

void Core::tick_liveness() {
  if (!options_.elected) return;
  if (std::holds_alternative<Leadership>(state_)) {
    const bool has_quorum = hears_a_majority();
    if (!has_quorum) notice(QuorumLost{});
    if (!has_quorum || stays_damaged()) become_follower(std::nullopt);
    return;
  }
  auto* following = std::get_if<Following>(&state_);
  if (following == nullptr || !campaigns_by_itself()) return;
  if (following->pre_vote) {
    if (now_ >= following->pre_vote->next_request) request_pre_votes();
  } else if (election_timer_.is_due(now_) || is_sole_voter()) {
    start_pre_vote();
  }
}

/// Not with a damaged log (rule 4); and with a sick disk another one leads better: whatever it
/// commits without this disk, the others commit without this node.
bool Core::campaigns_by_itself() const {
  const bool is_whole = log_.damaged().empty() || is_sole_voter();
  return initialised() && !stranger_ && may_lead() && is_whole && disk_is_well() && !installation_;
}

/// A leader hears itself: it does not stay one for long without a majority.
bool Core::hears_a_leader() const {
  const auto* following = std::get_if<Following>(&state_);
  if (following == nullptr) return std::holds_alternative<Leadership>(state_);
  return following->leader && !following->leader_is_gone &&
         now_ - following->heard_at < options_.election_timeout_min;
}

/// Fast election (design 4): only where a leader's connection is lost and its address refuses a new
/// one, its process is gone, and this node need not wait for it, to ask for votes or to give one. A
/// redial that succeeds, hangs or times out shows nothing.
void Core::dial_refused(const NodeId& peer) {
  auto* following = std::get_if<Following>(&state_);
  if (failed_ || !options_.elected || following == nullptr || following->leader != peer ||
      following->leader_is_gone || linked_.contains(peer)) {
    return;
  }
  following->leader_is_gone = true;
  // So that those that notice at one moment do not campaign at one moment.
  election_timer_.hasten(now_, options_.heartbeat_interval);
}

/// A leader that cannot repair its log soon makes room: what nobody else has it could offer to
/// nobody, and nothing behind it would ever commit.
bool Core::stays_damaged() {
  auto& since = std::get<Leadership>(state_).damaged_since;
  if (log_.damaged().empty() || is_sole_voter()) {
    since.reset();
    return false;
  }
  if (!since) since = now_;
  return now_ - *since >= options_.election_timeout_min;
}

bool Core::hears_a_majority() const {
  const auto& followers = std::get<Leadership>(state_).followers;
  return is_majority(configuration(), [&](const NodeId& node) {
    if (node == identity_.node) return true;
    const auto follower = followers.find(node);
    return follower != followers.end() && is_heard(follower->second);
  });
}

bool Core::is_heard(const Leadership::Follower& follower) const {
  return !follower.stranger && now_ - follower.heard_at < options_.election_timeout_min;
}

}  // namespace lockstep::consensus
