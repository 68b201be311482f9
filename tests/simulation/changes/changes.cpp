#include "simulation/changes/change.hpp"

namespace lockstep::sim {
namespace {

using namespace std::chrono_literals;

constexpr Change kChanges[] = {
    {"leadership transferred", 4, transfer_leadership},
    {"leader steps down", 2, step_down},
    {"leader named by hand", 2, name_leader},
    {"learner added", 4, add_learner},
    {"learner promoted", 6, promote},
    {"member removed", 3, remove_member},
    {"stranger readmitted", 3, readmit_stranger},
    {"log released", 5, release_log},
    {"members change around a restart", 12, change_members_around_a_restart},
};

}  // namespace

std::span<const Change> all_changes() { return kChanges; }

std::function<void(Error)> counted(World& world, const char* name) {
  return [&world, name](const Error& error) {
    if (world.traces()) {
      world.note(std::string("-- ") + name + ": " + (error ? error.message : "done"));
    }
    world.count(std::string(name) + (error ? ", refused" : ""));
  };
}

void ChangePlan::begin() {
  const auto mean = world_.settings().mean_between_changes;
  if (mean == 0ns) return;
  world_.after(world_.between(0ns, 2 * mean), [this] {
    if (!world_.faults_go_on) return;
    ask_one();
    begin();
  });
}

void ChangePlan::ask_one() {
  std::uint64_t weights = 0;
  for (const Change& change : all_changes()) weights += change.weight;
  std::uint64_t drawn = world_.below(weights);
  for (const Change& change : all_changes()) {
    if (drawn < change.weight) return (void)change.ask(world_, change.name);
    drawn -= change.weight;
  }
}

}  // namespace lockstep::sim
