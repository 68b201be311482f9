#pragma once

#include <span>

#include "simulation/world/world.hpp"

namespace lockstep::sim {

/// One kind of fault. To add one, write `strike` in a file of its own, and name it in `kFaults`.
struct Fault {
  /// As it is counted.
  const char* name;
  /// How often it comes, compared with others.
  std::uint64_t weight;
  /// Does it to somebody, and puts its end on the agenda; false: there was nobody to do it to.
  bool (*strike)(World&);
  /// A crash or a partition: every run has some of these.
  bool is_grave = false;
};
[[nodiscard]] std::span<const Fault> all_faults();

// crash_faults.cpp
bool lose_power(World& world);
bool lose_power_in_a_write(World& world);
bool kill_process(World& world);
bool stop_in_order(World& world);
// network_faults.cpp
bool reset_connection(World& world);
bool reset_connections_often(World& world);
bool cut_one_direction(World& world);
bool isolate_node(World& world);
bool isolate_leaders_in_turn(World& world);
bool partition(World& world);
bool flap(World& world);
bool delay_messages(World& world);
bool damage_frames(World& world);
// time_faults.cpp
bool pause_node(World& world);
bool jump_clock(World& world);
bool jump_wall_clock(World& world);
bool let_clock_drift(World& world);
// disk_faults.cpp
bool hang_disk(World& world);
bool slow_disk(World& world);
bool fill_disk(World& world);
bool fail_disk_call(World& world);
bool make_disk_read_only(World& world);
bool fail_read(World& world);
bool rot(World& world);
bool take_data_away(World& world);
// engine_faults.cpp
bool hold_engine(World& world);

}  // namespace lockstep::sim
