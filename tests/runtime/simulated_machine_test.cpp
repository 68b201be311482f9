#include "lockstep/testing/simulated_machine.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "lockstep/testing/simulated_disk.hpp"

namespace lockstep::testing {
namespace {

using namespace std::chrono_literals;

class SimulatedMachineTest : public ::testing::Test {
 protected:
  /// Posts a task that notes when it ran.
  void post(const std::shared_ptr<IExecutor>& executor) {
    executor->post([this] { ran.push_back(simulated.elapsed()); });
  }

  SimulatedRuntime simulated{1};
  std::shared_ptr<SimulatedMachine> machine = simulated.make_machine();
  std::shared_ptr<SimulatedMachine> other = simulated.make_machine();
  std::vector<std::chrono::nanoseconds> ran;
};

TEST_F(SimulatedMachineTest, APauseHoldsEverythingOfItAndNothingElse) {
  const auto strand = machine->make_strand();
  const auto worker = machine->make_worker("w");
  const auto another = other->make_strand();
  post(strand);
  machine->pause();
  post(worker);
  post(another);
  const auto timer = machine->schedule(strand, 1s, [this] { ran.push_back(simulated.elapsed()); });
  simulated.run_for(5s);
  EXPECT_EQ(ran, (std::vector<std::chrono::nanoseconds>{0s})) << "the other machine's alone";
  machine->resume();
  simulated.run_until_idle();
  EXPECT_EQ(ran, (std::vector<std::chrono::nanoseconds>{0s, 5s, 5s, 5s}));
}

TEST_F(SimulatedMachineTest, WhatAPausedMachineHasToDoOutlivesItsExecutors) {
  auto strand = machine->make_strand();
  machine->pause();
  post(strand);
  strand.reset();
  simulated.run_for(1s);
  machine->resume();
  simulated.run_until_idle();
  EXPECT_EQ(ran, (std::vector<std::chrono::nanoseconds>{1s}));
}

TEST_F(SimulatedMachineTest, WorkersOfANameAreHeldAlone) {
  const auto disk = machine->make_worker("disk");
  const auto engine = machine->make_worker("engine");
  machine->hold_workers("disk");
  const auto late = machine->make_worker("disk");
  post(disk);
  post(late);
  post(engine);
  simulated.run_for(1s);
  EXPECT_EQ(ran, (std::vector<std::chrono::nanoseconds>{0s}));
  machine->release_workers("disk");
  simulated.run_until_idle();
  EXPECT_EQ(ran, (std::vector<std::chrono::nanoseconds>{0s, 1s, 1s}));
}

TEST_F(SimulatedMachineTest, SlowWorkersTakeTheirTimeForEachTask) {
  const auto disk = machine->make_worker("disk");
  machine->slow_workers("disk", 10ms, 10ms);
  for (int i = 0; i < 3; ++i) post(disk);
  simulated.run_for(1s);
  EXPECT_EQ(ran, (std::vector<std::chrono::nanoseconds>{10ms, 20ms, 30ms}));
  machine->slow_workers("disk", 0ms, 5ms);
  for (int i = 0; i < 100; ++i) post(disk);
  simulated.run_for(1s);
  EXPECT_GT(ran.back() - 1s, 100ms);
  EXPECT_LT(ran.back() - 1s, 400ms);
  machine->slow_workers("disk", 0ms, 0ms);
  post(disk);
  simulated.run_until_idle();
  EXPECT_EQ(ran.back(), 2s);
}

TEST_F(SimulatedMachineTest, AClockThatRunsFastFiresItsTimersEarly) {
  const auto strand = machine->make_strand();
  machine->set_clock_rate(250'000);
  std::vector<MonotonicTime> read;
  const auto start = machine->now();
  const auto timer = machine->schedule(strand, 10s, [&] { read.push_back(machine->now()); });
  simulated.run_for(7999ms);
  EXPECT_TRUE(read.empty());
  simulated.run_for(2ms);
  ASSERT_EQ(read.size(), 1U);
  EXPECT_EQ(read[0] - start, 10s);
  machine->set_clock_rate(-500'000);
  const auto before = machine->now();
  simulated.run_for(10s);
  EXPECT_EQ(machine->now() - before, 5s);
  EXPECT_EQ(other->now(), simulated.now());
}

TEST_F(SimulatedMachineTest, ATimerNeverFiresBeforeItsTimeByItsOwnClock) {
  const auto strand = machine->make_strand();
  for (std::int64_t rate = -900'000; rate <= 1'000'000; rate += 37'123) {
    machine->set_clock_rate(rate);
    const auto start = machine->now();
    std::chrono::nanoseconds passed{0};
    const auto timer =
        machine->schedule(strand, 12'345'678ns, [&] { passed = machine->now() - start; });
    simulated.run_for(1s);
    EXPECT_GE(passed, 12'345'678ns) << rate;
    EXPECT_LT(passed, 12'345'700ns) << rate;
  }
}

TEST_F(SimulatedMachineTest, ClocksJump) {
  const std::int64_t wall = machine->wall_clock_ms();
  const auto now = machine->now();
  machine->jump_clock(3s);
  EXPECT_EQ(machine->now() - now, 3s);
  EXPECT_EQ(machine->wall_clock_ms() - wall, 3000);
  machine->jump_clock(-3s);
  EXPECT_EQ(machine->now() - now, 3s) << "never back";
  machine->jump_wall_clock(-10s);
  EXPECT_EQ(machine->wall_clock_ms() - wall, -7000);
  EXPECT_EQ(machine->now() - now, 3s);
}

TEST_F(SimulatedMachineTest, NothingRunsAfterThePowerIsOff) {
  const auto strand = machine->make_strand();
  auto worker = machine->make_worker("w");
  const auto held = std::make_shared<int>();
  const auto timer = machine->schedule(strand, 1ms, [this, held] { ran.emplace_back(); });
  post(strand);
  worker->post([this, held] { ran.emplace_back(); });
  machine->power_off();
  EXPECT_EQ(held.use_count(), 1) << "what was pending is let go of";
  post(strand);
  const auto later = machine->schedule(strand, 1ms, [this, held] { ran.emplace_back(); });
  worker.reset();
  simulated.run_for(1s);
  EXPECT_TRUE(ran.empty());
  EXPECT_EQ(held.use_count(), 1);
  EXPECT_TRUE(machine->is_off());
  post(other->make_strand());
  simulated.run_until_idle();
  EXPECT_EQ(ran.size(), 1U);
}

TEST_F(SimulatedMachineTest, HasADiskOfItsOwn) {
  const auto disk = std::make_shared<SimulatedDisk>();
  const auto with_disk = simulated.make_machine(disk);
  EXPECT_EQ(&with_disk->file_system(), disk.get());
  EXPECT_TRUE(machine->file_system().create_folder("x").has_error());
}

}  // namespace
}  // namespace lockstep::testing
