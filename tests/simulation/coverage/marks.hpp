#pragma once

#include <map>
#include <span>

#include "lockstep/replication_manager.hpp"
#include "simulation/checkers/facts.hpp"
#include "simulation/observe/observer.hpp"
#include "simulation/world/tally.hpp"

namespace lockstep::sim {

/// Branches of the product that are taken seldom, found by what is seen from outside: so they cost
/// the product nothing. A thousand seeds must hit each of them.
class Marks final : public Observer {
 public:
  explicit Marks(const Facts& facts) : facts_(facts) {}

  /// Of all marks, those never hit too.
  [[nodiscard]] static std::span<const char* const> names();
  [[nodiscard]] const Tally& hits() const { return hits_; }

  void on_event(const NodeId& node, const ReplicationEvent& event);

  void on_open(const NodeId& node, const WALState& state) override;
  void on_change(const NodeId& node, const LogChange& change) override;
  void on_repair(const NodeId&, const std::vector<Entry>&) override {}
  void on_answer(const NodeId&, LogAnswer) override {}
  void on_send(const NodeId& from, const NodeId& to,
               const consensus::PeerMessage& message) override;
  void on_apply(const NodeId& node, const CommittedCommand& command, const KvState& after) override;
  void on_install(const NodeId& node, const SnapshotMetadata& metadata,
                  const KvState& state) override;

 private:
  void hit(const char* mark) { ++hits_[mark]; }
  void see_transfer_end(const NodeId& node, const LogChange& change);
  void see_change(const NodeId& node, const Configuration& before, const Configuration& after);
  void see(const NodeId& from, const consensus::VoteRequest& request);
  void see(const NodeId& from, const consensus::VoteResponse& response);
  void see(const NodeId& from, const consensus::AppendEntries& append);
  void see(const NodeId& from, const consensus::AppendResponse& response);
  void see(const NodeId& from, const consensus::Heartbeat& heartbeat);
  void see(const NodeId& from, const consensus::TransferLeadership& transfer);
  void see(const NodeId& from, const consensus::ReadIndexRequest& request);
  void see(const NodeId& from, const consensus::ReadIndexResponse& response);
  void see(const NodeId& from, const consensus::RepairResponse& response);
  template <class Other>
  void see(const NodeId&, const Other&) {}

  const Facts& facts_;
  Tally hits_;
  /// Where the last refused append of each sender was refused.
  std::map<NodeId, EntryId> refused_;
  std::map<NodeId, DiskState> disks_;
  struct Transfer {
    Term term;
    /// Of its log, when it told the other to campaign.
    Index last;
  };
  /// Who hands over.
  std::map<NodeId, Transfer> transfers_;
};

}  // namespace lockstep::sim
