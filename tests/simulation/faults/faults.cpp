#include "simulation/faults/fault.hpp"

namespace lockstep::sim {
namespace {

constexpr Fault kFaults[] = {
    {"power lost", 6, lose_power, true},
    {"power lost in a write", 6, lose_power_in_a_write, true},
    {"process killed", 4, kill_process, true},
    {"stopped in order", 3, stop_in_order},
    {"connection reset", 6, reset_connection},
    {"connections reset often", 2, reset_connections_often},
    {"one direction cut", 4, cut_one_direction, true},
    {"node isolated", 4, isolate_node, true},
    {"leaders isolated in turn", 1, isolate_leaders_in_turn, true},
    {"partition", 4, partition, true},
    {"flapping link", 2, flap},
    {"messages delayed", 3, delay_messages},
    {"frames damaged", 2, damage_frames},
    {"node paused", 4, pause_node},
    {"clock jumps", 3, jump_clock},
    {"wall clock jumps", 2, jump_wall_clock},
    {"clock drifts", 3, let_clock_drift},
    {"disk hangs", 3, hang_disk},
    {"disk slow", 2, slow_disk},
    {"disk full", 3, fill_disk},
    {"disk call fails", 3, fail_disk_call},
    {"disk read-only", 2, make_disk_read_only},
    {"read fails", 2, fail_read},
    {"rot", 3, rot},
    {"folder emptied", 1, take_data_away},
    {"engine busy", 2, hold_engine},
};

}  // namespace

std::span<const Fault> all_faults() { return kFaults; }

}  // namespace lockstep::sim
