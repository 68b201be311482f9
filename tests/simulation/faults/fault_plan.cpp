#include "simulation/faults/fault_plan.hpp"

namespace lockstep::sim {
namespace {

using namespace std::chrono_literals;

/// Whatever else a seed has.
constexpr int kGraveOnes = 5;

}  // namespace

FaultPlan::FaultPlan(World& world) : world_(world) {
  for (const Fault& fault : all_faults()) {
    if (!world.percent(world.settings().kinds_left_out_percent)) kinds_.push_back(fault);
    if (fault.is_grave) grave_kinds_.push_back(fault);
  }
}

void FaultPlan::begin() {
  if (!kinds_.empty()) schedule_next();
  for (int i = 0; i < kGraveOnes; ++i) {
    strike_gravely(world_.between(1s, world_.settings().faults_last - 2s));
  }
}

void FaultPlan::schedule_next() {
  const auto mean =
      world_.settings().mean_between_faults / static_cast<std::int64_t>(kinds_.size());
  world_.after(world_.between(0s, 2 * mean), [this] {
    strike(kinds_);
    if (world_.faults_go_on) schedule_next();
  });
}

void FaultPlan::strike_gravely(World::Time delay) {
  world_.after(delay, [this] {
    const std::uint64_t before = grave_;
    strike(grave_kinds_);
    if (grave_ == before && world_.faults_go_on) strike_gravely(200ms);
  });
}

void FaultPlan::strike(const std::vector<Fault>& kinds) {
  if (!world_.faults_go_on) return;
  std::uint64_t weights = 0;
  for (const Fault& fault : kinds) weights += fault.weight;
  std::uint64_t drawn = world_.below(weights);
  for (const Fault& fault : kinds) {
    if (drawn >= fault.weight) {
      drawn -= fault.weight;
      continue;
    }
    if (!fault.strike(world_)) return;
    ++made_[fault.name];
    if (fault.is_grave) ++grave_;
    return;
  }
}

}  // namespace lockstep::sim
