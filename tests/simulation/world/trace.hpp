#pragma once

#include <deque>
#include <functional>
#include <string>

#include "simulation/observe/observer.hpp"

namespace lockstep::sim {

/// A readable line for each thing that happens, given to `write`.
class Trace final : public Observer {
 public:
  using Write = std::function<void(const std::string&)>;

  explicit Trace(Write write) : write_(std::move(write)) {}

  void line(const std::string& text) { write_(text); }
  void on_open(const NodeId& node, const WALState& state) override;
  void on_change(const NodeId& node, const LogChange& change) override;
  void on_repair(const NodeId& node, const std::vector<Entry>& copies) override;
  void on_answer(const NodeId& node, LogAnswer answer) override;
  void on_send(const NodeId& from, const NodeId& to,
               const consensus::PeerMessage& message) override;
  void on_apply(const NodeId& node, const CommittedCommand& command, const KvState& after) override;
  void on_install(const NodeId& node, const SnapshotMetadata& metadata,
                  const KvState& state) override;

 private:
  const Write write_;
};

}  // namespace lockstep::sim
