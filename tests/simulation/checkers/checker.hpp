#pragma once

#include "consensus/messages.hpp"
#include "simulation/checkers/facts.hpp"
#include "simulation/checkers/verdict.hpp"
#include "simulation/engine/kv_engine.hpp"

namespace lockstep::sim {

/// One property. It is told of every step at which the property could break; `facts` are those from
/// before the step, unless said otherwise.
class Checker {
 public:
  Checker(const Facts& facts, Verdict& verdict) : facts_(facts), verdict_(verdict) {}
  virtual ~Checker() = default;
  Checker(const Checker&) = delete;
  Checker& operator=(const Checker&) = delete;

  virtual void on_open(const NodeId&, const WALState&) {}
  virtual void on_new_disk(const NodeId&) {}
  virtual void on_change(const NodeId&, const LogChange&) {}
  virtual void on_repair(const NodeId&, const std::vector<Entry>&) {}
  virtual void on_send(const NodeId& /*from*/, const NodeId& /*to*/,
                       const consensus::PeerMessage&) {}
  /// A node acts as leader of a term; the first time in that term by that node.
  virtual void on_lead(const NodeId&, Term) {}
  /// An entry is known to be committed, the first time, because this node says so; by the leader of
  /// `by`, which it may be itself.
  virtual void on_commit(const NodeId&, EntryId, Term /*by*/) {}
  virtual void on_apply(const NodeId&, const CommittedCommand&, const KvState& /*after*/) {}
  virtual void on_install(const NodeId&, const SnapshotMetadata&, const KvState&) {}
  /// A new life, with the engine as it is on its disk.
  virtual void on_life(const NodeId&, const EngineDisk&) {}
  /// A client was told that its command is committed there; with the facts of after it.
  virtual void on_acknowledged(const NodeId&, EntryId, std::uint64_t /*command*/) {}
  /// A client was told that its command is not in the log and never will be.
  virtual void on_rejected(std::uint64_t /*command*/) {}

 protected:
  const Facts& facts_;
  Verdict& verdict_;
};

}  // namespace lockstep::sim
