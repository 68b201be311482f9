#pragma once

#include <map>

#include "simulation/world/world.hpp"

namespace lockstep::sim {

/// Who looks after the nodes: starts again what is down, replaces what has failed, names a leader
/// when there is none and the group does not elect one itself.
class Operator {
 public:
  explicit Operator(World& world) : world_(world) {}

  /// Starts all nodes and founds the group, before any fault. False: it did not come to that.
  [[nodiscard]] bool found();
  /// From now on, on the world's agenda.
  void begin();

 private:
  void act();
  void look_after(Node& node);
  void check_health(Node& node);
  void start_later(Node& node);
  void name_leader();

  World& world_;
  /// In which life each is to be started again.
  std::map<NodeId, std::uint64_t> starting_;
};

}  // namespace lockstep::sim
