#pragma once

#include "consensus/messages.hpp"
#include "lockstep/wal_source.hpp"
#include "simulation/engine/kv_engine.hpp"
#include "simulation/observe/log_copy.hpp"

namespace lockstep::sim {

enum class LogAnswer {
  kDurable,
  kRefused,  ///< for want of space, or as senseless: it has changed nothing
  kFailed,   ///< as all that follow will: nobody knows what of it is there
};

/// What can be seen of a node from outside, told in the moment in which it happens.
class Observer {
 public:
  virtual ~Observer() = default;

  /// The log was opened, at the start of a life.
  virtual void on_open(const NodeId& node, const WALState& state) = 0;
  /// A change was submitted to the log...
  virtual void on_change(const NodeId& node, const LogChange& change) = 0;
  /// Copies were submitted for what was damaged; what the log holds does not change by it.
  virtual void on_repair(const NodeId& node, const std::vector<Entry>& copies) = 0;
  /// ...and the oldest one that was not answered is answered.
  virtual void on_answer(const NodeId& node, LogAnswer answer) = 0;
  virtual void on_send(const NodeId& from, const NodeId& to,
                       const consensus::PeerMessage& message) = 0;
  virtual void on_apply(const NodeId& node, const CommittedCommand& command,
                        const KvState& after) = 0;
  virtual void on_install(const NodeId& node, const SnapshotMetadata& metadata,
                          const KvState& state) = 0;
};

}  // namespace lockstep::sim
