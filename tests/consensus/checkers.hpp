#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "consensus/core.hpp"
#include "consensus/disk.hpp"

namespace lockstep::consensus::test {

/// Watches a whole cluster from outside for the properties of Raft's figure 3 and for the promises
/// of design rule 1. Told of every step; says what is broken, the first time only.
class Checkers {
 public:
  explicit Checkers(const std::map<NodeId, Disk>& disks) : disks_(disks) {}

  /// Before the write is submitted.
  void on_write(const NodeId& node, const Core& core, const DiskWrite& write);
  void on_repair(const NodeId& node, const std::vector<Entry>& copies);
  void on_send(const NodeId& node, const PeerMessage& message);
  void on_receive(const NodeId& node, const PeerMessage& message);
  void on_apply(const NodeId& node, const Entry& entry);
  /// The engine takes what another one had applied.
  void on_install(const NodeId& node, const std::vector<Entry>& applied);
  /// After each event of a node.
  void after_event(const NodeId& node, const Core& core);
  /// A node opens its log again.
  void on_restart(const NodeId& node, Index applied);
  /// A node's data is about to be taken away, and its promises with it.
  void on_new_disk(const NodeId& node);

  /// The first violation; empty when all holds.
  [[nodiscard]] const std::string& violation() const { return violation_; }

 private:
  void on_installed(const NodeId& node, const SnapshotResponse& response);
  void violated(const std::string& property, const std::string& what);
  void check_log_matching(const NodeId& node, Epoch epoch, std::optional<Term> previous,
                          const std::vector<Entry>& entries);
  void check_election_safety(const NodeId& node, const Core& core);
  void check_leader_completeness(const NodeId& node, const Core& core);
  void check_commit(const NodeId& node, const Core& core);
  [[nodiscard]] bool has_had(const Member& voter, EntryId id) const;
  [[nodiscard]] const Configuration& acting_at(const NodeId& node, const Core& core) const;
  void check_votes(const NodeId& node, const Core& core);
  void check_hard_state(const NodeId& node, const Core& core);

  struct Identified {
    Digest digest;
    std::optional<Term> previous_term;
  };

  struct Committed {
    EntryId id;
    Term by;  ///< of the leader that committed it
  };

  const std::map<NodeId, Disk>& disks_;
  std::string violation_;
  std::map<std::pair<Epoch, EntryId>, Identified> entries_;
  std::map<Term, NodeId> leaders_;
  std::vector<Committed> committed_;
  std::vector<Digest> applied_;
  std::map<NodeId, Index> applied_by_;
  std::map<NodeId, Term> terms_;
  std::map<std::pair<NodeId, Term>, NodeId> votes_;
  /// By voter and term, for whom it came.
  std::map<std::pair<NodeId, Term>, NodeId> votes_received_;
  /// Of nodes that have others now.
  std::map<Incarnation, Stored> lost_disks_;
  /// Where each node's log ended before the event.
  std::map<NodeId, Index> last_;
};

}  // namespace lockstep::consensus::test
