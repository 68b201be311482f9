// Raft §6: a node acts by the newest configuration in its log, committed or not.
#include <algorithm>

#include "consensus/configuration_codec.hpp"
#include "consensus/core.hpp"
#include "consensus/quorum.hpp"

namespace lockstep::consensus {

/// What a configuration entry says; none: this is no configuration of this node's group.
std::optional<Configuration> Core::configuration_in(const Entry& entry) const {
  if (entry.header.kind != EntryKind::kConfiguration) return std::nullopt;
  const auto record = decode_record(entry.payload().bytes());
  if (!record || record->cluster != identity_.cluster) return std::nullopt;
  return record->configuration;
}

/// The entry is in the log. Precondition: `configuration_in(entry)`.
void Core::take_configuration(const Entry& entry) {
  add_configuration(entry.header.index, *configuration_in(entry));
}

void Core::add_configuration(Index index, Configuration configuration) {
  const Role before = role();
  configurations_.add(index, std::move(configuration));
  configuration_changed(before);
}

void Core::undo_configurations_from(Index index) {
  const Role before = role();
  configurations_.truncate_from(index);
  configuration_changed(before);
}

/// What the disk has lost may have named other members: as long as that is open, the configuration
/// before it is not taken for the newest.
void Core::doubt_damaged_configurations(const WALState& wal) {
  IndexRanges doubtful = wal.damaged;
  if (wal.newest_configuration) {
    subtract(doubtful, {wal.newest_configuration->next(), log_.last_index()});
  }
  configurations_.doubt(doubtful);
}

/// What may not be the newest configuration makes nobody a stranger.
bool Core::names_other_data() const {
  const Member* self = find_member(configuration(), identity_.node);
  return configurations_.is_certain() && self != nullptr &&
         self->incarnation != identity_.incarnation;
}

void Core::configuration_changed(Role role_before) {
  stranger_ = names_other_data();
  if (std::holds_alternative<Leadership>(state_)) update_followers();
  if (role() != role_before) notice(RoleChange{role_before, role(), term()});
}

/// A leader feeds all members; those that leave, until the configuration without them is committed.
void Core::update_followers() {
  auto& followers = std::get<Leadership>(state_).followers;
  for (const auto* set :
       {&configuration().learners, &configuration().outgoing_voters, &configuration().voters}) {
    for (const Member& member : *set) {
      if (member.node == identity_.node) continue;
      const auto known = followers.find(member.node);
      // What was acknowledged by other data counts no longer.
      if (known != followers.end() && known->second.incarnation == member.incarnation) continue;
      followers.insert_or_assign(
          member.node,
          Leadership::Follower{.progress = Progress(options_.window, log_.last_index().next()),
                               .read_ahead = ReadAhead(options_.read_ahead_bytes),
                               .incarnation = member.incarnation,
                               .heard_at = now_,
                               .level_at = now_,
                               .awaited_since = now_});
    }
  }
  if (configurations_.newest_index() > commit_index_) return;
  for (auto follower = followers.begin(); follower != followers.end();) {
    if (is_member(configuration(), follower->first)) {
      ++follower;
      continue;
    }
    // It learns that it is no member any more, if it has come that far.
    send_heartbeat(follower->first, follower->second);
    follower = followers.erase(follower);
  }
}

/// What is committed names this data of the node.
bool Core::admits(const NodeId& node, Incarnation incarnation) const {
  const Member* member = find_member(configurations_.at(commit_index_), node);
  return member != nullptr && member->incarnation == incarnation;
}

/// A voter, or one that is a voter no longer by what is not known to be committed: it may be the
/// only one with a log that the others would vote for (thesis §4.2.2).
bool Core::may_lead() const {
  const auto is_own_voter_in = [&](const Configuration& configuration) {
    const Member* self = find_member(configuration, identity_.node);
    return self != nullptr && self->incarnation == identity_.incarnation &&
           is_voter(configuration, identity_.node);
  };
  const auto open = configurations_.indexes_in({commit_index_.next(), log_.last_index()});
  return is_own_voter_in(configurations_.at(commit_index_)) ||
         std::ranges::any_of(
             open, [&](Index index) { return is_own_voter_in(configurations_.at(index)); });
}

/// One that was admitted votes before its log names it: whether it is a voter is the candidate's to
/// know, and a founding member may come late (thesis §4.1).
bool Core::takes_part() const { return !stranger_; }

}  // namespace lockstep::consensus
