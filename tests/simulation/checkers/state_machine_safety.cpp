#include "simulation/checkers/state_machine_safety.hpp"

namespace lockstep::sim {

void StateMachineSafety::on_life(const NodeId& node, const EngineDisk& disk) {
  const std::uint64_t commands = disk.state.commands;
  applied_[node] = commands == 0 ? Index{} : steps_[commands - 1].id.index;
}

void StateMachineSafety::on_apply(const NodeId& node, const CommittedCommand& command,
                                  const KvState& after) {
  Index& applied = applied_[node];
  if (command.id.index <= applied) {
    verdict_.violated("applied once and in order", node.str() + " applies " + text_of(command.id) +
                                                       " after " + to_string(applied));
  }
  applied = command.id.index;
  if (!facts_.nodes.at(node).had_durable(command.id)) {
    verdict_.violated("durable before it is applied",
                      node.str() + " applies " + text_of(command.id));
  }
  const std::size_t place = after.commands - 1;
  if (place == steps_.size()) steps_.push_back({command.id, after.digest});
  const bool fits = place < steps_.size() && steps_[place].id == command.id &&
                    steps_[place].digest == after.digest;
  if (!fits) {
    verdict_.violated("state machine safety", node.str() + " applies " + text_of(command.id) +
                                                  " as command " + std::to_string(place + 1));
  }
}

void StateMachineSafety::on_install(const NodeId& node, const SnapshotMetadata& metadata,
                                    const KvState& state) {
  const std::size_t place = state.commands;
  const bool fits = place <= steps_.size() &&
                    (place == 0 || (steps_[place - 1].digest == state.digest &&
                                    steps_[place - 1].id.index <= metadata.last.index)) &&
                    (place == steps_.size() || steps_[place].id.index > metadata.last.index);
  if (!fits) {
    verdict_.violated("a snapshot is the state at its index",
                      node.str() + " installs " + text_of(metadata.last));
  }
  applied_[node] = metadata.last.index;
}

}  // namespace lockstep::sim
