#pragma once

#include <vector>

#include "simulation/faults/fault.hpp"

namespace lockstep::sim {

/// Which kinds of fault a seed has, and when each of them comes.
class FaultPlan {
 public:
  explicit FaultPlan(World& world);

  /// From now on, on the world's agenda, until the faults stop.
  void begin();

  [[nodiscard]] const Tally& made() const { return made_; }
  /// Crashes and partitions.
  [[nodiscard]] std::uint64_t grave() const { return grave_; }

 private:
  void schedule_next();
  /// One for certain, later when there is nobody to do it to.
  void strike_gravely(World::Time delay);
  void strike(const std::vector<Fault>& kinds);

  World& world_;
  std::vector<Fault> kinds_;
  std::vector<Fault> grave_kinds_;
  Tally made_;
  std::uint64_t grave_ = 0;
};

}  // namespace lockstep::sim
