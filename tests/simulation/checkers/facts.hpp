#pragma once

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "simulation/observe/log_copy.hpp"

namespace lockstep::sim {

/// What one node was seen to write.
struct NodeFacts {
  /// As it is in memory: what the disk had no room for stays there, and is written again.
  LogCopy submitted;
  LogCopy durable;
  /// Changes that are not answered yet.
  std::deque<LogChange> pending;
  /// So many of them, the oldest ones, were answered in vain in this life: from the first that
  /// failed on, nobody knows what of them the next life finds. What was refused is not among them.
  std::size_t uncertain = 0;
  /// For want of room, since the last change that went through: until the next one does, a crash
  /// may bring them back.
  std::vector<LogChange> refused;
  Incarnation incarnation;
  /// In this life.
  Term led_last;
  /// Where its log ended when it last said something as a leader, and of which term.
  EntryId said;
  /// The last entry that it told of when it asked for votes. Where its disk has no room, its memory
  /// holds more than was ever submitted.
  EntryId claimed;
  /// Of data that was taken away from it: it held these once.
  std::vector<LogCopy> former;

  [[nodiscard]] bool had_durable(EntryId id) const;
};

struct CommittedEntry {
  EntryTrace entry;
  /// Of the leader that was the first to say so.
  Term by;
};

struct PlacedConfiguration {
  Index index;
  const Configuration* configuration = nullptr;
};

/// What is known of the whole group from what was seen so far. Everybody checks by it, nobody
/// changes it but `Checkers`.
struct Facts {
  std::map<NodeId, NodeFacts> nodes;
  /// The entry with index i at i - 1.
  std::vector<CommittedEntry> committed;
  std::map<Term, NodeId> leaders;
  /// Where each command was applied first.
  std::map<std::uint64_t, Index> applied;
  /// What leaders sent as their own term's, which their disks may get later than others.
  std::map<EntryId, EntryTrace> sent;
  std::map<EntryId, Configuration> sent_configurations;

  [[nodiscard]] Index last_committed() const { return Index(committed.size()); }
  [[nodiscard]] bool is_committed(EntryId id) const;
  [[nodiscard]] bool leads(const NodeId& node, Term term) const;
  /// Of the log in the memory of a node that leads, or led, in `term`. Null: not known.
  [[nodiscard]] const EntryTrace* entry_of_leader(const NodeId& node, Index index, Term term) const;
  /// As it was with the entry at `at` as the last.
  [[nodiscard]] PlacedConfiguration configuration_of_leader(const NodeId& node, Term term,
                                                            Index at) const;
};

[[nodiscard]] std::string text_of(EntryId id);

}  // namespace lockstep::sim
