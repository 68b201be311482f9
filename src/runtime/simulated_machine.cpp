#include "lockstep/testing/simulated_machine.hpp"

#include <algorithm>
#include <utility>

#include "runtime/simulated_world.hpp"

namespace lockstep::testing {
namespace {

using std::chrono::nanoseconds;

constexpr std::int64_t kMillion = 1'000'000;
constexpr std::int64_t kSlowest = -900'000;
/// Almost thirty years: no product below overflows.
constexpr std::int64_t kLongest = 900'000'000'000'000'000;

/// `duration` on a clock that runs so much faster. Never backwards for longer durations.
nanoseconds stretched(nanoseconds duration, std::int64_t faster_per_million) {
  const std::int64_t ns = duration.count();
  const std::int64_t more =
      ns / kMillion * faster_per_million + ns % kMillion * faster_per_million / kMillion;
  return nanoseconds(ns + more);
}

/// How long the world must wait until such a clock has gone on by `duration`.
nanoseconds real_duration(nanoseconds duration, std::int64_t faster_per_million) {
  const std::int64_t rate = kMillion + faster_per_million;
  const std::int64_t ns = std::clamp<std::int64_t>(duration.count(), 0, kLongest);
  return nanoseconds(ns / rate * kMillion + (ns % rate * kMillion + rate - 1) / rate);
}

}  // namespace

MonotonicTime SimulatedMachine::State::local(MonotonicTime time) const {
  return read + stretched(time - since, faster_per_million);
}

SimulatedMachine::SimulatedMachine(std::shared_ptr<State> state) : state_(std::move(state)) {}
SimulatedMachine::~SimulatedMachine() = default;

void SimulatedMachine::pause() {
  state_->paused = true;
  state_->world->machine_changed(*state_);
}
void SimulatedMachine::resume() {
  state_->paused = false;
  state_->world->machine_changed(*state_);
}
bool SimulatedMachine::is_paused() const { return state_->paused; }

void SimulatedMachine::hold_workers(const std::string& name) {
  state_->workers[name].held = true;
  state_->world->machine_changed(*state_);
}
void SimulatedMachine::release_workers(const std::string& name) {
  state_->workers[name].held = false;
  state_->world->machine_changed(*state_);
}
void SimulatedMachine::slow_workers(const std::string& name, nanoseconds least, nanoseconds most) {
  auto& workers = state_->workers[name];
  workers.least_delay = std::max(least, nanoseconds{0});
  workers.most_delay = std::max(most, workers.least_delay);
}

void SimulatedMachine::set_clock_rate(std::int64_t faster_per_million) {
  const MonotonicTime now = state_->world->now();
  state_->read = state_->local(now);
  state_->since = now;
  state_->faster_per_million = std::clamp(faster_per_million, kSlowest, kMillion);
}
void SimulatedMachine::jump_clock(nanoseconds forward) {
  state_->read += std::max(forward, nanoseconds{0});
}
void SimulatedMachine::jump_wall_clock(std::chrono::milliseconds by) {
  state_->wall_clock_ahead_ms += by.count();
}

void SimulatedMachine::power_off() {
  state_->off = true;
  state_->world->drop_all_of(*state_);
}
bool SimulatedMachine::is_off() const { return state_->off; }

std::shared_ptr<IExecutor> SimulatedMachine::make_strand() {
  return state_->world->make_executor(state_, {});
}
std::shared_ptr<IExecutor> SimulatedMachine::make_worker(std::string name) {
  return state_->world->make_executor(state_, std::move(name));
}
std::unique_ptr<Runtime::Timer> SimulatedMachine::schedule(std::shared_ptr<IExecutor> executor,
                                                           nanoseconds delay,
                                                           std::function<void()> task) {
  return state_->world->schedule(state_, std::move(executor),
                                 real_duration(delay, state_->faster_per_million), std::move(task));
}
MonotonicTime SimulatedMachine::now() const { return state_->local(state_->world->now()); }
std::int64_t SimulatedMachine::wall_clock_ms() const {
  return SimulatedWorld::wall_clock_ms_at(now()) + state_->wall_clock_ahead_ms;
}
std::uint64_t SimulatedMachine::random() { return state_->world->random(); }
IFileSystem& SimulatedMachine::file_system() { return *state_->file_system; }

}  // namespace lockstep::testing
