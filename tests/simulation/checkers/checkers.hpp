#pragma once

#include <memory>
#include <vector>

#include "simulation/checkers/checker.hpp"
#include "simulation/observe/observer.hpp"

namespace lockstep::sim {

/// All properties, and the facts that they are checked by. Told of every step of every node.
class Checkers final : public Observer {
 public:
  explicit Checkers(Verdict& verdict);

  void on_open(const NodeId& node, const WALState& state) override;
  void on_change(const NodeId& node, const LogChange& change) override;
  void on_repair(const NodeId& node, const std::vector<Entry>& copies) override;
  void on_answer(const NodeId& node, LogAnswer answer) override;
  void on_send(const NodeId& from, const NodeId& to,
               const consensus::PeerMessage& message) override;
  void on_apply(const NodeId& node, const CommittedCommand& command, const KvState& after) override;
  void on_install(const NodeId& node, const SnapshotMetadata& metadata,
                  const KvState& state) override;

  void on_life(const NodeId& node, const EngineDisk& disk);
  /// Its data was taken away.
  void on_new_disk(const NodeId& node);
  void on_lead(const NodeId& node, Term term);
  void on_acknowledged(const NodeId& node, EntryId id, std::uint64_t command);
  void on_rejected(std::uint64_t command);

  [[nodiscard]] const Facts& facts() const { return facts_; }

 private:
  template <class Tell>
  void tell(const Tell& what) {
    for (const auto& checker : checkers_) what(*checker);
  }
  void on_commit(const NodeId& node, Index index, Term by);
  void note_sent(const consensus::AppendEntries& append);
  void note_said(const NodeId& leader, Term term, const consensus::AppendEntries* append);

  Verdict& verdict_;
  Facts facts_;
  std::vector<std::unique_ptr<Checker>> checkers_;
};

}  // namespace lockstep::sim
