#include "lockstep/testing/simulated_runtime.hpp"

#include <algorithm>
#include <utility>

#include "runtime/simulated_world.hpp"
#include "runtime/unsupported_file_system.hpp"

namespace lockstep::testing {
namespace {

using std::chrono::nanoseconds;

std::shared_ptr<IFileSystem> or_unsupported(std::shared_ptr<IFileSystem> file_system) {
  if (file_system) return file_system;
  return std::make_shared<UnsupportedFileSystem>(
      "this simulated runtime was made without a file system");
}

MonotonicTime end_of(MonotonicTime from, nanoseconds duration) {
  return from + std::clamp(duration, nanoseconds{0}, MonotonicTime::max() - from);
}

}  // namespace

SimulatedRuntime::SimulatedRuntime(std::uint64_t seed, std::shared_ptr<IFileSystem> file_system)
    : world_(std::make_shared<SimulatedWorld>(seed, or_unsupported(std::move(file_system)))) {}

SimulatedRuntime::~SimulatedRuntime() { world_->stop(); }

std::shared_ptr<Runtime> SimulatedRuntime::runtime() const { return world_; }

std::shared_ptr<SimulatedMachine> SimulatedRuntime::make_machine(
    std::shared_ptr<IFileSystem> file_system) {
  auto state = std::make_shared<SimulatedMachine::State>();
  state->world = world_;
  state->file_system = or_unsupported(std::move(file_system));
  return std::make_shared<SimulatedMachine>(std::move(state));
}

bool SimulatedRuntime::run_one() {
  return !world_->is_running() && world_->step(MonotonicTime::max());
}

bool SimulatedRuntime::run_until_idle() { return run_for(nanoseconds{0}); }

bool SimulatedRuntime::run_for(nanoseconds duration) {
  if (world_->is_running()) return false;
  const MonotonicTime end = end_of(now(), duration);
  while (world_->step(end)) {
  }
  world_->set_time(end);
  return true;
}

bool SimulatedRuntime::run_until(const std::function<bool()>& reached, nanoseconds limit) {
  if (world_->is_running()) return false;
  const MonotonicTime end = end_of(now(), limit);
  while (!reached()) {
    if (world_->step(end)) continue;
    world_->set_time(end);
    return reached();
  }
  return true;
}

MonotonicTime SimulatedRuntime::now() const { return world_->now(); }
nanoseconds SimulatedRuntime::elapsed() const { return world_->now().time_since_epoch(); }
std::uint64_t SimulatedRuntime::tasks_run() const { return world_->tasks_run(); }
std::uint64_t SimulatedRuntime::trace_hash() const { return world_->trace_hash(); }

}  // namespace lockstep::testing
