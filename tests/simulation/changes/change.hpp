#pragma once

#include <span>

#include "simulation/world/world.hpp"

namespace lockstep::sim {

/// Something that an operator asks of a group that works, as opposed to a fault. To add one, write
/// `ask` in a file of its own, and name it in `kChanges`.
struct Change {
  /// As it is counted.
  const char* name;
  /// How often it comes, compared with others.
  std::uint64_t weight;
  /// Asks; false: there was nobody to ask.
  bool (*ask)(World&, const char* name);
};
[[nodiscard]] std::span<const Change> all_changes();

/// Counts how it ended: `name` done, or refused.
[[nodiscard]] std::function<void(Error)> counted(World& world, const char* name);

// leadership_changes.cpp
bool transfer_leadership(World& world, const char* name);
bool step_down(World& world, const char* name);
bool name_leader(World& world, const char* name);
// membership_changes.cpp
bool add_learner(World& world, const char* name);
bool promote(World& world, const char* name);
bool remove_member(World& world, const char* name);
bool readmit_stranger(World& world, const char* name);
// upheaval.cpp
bool change_members_around_a_restart(World& world, const char* name);
// log_changes.cpp
bool release_log(World& world, const char* name);

/// Asks for changes from time to time, also while faults are made.
class ChangePlan {
 public:
  explicit ChangePlan(World& world) : world_(world) {}
  /// From now on, on the world's agenda, until the faults stop.
  void begin();

 private:
  void ask_one();

  World& world_;
};

}  // namespace lockstep::sim
